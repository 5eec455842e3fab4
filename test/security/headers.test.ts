// The header crawl: whatever is answered, browsers are told the same about it (security.md FE-1, FE-2, SE-2, AS-14).
import { applyBrand } from '../../src/flows/admin/apply-brand.ts';
import { clientsOfTest, party, secrets } from '../support/clients.ts';
import { CookieJar } from '../support/cookie-jar.ts';
import { type Answer, exchange, postForm } from '../support/exchange.ts';
import { Browser } from '../support/http-browser.ts';
import { mailTo } from '../support/mails.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { letters, question, terms } from '../support/questions.ts';

let portico: RunningPortico;
const secureHost = 'id.harbour.example';
const logo = { mediaType: 'image/svg+xml', bytes: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>') };
const authorization = `Basic ${btoa(`shop:${encodeURIComponent(secrets.shop ?? '')}`)}`;
const [email, password] = ['ada@nightfall.example', 'tremolo cassette 47'];

beforeAll(async () => {
  const settings = { deviceFlow: true, dynamicRegistration: true, emailVerification: { pages: 'before' as const } };
  const birthdate = question('birthdate', {
    type: 'birth_date',
    label: undefined,
    required: true,
    fromSignIn: 2,
    minimumAge: 16,
    keep: 'age',
  });
  const common = { logo, clients: clientsOfTest, consents: [terms(1), letters], fields: [birthdate] };
  portico = await startPortico({ settings, brands: [{ ...demoBrand, ...common }] });
  const brand = { slug: 'harbour', name: 'Harbour', issuer: `https://${secureHost}`, settings, ...common };
  await applyBrand(portico.services, { ...brand, algorithms: ['ES256'] });
});
afterAll(() => portico.stop());

interface Visited {
  what: string;
  answer: Answer;
}

type Visit = (what: string, path: string, headers?: Record<string, string>) => Promise<Answer>;

/** The cookie of the account pages, by way of a living session. */
async function enteredAccount(visit: Visit, session: string): Promise<string> {
  const begun = await visit('sign-in to the account', '/account');
  const { pathname, search } = new URL(begun.headers.location ?? '');
  const code = new URL((await visit('code for the account', pathname + search, { cookie: session })).headers.location ?? '');
  const entered = await visit('account signed in', code.pathname + code.search, { cookie: cookieHeader(begun) });
  expect(entered.headers['set-cookie']?.join()).toMatch(/\.account=[\w-]+; path=\/account;/);
  return cookieHeader(entered);
}

/** Every kind of answer, from one brand; `host` picks the one on https. */
async function crawl(host?: string): Promise<Visited[]> {
  const visited: Visited[] = [];
  const own = host ? { host } : {};
  const visit = async (what: string, path: string, headers: Record<string, string> = {}, method = 'GET', body?: string) => {
    const answer = await exchange(portico.issuer + path, {
      method,
      headers: { accept: 'text/html', ...own, ...headers },
      ...(body !== undefined && { body }),
    });
    visited.push({ what: `${method} ${what}`, answer });
    return answer;
  };
  const post = (what: string, path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    visit(what, path, headers, 'POST', new URLSearchParams(fields).toString());

  const home = await visit('home', '/');
  for (const [, path] of home.body.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)) await visit(`asset ${path}`, path as string);
  const stylesheet = /href="(\/assets\/[^"]+\.css)"/.exec(home.body)?.[1] as string;
  const { headers } = await visit('compressed asset', stylesheet, { 'accept-encoding': 'br' });
  await visit('unchanged asset', stylesheet, { 'accept-encoding': 'br', 'if-none-match': String(headers.etag) });
  await visit('unknown asset', '/assets/none.css');
  await visit('unknown page', '/nowhere');
  await visit('unknown page as JSON', '/nowhere', { accept: 'application/json' });
  await visit('language switch', '/?lang=de');
  await visit('malformed address', '/%ff');
  await visit('unknown host', '/', { host: 'evil.example' });
  await visit('malformed host', '/', { host: 'a@b' });
  await visit('health', '/healthz');
  await visit('readiness', '/readyz');
  for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server', '/jwks'])
    await visit(path, path, { accept: '*/*' });
  await visit('bad authorization request', '/auth');
  await visit('authorization of an unknown client', '/auth?client_id=nobody');
  const usual = {
    client_id: 'shop',
    response_type: 'code',
    scope: 'openid',
    redirect_uri: 'https://shop.example/callback',
    code_challenge: 'a'.repeat(43),
    code_challenge_method: 'S256',
  };
  const query = (more: Record<string, string> = {}) => `/auth?${new URLSearchParams({ ...usual, ...more })}`;
  await visit('error at the app', query({ prompt: 'none' }));
  await visit('form_post', query({ prompt: 'none', response_mode: 'form_post' }));
  await post('authorization', '/auth', usual);
  const begun = await visit('authorization', query());
  const uid = begun.headers.location?.split('/').at(-1);
  const cookie = cookieHeader(begun);
  const page = await visit('sign-in page', `/interaction/${uid}`, { cookie });
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.body)?.[1] as string;
  await visit('sign-in page elsewhere', `/interaction/${uid}`);
  await visit('sign-in page of nobody', '/interaction/nobody');
  await post('forged form', `/interaction/${uid}`, { email }, { cookie });
  await post('refused sign-in', `/interaction/${uid}`, { csrf, email, password }, { cookie });
  await visit('body of another type', `/interaction/${uid}`, { cookie, 'content-type': 'text/plain' }, 'POST', 'a');
  const joining = { csrf, action: 'register', email, password };
  await post('account without what has to be agreed to', `/interaction/${uid}`, joining, { cookie });
  const joined = await post('account', `/interaction/${uid}`, { ...joining, consent_terms: 'yes', version_terms: '1' }, { cookie });
  const waiting = { cookie: `${cookie}; ${cookieHeader(joined)}` };
  const { digits, link } = (await mailTo(portico.services, email, 'confirm_registration')).params;
  await visit('page that waits for the code', `/interaction/${uid}/verify-email`, waiting);
  await post('wrong code', `/interaction/${uid}/verify-email`, { csrf, code: 'x' }, waiting);
  const opened = await visit('link', link.slice(new URL(link).origin.length));
  await visit('page of the link', `/interaction/${uid}/confirm-email`, { cookie: cookieHeader(opened) });
  await post('forged form of the link', '/confirm-email', {});
  await visit('dead link', '/confirm-email');
  const created = await post('code', `/interaction/${uid}/verify-email`, { csrf, code: digits }, waiting);
  const back = await visit('way back', new URL(created.headers.location ?? '').pathname, { cookie });
  expect(back.headers.location).toContain('code=');
  const session = cookieHeader(back);
  await visit('account of nobody', '/account');
  await visit('account that did not come about', '/account/callback?code=x&state=x');
  const atHome = { cookie: await enteredAccount(visit, session) };
  await visit('account', '/account', atHome);
  const agreements = await visit('consents', '/account/consents', atHome);
  const form = { csrf: csrfOf(agreements) };
  await post('mailing of another version', '/account/consents', { ...form, action: 'accept', document: 'letters', version: '9' }, atHome);
  await post('mailing', '/account/consents', { ...form, action: 'accept', document: 'letters', version: '1' }, atHome);
  await post('terms withdrawn', '/account/consents', { ...form, action: 'withdraw', document: 'terms', version: '1' }, atHome);
  const mailing = (await mailTo(portico.services, email, 'confirm_consent')).params.link;
  const pressed = { cookie: cookieHeader(await visit('link of a mailing', mailing.slice(new URL(mailing).origin.length))) };
  const ask = await visit('page of a mailing', '/confirm-consent', pressed);
  await post('forged form of a mailing', '/confirm-consent', {}, pressed);
  await post('mailing confirmed', '/confirm-consent', { csrf: csrfOf(ask) }, pressed);
  await visit('confirmed mailing', '/confirm-consent', pressed);
  await visit('dead link of a mailing', '/confirm-consent');
  await visit('account, signed out', '/account/signed-out');
  await stopOnTheWay({ visit, post }, query());
  await visit('sign-out', '/session/end', { cookie: session });
  await visit('sign-out of nobody', '/session/end');
  await post('sign-out without its token', '/session/end/confirm', {}, { cookie: session });
  await visit('signed out', '/session/end/success');
  await visit('device', '/device');
  await post('device without a session', '/device', { user_code: 'x' });
  const code = new URL(back.headers.location ?? '').searchParams.get('code') ?? '';
  const json = { authorization, accept: 'application/json' };
  await post('token', '/token', { grant_type: 'authorization_code', code, redirect_uri: usual.redirect_uri }, json);
  await post('token of a stranger', '/token', {}, { accept: 'application/json' });
  await post('pushed request', '/request', usual, json);
  await post('introspection', '/token/introspection', { token: 'x' }, json);
  await post('revocation', '/token/revocation', { token: 'x' }, json);
  await post('device authorization', '/device/auth', { client_id: 'shop' }, json);
  await visit('userinfo', '/userinfo', { authorization: 'Bearer x', accept: 'application/json' });
  await post('registration', '/reg', { a: 'b' }, { accept: 'application/json' });
  await visit('wrong method', '/token', { accept: 'application/json' });
  await visit('preflight', '/token', { origin: 'https://evil.example', 'access-control-request-method': 'POST' }, 'OPTIONS');
  return visited;
}

interface Hands {
  visit: Visit;
  post(what: string, path: string, fields: Record<string, string>, headers: Record<string, string>): Promise<Answer>;
}

/** Signs in anew: terms that were withdrawn, and a question, stand between the person and the app. */
async function stopOnTheWay({ visit, post }: Hands, begin: string): Promise<void> {
  const jar = new CookieJar();
  const keep = (url: URL, answer: Answer) => {
    jar.take(url, answer.headers['set-cookie'] ?? []);
    return answer;
  };
  const begun = await visit('authorization of somebody known', begin);
  let url = new URL(begun.headers.location ?? '');
  keep(url, begun);
  const sent = () => ({ cookie: jar.header(url) });
  const look = async (what: string) => csrfOf(await visit(what, url.pathname, sent()));
  const send = async (what: string, fields: Record<string, string>) => keep(url, await post(what, url.pathname, fields, sent()));
  /** Follows an accepted form to the next page; to nowhere when it leads back to the app. */
  const go = async (what: string, { headers }: Answer) => {
    url = new URL(headers.location ?? '');
    const { location = '' } = keep(url, await visit(what, url.pathname, sent())).headers;
    url = new URL(location);
  };
  let csrf = await look('sign-in page of somebody known');
  await go('way to the terms', await send('sign-in', { csrf, action: 'login', email, password }));
  csrf = await look('terms');
  await send('terms not accepted', { csrf, action: 'accept' });
  const accepted = await send('terms accepted', { csrf, action: 'accept', consent_terms: 'yes', version_terms: '1' });
  await go('way to the questions', accepted);
  csrf = await look('questions');
  const answer = { csrf, action: 'save', asked: 'birthdate' };
  await send('questions not answered', answer);
  await send('too young', { ...answer, birthdate: `${new Date().getUTCFullYear() - 3}-01-01` });
  await go('way back from the questions', await send('questions answered', { ...answer, birthdate: '1990-06-24' }));
  expect(url.searchParams.get('code')).toBeTruthy();
}

function csrfOf({ body }: Answer): string {
  return /name="csrf" value="([^"]+)"/.exec(body)?.[1] ?? '';
}

function cookieHeader({ headers }: Answer): string {
  return (headers['set-cookie'] ?? []).map((line) => line.split(';')[0]).join('; ');
}

const isAsset = ({ what, answer }: Visited) => /asset \/|compressed|unchanged/.test(what) && answer.status < 400;

describe.each([
  ['a brand on http', undefined],
  ['a brand on https', secureHost],
])('%s', (_, host) => {
  let visited: Visited[];
  beforeAll(async () => {
    visited = await crawl(host);
  });
  const faults = (isWrong: (visit: Visited) => boolean, say: (visit: Visited) => unknown = ({ answer }) => answer.status) =>
    visited.filter(isWrong).map((visit) => `${visit.what}: ${say(visit)}`);
  const header =
    (name: string) =>
    ({ answer }: Visited) =>
      String(answer.headers[name] ?? '');

  test('nothing broke on the way', () => {
    expect(visited.length).toBeGreaterThan(75);
    const shown = new Set(visited.flatMap(({ answer }) => /<main class="page-([a-z-]+)/.exec(answer.body)?.[1] ?? []));
    for (const page of ['account-consents', 'accept-terms', 'complete-account', 'under-age', 'confirm-consent'])
      expect(shown).toContain(page);
    expect(faults(({ answer }) => answer.status >= 500)).toEqual([]);
  });

  test('every answer has a policy that loads nothing, runs only our scripts and is framed by nobody', () => {
    const policy = header('content-security-policy');
    expect(faults((visit) => !/(^|; )default-src 'none'(;|$)/.test(policy(visit)), policy)).toEqual([]);
    expect(faults((visit) => !isLogo(visit) && !/(^|; )script-src 'self'( 'sha256-[^']+')?(;|$)/.test(policy(visit)), policy)).toEqual([]);
    expect(faults((visit) => !/(^|; )frame-ancestors 'none'(;|$)/.test(policy(visit)), policy)).toEqual([]);
    expect(faults((visit) => !isLogo(visit) && !/(^|; )base-uri 'none'(;|$)/.test(policy(visit)), policy)).toEqual([]);
    expect(faults((visit) => /unsafe-inline/.test(policy(visit)) && !/sandbox/.test(policy(visit)), policy)).toEqual([]);
    expect(faults((visit) => /unsafe-eval|\*(?!;)|http:\/\/(?!localhost|127)/.test(policy(visit)), policy)).toEqual([]);
  });
  const isLogo = ({ answer }: Visited) => String(answer.headers['content-type']).startsWith('image/');

  test.each([
    ['x-content-type-options', /^nosniff$/],
    ['referrer-policy', /^(no-referrer|same-origin)$/],
    ['cross-origin-opener-policy', /^same-origin$/],
    ['cross-origin-resource-policy', /^(same-origin|cross-origin)$/],
    ['x-frame-options', /^DENY$/],
    ['permissions-policy', /camera=\(\)/],
    ['x-request-id', /^[\da-f-]{36}$/],
  ])('every answer has %s', (name, value) => {
    expect(faults((visit) => !value.test(header(name)(visit)), header(name))).toEqual([]);
  });

  test('what others may read says so, and nothing else does', () => {
    const open = visited.filter(({ answer }) => answer.headers['cross-origin-resource-policy'] === 'cross-origin').map(({ what }) => what);
    expect(open).toEqual(['GET /.well-known/openid-configuration', 'GET /.well-known/oauth-authorization-server', 'GET /jwks']);
  });

  test('nothing is kept by caches but assets, those for a year, and the public documents, for five minutes', () => {
    const cached = header('cache-control');
    const isDocument = ({ what }: Visited) => /^GET \/(\.well-known\/|jwks$)/.test(what);
    expect(faults((visit) => isDocument(visit) && cached(visit) !== 'public, max-age=300', cached)).toEqual([]);
    expect(faults((visit) => !isAsset(visit) && !isDocument(visit) && !/\bno-store\b/.test(cached(visit)), cached)).toEqual([]);
    expect(faults((visit) => isAsset(visit) && cached(visit) !== 'public, max-age=31536000, immutable', cached)).toEqual([]);
  });

  test('a browser that came by https stays on https', () => {
    const transport = header('strict-transport-security');
    const expected = host ? 'max-age=31536000; includeSubDomains' : '';
    const elsewhere = /unknown host|malformed host|health|readiness/;
    expect(faults((visit) => !elsewhere.test(visit.what) && transport(visit) !== expected, transport)).toEqual([]);
  });

  test('nobody learns what we are made of', () => {
    expect(faults(({ answer }) => Boolean(answer.headers['x-powered-by'] ?? answer.headers.server))).toEqual([]);
    // Random ids spell every short word sooner or later.
    const words = (body: string) => body.replace(/[\w-]{40,}/g, '');
    expect(faults(({ answer }) => /node_modules|oidc-provider|koa|\.ts:\d+/i.test(words(answer.body)))).toEqual([]);
  });

  test('redirects have no body and are no redirects that repeat a form', () => {
    const redirects = visited.filter(({ answer }) => answer.status >= 300 && answer.status < 400 && answer.status !== 304);
    expect(redirects.length).toBeGreaterThan(4);
    expect(redirects.filter(({ answer }) => answer.body !== '').map(({ what }) => what)).toEqual([]);
    expect(redirects.filter(({ answer }) => ![302, 303].includes(answer.status)).map(({ what }) => what)).toEqual([]);
    expect(redirects.filter(({ what, answer }) => what.startsWith('POST') && answer.status !== 303).map(({ what }) => what)).toEqual([]);
  });

  test('JSON is never shown as a page', () => {
    expect(faults(({ answer }) => /^[{[]/.test(answer.body) && !String(answer.headers['content-type']).startsWith('application/'))).toEqual(
      [],
    );
    expect(
      faults(({ answer }) => /^\s*</.test(answer.body) && !/^(text\/html|image\/svg)/.test(String(answer.headers['content-type']))),
    ).toEqual([]);
  });

  test('every cookie is out of reach of scripts and other sites', () => {
    const cookies = visited
      .flatMap(({ answer }) => answer.headers['set-cookie'] ?? [])
      .filter((line) => !/expires=Thu, 01 Jan 1970/.test(line));
    const names = [...new Set(cookies.map((line) => line.split('=')[0]?.replace(/\d+\./, '')))].sort();
    const [atHost, atPath] = host ? ['__Host-', '__Secure-'] : ['', ''];
    const expected = [
      `${atHost}device`,
      `${atHost}lang`,
      ...[`${atPath}account`, `${atPath}account-sign-in`, `${atPath}link`, `${atPath}register`],
      ...[`${atPath}interaction`, `${atPath}resume`, `${atHost}session`].flatMap((name) => [name, `${name}.sig`]),
    ];
    expect(names).toEqual(expected.sort());
    for (const line of cookies) {
      expect(line).toMatch(/; httponly/i);
      expect(line).toMatch(/; samesite=lax/i);
      expect(line).not.toMatch(/; domain=/i);
      if (host) expect(line).toMatch(/; secure/i);
      else expect(line).not.toMatch(/; secure/i);
      if (line.startsWith('__Host-')) expect(line).toMatch(/; path=\/(;|$)/i);
      expect(line.length).toBeLessThan(4_096);
    }
  });
});

describe('reading from another origin', () => {
  const ask = (path: string, headers: Record<string, string>, method = 'GET') => exchange(portico.issuer + path, { method, headers });
  const allowed = ({ headers }: Answer) => headers['access-control-allow-origin'];

  test.each(['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server', '/jwks'])(
    '%s is open to every origin',
    async (path) => {
      expect(['*', 'https://app.example']).toContain(allowed(await ask(path, { origin: 'https://app.example' })));
      const preflight = await ask(path, { origin: 'https://app.example', 'access-control-request-method': 'GET' }, 'OPTIONS');
      expect(['*', 'https://app.example']).toContain(allowed(preflight));
    },
  );

  test.each(['/', '/auth', '/interaction/x', '/session/end', '/device', '/nowhere', '/healthz'])('%s is open to none', async (path) => {
    for (const origin of ['https://app.example', 'null', portico.issuer]) {
      expect(allowed(await ask(path, { origin }))).toBeUndefined();
      expect(allowed(await ask(path, { origin, 'access-control-request-method': 'POST' }, 'OPTIONS'))).toBeUndefined();
    }
  });

  test('a page of ours cannot be read with credentials', async () => {
    const answer = await ask('/.well-known/openid-configuration', { origin: 'https://app.example' });
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
  });
});

test('a page allows forms to go back to this app and to no other', async () => {
  const policyOf = async (client: 'shop' | 'phone') => {
    const browser = new Browser(portico.issuer);
    const page = await browser.get((await (await party(portico.issuer, client)).begin()).url);
    return /form-action ([^;]*)/.exec(String(page.headers['content-security-policy']))?.[1];
  };
  expect(await policyOf('shop')).toBe("'self' https:");
  expect(await policyOf('phone')).toBe("'self' https: http://127.0.0.1:*");
  expect((await postForm(`${portico.issuer}/interaction/x`, {})).status).toBe(403);
});
