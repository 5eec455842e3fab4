// The database goes away and comes back: people are told, nothing typed is lost, nothing has to be restarted.
import { clientsOfTest, party, secrets } from '../support/clients.ts';
import { type Answer, exchange, postForm } from '../support/exchange.ts';
import { Browser, type Page } from '../support/http-browser.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import type { RelyingParty, Tokens } from '../support/relying-party.ts';
import { openWire, type Wire } from '../support/tcp-proxy.ts';

let portico: RunningPortico;
let wire: Wire;
let shop: RelyingParty;
let tokens: Tokens;
let page: Page;
let cookie: string;
const [email, password] = ['ada@nightfall.example', 'tremolo cassette 47'];
const authorization = `Basic ${btoa(`shop:${encodeURIComponent(secrets.shop ?? '')}`)}`;

const grants = ['authorization_code', 'refresh_token', 'client_credentials', 'urn:ietf:params:oauth:grant-type:device_code'];
const clients = clientsOfTest.map((one) =>
  one.metadata.client_id === 'shop' ? { ...one, metadata: { ...one.metadata, grant_types: grants as never } } : one,
);

beforeAll(async () => {
  const through = async (url: string) => {
    wire = await openWire(url);
    return wire.url;
  };
  portico = await startPortico({ settings: { deviceFlow: true }, brands: [{ ...demoBrand, clients }], through });
  shop = await party(portico.issuer, 'shop');
  const browser = new Browser(portico.issuer);
  const begun = await shop.begin();
  const first = await browser.get(begun.url);
  tokens = await shop.finish((await browser.submit(first, first.form('register'), { email, password })).url, begun);
  // The addresses people and apps use all day have been used.
  for (const path of paths) await exchange(portico.issuer + path);
  await signInPage();
});
afterAll(async () => {
  await portico.stop();
  await wire.close();
});
afterEach(async () => {
  await wire.mend();
  await recovered();
});

const paths = [
  '/',
  '/auth',
  '/token',
  '/request',
  '/userinfo',
  '/session/end',
  '/device',
  '/interaction/x',
  '/jwks',
  '/assets/x.css',
  '/reg/x',
];

/** A fresh browser with the sign-in page open. */
async function signInPage(): Promise<void> {
  const browser = new Browser(portico.issuer);
  page = await browser.get((await shop.begin()).url);
  cookie = browser.cookies.header(new URL(page.url));
}

/** @returns milliseconds until the database is used again. */
async function recovered(): Promise<number> {
  const started = performance.now();
  while ((await exchange(`${portico.issuer}/readyz`)).status !== 200) await new Promise((resolve) => setTimeout(resolve, 50));
  return performance.now() - started;
}

const html = { accept: 'text/html' };
const query = {
  client_id: 'shop',
  response_type: 'code',
  scope: 'openid',
  redirect_uri: 'https://shop.example/callback',
  code_challenge: 'a'.repeat(43),
  code_challenge_method: 'S256',
};
const asking = () => `${portico.issuer}/auth?${new URLSearchParams(query)}`;

function expectUnavailable(answer: Answer, within = 1_600): void {
  expect([answer.status, answer.body.slice(0, 200)]).toEqual([503, expect.anything()]);
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  expect(answer.milliseconds).toBeLessThan(within);
  expect(answer.body).not.toMatch(/ECONN|postgres|timeout exceeded|terminated|\.ts:/i);
}

/** New connections hang, as behind a failed switch; those in use were cut. */
async function hang(): Promise<void> {
  await wire.cut();
  await wire.mend();
  wire.freeze();
}

beforeEach(signInPage);

describe('while it does not answer', () => {
  test('nobody waits long', async () => {
    await hang();
    const page503 = await exchange(page.url, { headers: { ...html, cookie } });
    expectUnavailable(page503);
    // The library looks for the client twice: once for the request and once for where to send the error.
    expectUnavailable(await exchange(asking(), { headers: html }), 2_600);
    expectUnavailable(await postForm(`${portico.issuer}/token`, { grant_type: 'refresh_token', refresh_token: 'x' }, { authorization }));
    const form = await postForm(
      page.url,
      { ...page.form('login').fields, email: 'typed@nightfall.example', password: 'what I typed 99' },
      { cookie },
    );
    expectUnavailable(form);
    expect(form.body).toContain('value="typed@nightfall.example"');
    await serves(1);
    for (let tries = 0; tries < 20; tries += 1) void exchange(asking()).catch(() => {});
    await wire.mend();
    expect(await recovered()).toBeLessThan(2_000);
  });

  test('a connection that falls silent is noticed by who asks for readiness', async () => {
    wire.freeze();
    const ready = await exchange(`${portico.issuer}/readyz`);
    expect(ready.status).toBe(503);
    expect(ready.milliseconds).toBeLessThan(1_600);
    await wire.cut();
  });
});

describe('while connections that were used all day are silent', () => {
  // As after a failover without a goodbye: nothing is refused, nothing is closed, nothing is answered.
  const warm = () => Promise.all(Array.from({ length: 20 }, () => exchange(asking())));

  test('a sign-in is answered within a few seconds and keeps the e-mail', async () => {
    await warm();
    wire.freeze();
    const fields = { ...page.form('login').fields, email: 'typed@nightfall.example', password: 'what I typed 99' };
    const posts = await Promise.all(Array.from({ length: 5 }, () => postForm(page.url, fields, { cookie, ...html })));
    for (const answer of posts) {
      expectUnavailable(answer, 5_000);
      expect(answer.body).toContain('value="typed@nightfall.example"');
      expect(answer.body).not.toContain('what I typed 99');
    }
  });

  test('in the middle of a sign-in too, and it works again when the database does', async () => {
    await warm();
    const fields = { ...page.form('login').fields, email, password };
    const posted = postForm(page.url, fields, { cookie, ...html });
    setTimeout(wire.freeze, 8);
    const answer = await posted;
    if (answer.status !== 303) expectUnavailable(answer, 9_000);
    await wire.mend();
    await recovered();
    expect((await exchange(asking())).status).toBe(303);
  });
});

test('counters that somebody holds are "try again", not a fault, and the e-mail is kept', async () => {
  const fields = { ...page.form('login').fields, email, password };
  expect((await postForm(page.url, { ...fields, password: 'not this one 99' }, { cookie })).status).toBe(422);
  const holder = await portico.db.pool.connect();
  await holder.query('begin');
  await holder.query('select key from portico.limits for update');
  const answer = await postForm(page.url, fields, { cookie, ...html });
  await holder.query('rollback');
  holder.release();
  expectUnavailable(answer, 4_000);
  expect(answer.body).toContain(`value="${email}"`);
  expect((await postForm(page.url, fields, { cookie })).status).toBe(303);
});

/** What needs no database, asked for until long after a brand is trusted without asking. */
async function serves(rounds = 3): Promise<void> {
  const stylesheet = /href="(\/assets\/[^"]+\.css)"/.exec(page.body)?.[1] ?? '';
  for (let round = 0; round < rounds; round += 1) {
    for (const path of ['/healthz', '/.well-known/openid-configuration', '/jwks', '/', stylesheet]) {
      const answer = await exchange(portico.issuer + path);
      expect([path, answer.status]).toEqual([path, 200]);
      expect(answer.milliseconds).toBeLessThan(700);
    }
    await new Promise((resolve) => setTimeout(resolve, 600));
  }
  const ready = await exchange(`${portico.issuer}/readyz`);
  expect(ready.status).toBe(503);
  expect(ready.milliseconds).toBeLessThan(1_600);
}

describe('while it refuses connections', () => {
  const away = () => wire.cut();

  test('pages say so within a second and a half, and when to come back', async () => {
    await away();
    for (const url of [asking(), page.url, `${portico.issuer}/session/end`, `${portico.issuer}/device`]) {
      const answer = await exchange(url, { headers: { ...html, cookie } });
      expectUnavailable(answer);
      expect(answer.headers['content-type']).toContain('text/html');
      expect(answer.body).toContain('We’ll be right back');
      expect(answer.body).toContain('/assets/');
    }
  });

  test.each(['login', 'register'])('the form "%s" comes back with the e-mail and without the password', async (action) => {
    await away();
    const fields = { ...page.form(action).fields, email: 'typed@nightfall.example', password: 'what I typed 99', remember: 'yes' };
    const answer = await postForm(page.url, fields, { cookie, ...html });
    expectUnavailable(answer);
    expect(answer.body).toContain('value="typed@nightfall.example"');
    expect(answer.body).not.toContain('what I typed 99');
    expect(answer.body).toContain('name="remember" value="yes"');
  });

  test('the form that came back works when the database does', async () => {
    await away();
    const answer = await postForm(page.url, { ...page.form('login').fields, email, password }, { cookie, ...html });
    await wire.mend();
    await recovered();
    const fields = Object.fromEntries(
      [...answer.body.matchAll(/name="(csrf|action|email)"[^>]*? value="([^"]*)"/g)].map(([, name, value]) => [name, value]),
    );
    const action = /<form[^>]*action="([^"]*)"/.exec(answer.body)?.[1];
    const again = await postForm(new URL(action ?? '', portico.issuer).href, { ...fields, password } as Record<string, string>, { cookie });
    expect(again.status).toBe(303);
  });

  test.each([
    ['/token', { grant_type: 'refresh_token', refresh_token: 'x' }],
    ['/token', { grant_type: 'authorization_code', code: 'x', redirect_uri: 'https://shop.example/callback' }],
    ['/token', { grant_type: 'client_credentials' }],
    ['/token/introspection', { token: 'x' }],
    ['/token/revocation', { token: 'x' }],
    ['/request', query],
    ['/device/auth', {}],
  ] as [string, Record<string, string>][])('%s answers clients in JSON', async (path, fields) => {
    await away();
    for (const accept of ['application/json', '*/*']) {
      const answer = await postForm(portico.issuer + path, fields, { authorization, accept });
      expectUnavailable(answer);
      expect(JSON.parse(answer.body)).toEqual({ error: 'temporarily_unavailable', error_description: expect.any(String) });
    }
  });

  test('userinfo answers clients in JSON, and a token is not called wrong', async () => {
    await away();
    const answer = await exchange(`${portico.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${tokens.access_token}`, accept: 'application/json' },
    });
    expectUnavailable(answer);
    expect(answer.headers['www-authenticate']).toBeUndefined();
  });

  test('what needs no database is served: alive, discovery, keys, the front page, styles', async () => {
    await away();
    await serves();
  });

  test('a host nobody has asked for yet is "try again", not "unknown"', async () => {
    await away();
    const answer = await exchange(`${portico.issuer}/`, { headers: { host: 'never.seen.example' } });
    expectUnavailable(answer);
  });

  test('a code and a refresh token outlive it', async () => {
    const browser = new Browser(portico.issuer);
    const begun = await shop.begin();
    const open = await browser.get(begun.url);
    const back = await browser.submit(open, open.form('login'), { email, password });
    await away();
    const statusOf = (failed: Promise<unknown>) =>
      failed.then(
        () => 200,
        (error: { cause: Response }) => error.cause.status,
      );
    expect(await statusOf(shop.finish(back.url, begun))).toBe(503);
    expect(await statusOf(shop.refresh(tokens.refresh_token ?? ''))).toBe(503);
    await wire.mend();
    await recovered();
    await expect(shop.finish(back.url, begun)).resolves.toMatchObject({ token_type: 'bearer' });
    tokens = await shop.refresh(tokens.refresh_token ?? '');
    expect(tokens.access_token).toBeTruthy();
  });

  test('it is used again within two seconds, without a restart', async () => {
    await away();
    for (let tries = 0; tries < 20; tries += 1) void exchange(asking()).catch(() => {});
    expectUnavailable(await exchange(asking(), { headers: html }));
    await wire.mend();
    expect(await recovered()).toBeLessThan(2_000);
    expect((await exchange(asking())).status).toBe(303);
  });
});

test('while it comes and goes people only ever see "try again"', async () => {
  const seen = new Set<number>();
  let going = true;
  const people = Array.from({ length: 8 }, async () => {
    while (going) {
      seen.add((await exchange(asking(), { headers: html })).status);
      seen.add((await postForm(`${portico.issuer}/token`, { grant_type: 'refresh_token', refresh_token: 'x' }, { authorization })).status);
    }
  });
  for (let times = 0; times < 5; times += 1) {
    await wire.cut();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await wire.mend();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  going = false;
  await Promise.all(people);
  expect([...seen].filter((status) => ![303, 400, 503].includes(status))).toEqual([]);
  expect(seen).toContain(503);
  expect(seen).toContain(303);
});
