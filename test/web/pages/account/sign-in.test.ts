// The way into "my account", and everything that must not be one.

import { createClient } from '../../../../src/flows/admin/create-client.ts';
import { disableAccount } from '../../../../src/flows/admin/disable-account.ts';
import { endSession } from '../../../../src/flows/end-session.ts';
import { register } from '../../../../src/flows/register.ts';
import * as accountAccess from '../../../../src/storage/account-access.ts';
import * as brands from '../../../../src/storage/brands.ts';
import { enterAccount } from '../../../support/account-pages.ts';
import { clientsOfTest } from '../../../support/clients.ts';
import { resetClock, shiftClock } from '../../../support/clock.ts';
import { exchange, postForm } from '../../../support/exchange.ts';
import { Browser } from '../../../support/http-browser.ts';
import { newEmail } from '../../../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../../../support/portico.ts';
import { createAccount, enter, send } from '../../../support/protocol.ts';

let portico: RunningPortico;
const elsewhere = { ip: '192.0.2.7', locale: 'en' };

beforeAll(async () => {
  portico = await startPortico({
    brands: [
      { ...demoBrand, clients: clientsOfTest },
      { slug: 'harbour', name: 'Harbour', path: '/harbour', clients: clientsOfTest },
    ],
  });
});
afterEach(() => resetClock(portico.database));
afterAll(() => portico.stop());

const brandOf = async (slug = 'nightfall') => (await brands.findBySlug(portico.db, slug))!;
interface Asked {
  path: string;
  form?: Record<string, string>;
  headers: Record<string, string>;
}

/** One request to the first brand's host, redirects not followed. */
const ask = ({ path, form, headers }: Asked) =>
  form ? postForm(portico.issuer + path, form, headers) : exchange(portico.issuer + path, { headers });
const home = () => `${portico.issuer}/account`;
const accountCookie = (browser: Browser, issuer = portico.issuer) =>
  browser.cookies
    .header(new URL(`${issuer}/account`))
    .split('; ')
    .filter((pair) => pair.includes('.account='));
const asksToSignIn = (page: { forms: { fields: Record<string, string> }[] }) => page.forms.some(({ fields }) => fields.action === 'login');

/** Where our own provider sends the browser back to, without going there. */
async function comeBack(browser: Browser, email: string): Promise<string> {
  const page = await browser.get(home());
  const signedIn = browser.submit(page, page.form('login'), { email, password: 'tremolo cassette 47' });
  return (await signedIn).trail.find((url) => url.includes('/account/callback')) as string;
}

test('a person signs in to their account and finds the page they asked for', async () => {
  const { page, email } = await enterAccount(portico, { path: '/sessions' });
  expect([page.status, page.url]).toEqual([200, `${home()}/sessions`]);
  expect(page.text).toContain('This browser');
  const overview = await enterAccount(portico);
  expect(overview.page.url).toBe(home());
  expect(overview.page.text).toContain(overview.email);
  expect(overview.page.text).not.toContain(email);
});

test('who is signed in already is not asked again', async () => {
  const { browser, email } = await enterAccount(portico);
  const path = `${portico.issuer}/account`;
  const page = await browser.get(`${path}/apps`);
  expect([page.status, page.trail.length]).toEqual([200, 1]);
  // Another browser window of the same sign-in, whose account cookie is gone: straight through.
  browser.cookies.take(new URL(path), [`${accountCookie(browser)[0]?.split('=')[0]}=; Path=/account; Max-Age=0`]);
  const again = await browser.get(path);
  expect([again.status, again.url, asksToSignIn(again)]).toEqual([200, path, false]);
  expect(again.text).toContain(email);
});

test('the request asks for a code with PKCE, state and nonce, and its cookie is for these pages alone', async () => {
  const answer = await send(home());
  const asked = new URL(answer.headers.get('location') as string);
  expect([answer.status, asked.origin + asked.pathname]).toEqual([303, `${portico.issuer}/auth`]);
  expect(Object.fromEntries(asked.searchParams)).toEqual({
    client_id: 'portico-account',
    response_type: 'code',
    redirect_uri: `${portico.issuer}/account/callback`,
    scope: 'openid',
    state: expect.stringMatching(/^[\w-]{43}$/),
    nonce: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge_method: 'S256',
  });
  const [cookie = ''] = answer.headers.getSetCookie();
  expect(cookie).toMatch(/^\d+\.account-sign-in=[\w-]+; path=\/account; expires=[^;]+; samesite=lax; httponly$/i);
});

test('no token is made for the account pages', async () => {
  const { id } = await enterAccount(portico);
  const { rows } = await portico.db.pool.query(
    "select kind, consumed_at is not null as spent from portico.oidc_tokens where account_id = $1 and client_id = 'portico-account'",
    [id],
  );
  expect(rows).toEqual([{ kind: 'AuthorizationCode', spent: true }]);
});

test('of twenty callbacks at once one is let in, and none breaks', async () => {
  const email = newEmail();
  await createAccount(portico, { email });
  const browser = new Browser(portico.issuer);
  const page = await browser.get(home());
  const uid = new URL(page.url).pathname.split('/').pop();
  const cookies = (path: string) => browser.cookies.header(new URL(portico.issuer + path));
  const { csrf } = page.form('login').fields;
  const posted = await ask({
    path: `/interaction/${uid}`,
    form: { csrf: csrf as string, action: 'login', email, password: 'tremolo cassette 47' },
    headers: { cookie: cookies(`/interaction/${uid}`) },
  });
  browser.cookies.take(new URL(portico.issuer), posted.headers['set-cookie'] ?? []);
  const resumed = await ask({ path: `/auth/${uid}`, headers: { cookie: cookies(`/auth/${uid}`) } });
  const callback = new URL(resumed.headers.location as string);
  expect(callback.pathname).toBe('/account/callback');
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => ask({ path: callback.pathname + callback.search, headers: { cookie: cookies('/account/callback') } })),
  );
  const given = answers.filter(({ headers }) => (headers['set-cookie'] ?? []).some((line) => /\.account=[\w-]{20}/.test(line)));
  expect(given).toHaveLength(1);
  expect(answers.map(({ status }) => status).sort()).toEqual([303, ...Array(19).fill(400)]);
});

test('a callback that is replayed, tampered with, denied or made up ends on a page with a way in', async () => {
  const email = newEmail();
  await createAccount(portico, { email });
  const browser = new Browser(portico.issuer);
  const callback = new URL(await comeBack(browser, email));
  const stranger = new Browser(portico.issuer);
  const fresh = async () => {
    const other = new Browser(portico.issuer);
    const page = await other.get(home());
    return { other, page };
  };
  for (const [name, value] of [
    ['state', 'x'],
    ['iss', 'https://evil.example'],
    ['code', 'made-up'],
    ['code', ''],
  ] as const) {
    const { other } = await fresh();
    const changed = new URL(callback);
    changed.searchParams.set(name, value);
    const page = await other.get(changed.href);
    expect([page.status, page.url]).toEqual([400, changed.href]);
    expect(page.link('Sign in again')).toBe(home());
    expect(accountCookie(other)).toEqual([]);
  }
  const replayed = await stranger.get(callback.href);
  expect([replayed.status, accountCookie(stranger)]).toEqual([400, []]);
  const denied = await stranger.get(`${home()}/callback?error=access_denied&state=x&iss=${encodeURIComponent(portico.issuer)}`);
  expect(denied.status).toBe(400);
  // Where the person is signed in already, a reload of it leads on.
  const reloaded = await browser.get(callback.href);
  expect([reloaded.status, reloaded.url]).toEqual([200, home()]);
});

test('the answer to another browser’s request signs nobody in', async () => {
  const email = newEmail();
  await createAccount(portico, { email });
  const attacker = new Browser(portico.issuer);
  await attacker.get(home());
  const victim = new Browser(portico.issuer);
  await victim.get(home());
  // The attacker's own code, carried into the victim's browser (login CSRF).
  const page = await attacker.get(home());
  const uid = new URL(page.url).pathname;
  const posted = await ask({
    path: uid,
    form: { csrf: page.form('login').fields.csrf as string, action: 'login', email, password: 'tremolo cassette 47' },
    headers: { cookie: attacker.cookies.header(new URL(page.url)) },
  });
  attacker.cookies.take(new URL(portico.issuer), posted.headers['set-cookie'] ?? []);
  const resume = new URL(posted.headers.location as string);
  const resumed = await ask({ path: resume.pathname, headers: { cookie: attacker.cookies.header(resume) } });
  const callback = resumed.headers.location as string;
  const injected = await victim.get(callback);
  expect([injected.status, accountCookie(victim)]).toEqual([400, []]);
  // And it has taken nothing away from the attacker's own way back.
  expect((await attacker.get(callback)).url).toBe(home());
});

test('a second tab does not take the first one’s way back away', async () => {
  const email = newEmail();
  await createAccount(portico, { email });
  const browser = new Browser(portico.issuer);
  const first = await browser.get(`${home()}/profile`);
  await browser.get(`${home()}/apps`);
  const page = await enter(browser, first, { email });
  expect(page.status).toBe(200);
  expect(page.url.startsWith(home())).toBe(true);
});

test('a cookie that was tampered with, or belongs to another brand of the host, is none', async () => {
  const { browser } = await enterAccount(portico);
  const [pair = ''] = accountCookie(browser);
  const [name, value = ''] = [pair.split('=')[0], pair.slice(pair.indexOf('=') + 1)];
  const flipped = value.slice(0, 30) + (value[30] === 'A' ? 'B' : 'A') + value.slice(31);
  const harbour = await brandOf('harbour');
  for (const [path, cookie] of [
    ['/account', `${name}=${flipped}`],
    ['/account', `${name}=`],
    ['/account', `${name}=${'a'.repeat(5_000)}`],
    ['/harbour/account', `${harbour.id}.account=${value}`],
    ['/harbour/account', pair],
  ] as const) {
    const answer = await ask({ path, headers: { cookie } });
    expect([path, answer.status]).toEqual([path, 303]);
    expect(answer.headers.location).toContain('/auth?client_id=portico-account');
  }
});

test('two brands of one host stay apart in one browser', async () => {
  const issuer = portico.issuers.harbour as string;
  const harbour = await brandOf('harbour');
  const there = newEmail('hannah');
  await register(portico.services, harbour, { email: there, password: 'tremolo cassette 47', byOperator: true });
  const { browser, email } = await enterAccount(portico);
  const page = await enter(browser, await browser.get(`${issuer}/account`), { email: there });
  expect([page.url, page.text.includes(there)]).toEqual([`${issuer}/account`, true]);
  const first = await browser.get(home());
  expect([first.url, first.text.includes(email), first.text.includes(there)]).toEqual([home(), true, false]);
  await browser.submit(first, first.form('sign_out'));
  expect(asksToSignIn(await browser.get(home()))).toBe(true);
  expect((await browser.get(`${issuer}/account`)).text).toContain(there);
});

test.each<[string, (of: { id: string; uid: string }) => Promise<unknown>]>([
  [
    'the session was ended elsewhere',
    async ({ id, uid }) => endSession(portico.services, await brandOf(), { accountId: id, sessionUid: uid, source: elsewhere }),
  ],
  ['everything was signed out', async ({ id }) => accountAccess.endAll(portico.db, (await brandOf()).id, id)],
  ['the account was disabled', async ({ id }) => disableAccount(portico.services, await brandOf(), id)],
  ['the account is gone', ({ id }) => portico.db.pool.query('delete from portico.accounts where id = $1', [id])],
])('the cookie is worth nothing once %s', async (_, end) => {
  const { browser, id } = await enterAccount(portico);
  const { rows } = await portico.db.pool.query('select uid from portico.oidc_sessions where account_id = $1', [id]);
  await end({ id, uid: rows[0].uid });
  const page = await browser.get(`${home()}/profile`);
  expect(asksToSignIn(page)).toBe(true);
});

test('the cookie ends with the session it was made in, not later', async () => {
  const { browser } = await enterAccount(portico);
  await shiftClock(portico.database, 12 * 3_600 + 60);
  expect(asksToSignIn(await browser.get(home()))).toBe(true);
});

test('what is dangerous asks who has been here for a while to sign in again, and comes back to its page', async () => {
  const { browser, email, page } = await enterAccount(portico, { path: '/data' });
  expect(page.url).toBe(`${home()}/data`);
  await shiftClock(portico.database, 301);
  expect((await browser.get(home())).url).toBe(home());
  const stale = await browser.submit(page, page.form());
  expect([asksToSignIn(stale), stale.status]).toEqual([true, 200]);
  const asked = await browser.get(`${home()}/data`);
  expect(asksToSignIn(asked)).toBe(true);
  expect(asked.trail.some((url) => url.includes('max_age=300'))).toBe(true);
  expect([asked.text, asked.form('login').fields.email]).toEqual([expect.stringContaining('To be safe, sign in once more.'), email]);
  const again = await enter(browser, asked, { email });
  expect([again.status, again.url]).toEqual([200, `${home()}/data`]);
});

test('who signs in again as somebody else is somebody else on every page', async () => {
  const { browser, email } = await enterAccount(portico);
  const other = newEmail('hedy');
  await createAccount(portico, { email: other });
  await shiftClock(portico.database, 301);
  const asked = await browser.get(`${home()}/data`);
  const switched = await enter(browser, asked, { email: other });
  const passing = switched.forms.find(({ fields }) => fields.xsrf);
  if (passing) await browser.submit(switched, passing);
  const overview = await browser.get(home());
  expect([overview.text.includes(other), overview.text.includes(email)]).toEqual([true, false]);
});

test('a form that is posted without being signed in leads to signing in, and changes nothing', async () => {
  const answer = await send(`${home()}/profile`, { form: { given_name: 'Eve' } });
  expect([answer.status, answer.headers.get('location')?.startsWith(`${portico.issuer}/auth?`)]).toEqual([303, true]);
});

test.each(['', '/profile', '/sessions', '/apps'])('a form of %s that is not ours changes nothing', async (path) => {
  const { browser, id } = await enterAccount(portico);
  const other = await enterAccount(portico);
  const cookie = browser.cookies.header(new URL(home()));
  const { csrf } = (await browser.get(home() + path)).forms[0]?.fields ?? (await browser.get(home())).form('sign_out').fields;
  const foreign = (await other.browser.get(home())).form('sign_out').fields.csrf as string;
  const form = { action: 'sign_out', given_name: 'Eve', client: 'partner' };
  const state = async () =>
    (
      await portico.db.pool.query(
        'select a.claims, s.uid from portico.accounts a join portico.oidc_sessions s on s.account_id = a.id where a.id = $1',
        [id],
      )
    ).rows;
  const before = await state();
  const origin = new URL(portico.issuer).origin;
  const attempts: [Record<string, string>, Record<string, string>][] = [
    [form, { cookie, origin }],
    [
      { ...form, csrf: foreign },
      { cookie, origin },
    ],
    [
      { ...form, csrf: `${csrf}x` },
      { cookie, origin },
    ],
    [
      { ...form, csrf: csrf as string },
      { cookie, origin: 'https://evil.example' },
    ],
    [
      { ...form, csrf: csrf as string },
      { cookie, origin, 'sec-fetch-site': 'cross-site' },
    ],
    [
      { ...form, csrf: csrf as string },
      { cookie, origin: 'null' },
    ],
  ];
  for (const [body, headers] of attempts) {
    const answer = await ask({ path: `/account${path}`, form: body, headers: { ...headers, accept: 'text/html' } });
    expect(answer.status).toBe(403);
  }
  expect(await state()).toEqual(before);
});

test('the brand’s own page leads to the account, also of a brand at a path', async () => {
  for (const issuer of Object.values(portico.issuers))
    expect((await new Browser(issuer).get(`${issuer}/`)).link('My account')).toBe(`${issuer}/account`);
});

test('the way back leads to the app’s registered home, and only for an app we know', async () => {
  const { browser } = await enterAccount(portico, { path: '?client_id=shop' });
  const page = await browser.get(home());
  expect(page.link('Back to Nightfall Shop')).toBe('https://shop.example/');
  // It is remembered on the other pages, until another app leads here.
  expect((await browser.get(`${home()}/profile`)).link('Back to Nightfall Shop')).toBe('https://shop.example/');
  expect((await browser.get(`${home()}?client_id=radio`)).link('Back to Nightfall Radio')).toBe('https://radio.example/');
  for (const query of [
    '?client_id=nobody',
    '?client_id=portico-account',
    '?client_id=radio&client_id=shop',
    '?client_id=https://evil.example/',
  ]) {
    expect((await browser.get(home() + query)).link('Back to Nightfall Radio')).toBe('https://radio.example/');
  }
});

test('signing out ends the session, forgets the browser and says so', async () => {
  const { browser, id } = await enterAccount(portico, { path: '?client_id=shop' });
  const page = await browser.get(home());
  const left = await browser.submit(page, page.form('sign_out'));
  expect([left.status, left.text.includes('You’re signed out')]).toEqual([200, true]);
  expect(left.link('Back to Nightfall Shop')).toBe('https://shop.example/');
  expect(browser.cookies.list().filter(({ name }) => /session|account/.test(name))).toEqual([]);
  const { rowCount } = await portico.db.pool.query('select 1 from portico.oidc_sessions where account_id = $1', [id]);
  expect(rowCount).toBe(0);
  expect(asksToSignIn(await browser.get(home()))).toBe(true);
});

test('the account client is found by the library and cannot be used to get tokens without its verifier', async () => {
  const email = newEmail();
  await createAccount(portico, { email });
  const callback = new URL(await comeBack(new Browser(portico.issuer), email));
  const answer = await send(`${portico.issuer}/token`, {
    form: {
      ...{ grant_type: 'authorization_code', client_id: 'portico-account', code: callback.searchParams.get('code') as string },
      ...{ redirect_uri: `${home()}/callback`, code_verifier: 'a'.repeat(43) },
    },
  });
  expect([answer.status, answer.json.error]).toEqual([400, 'invalid_grant']);
});

test('nobody else can be called like the account pages', async () => {
  const metadata = { client_id: 'portico-account', redirect_uris: ['https://evil.example/callback'] };
  await expect(createClient(portico.services, await brandOf(), { kind: 'web', metadata })).rejects.toThrow(
    'is the name of the account pages',
  );
});

test('proving oneself once more keeps a session that outlives its window, and makes no other one last', async () => {
  for (const remember of ['yes', '']) {
    const email = newEmail();
    const id = await createAccount(portico, { email });
    const browser = new Browser(portico.issuer);
    const page = await browser.get(home());
    await browser.submit(page, page.form('login'), { email, password: 'tremolo cassette 47', ...(remember && { remember }) });
    await shiftClock(portico.database, 301);
    const again = await browser.get(`${home()}/email`);
    expect(again.text).toContain('sign in once more');
    expect(/name="remember"[^>]*checked/.test(again.body)).toBe(remember === 'yes');
    const back = await browser.submit(again, again.form('login'), { password: 'tremolo cassette 47' });
    expect(back.url).toBe(`${home()}/email`);
    const { rows } = await portico.db.pool.query(
      "select payload ->> 'transient' as brief from portico.oidc_sessions where account_id = $1",
      [id],
    );
    expect(rows).toEqual([{ brief: remember ? null : 'true' }]);
    await resetClock(portico.database);
  }
});
