// A day at full volume: whatever opens a door is in no line of the log and in no row of the database, in whatever spelling (security.md DC-1, DC-2, DC-3).

import { callbacks, clientsOfTest, party, secrets } from '../support/clients.ts';
import type { Answer } from '../support/exchange.ts';
import { exchange, postForm } from '../support/exchange.ts';
import { dump } from '../support/fingerprint.ts';
import { Browser, type Page } from '../support/http-browser.ts';
import { mailTo } from '../support/mails.ts';
import { type RunningPortico, startPortico } from '../support/portico.ts';
import { letters, question, terms } from '../support/questions.ts';

/** What nobody may find, by what it is. */
const canaries = new Map<string, string>();
const said: string[] = [];
let portico: RunningPortico;
/** Rows as they stood at several moments, also in the middle of things. */
const dumps: string[] = [];

const password = 'canary-password tremolo 47';
const wrong = 'canary-wrong-password 99';
const email = 'canary.person@nightfall.example';

function keep(what: string, value: string | undefined): string {
  if (!value || value.length < 8) throw new Error(`no ${what}`);
  canaries.set(`${what} ${canaries.size}`, value);
  return value;
}

/** Every cookie and every token of a form that came by. */
class WatchedBrowser extends Browser {
  override async get(...args: Parameters<Browser['get']>): Promise<Page> {
    return this.#watch(await super.get(...args));
  }
  override async submit(...args: Parameters<Browser['submit']>): Promise<Page> {
    return this.#watch(await super.submit(...args));
  }
  #watch(page: Page): Page {
    for (const path of ['/', new URL(page.trail.find((url) => url.includes('/interaction/')) ?? portico.issuer).pathname]) {
      for (const pair of this.cookies.header(new URL(path, portico.issuer)).split('; ').filter(Boolean)) {
        const [name = '', value = ''] = pair.split('=');
        if (!name.endsWith('.lang')) keep(`cookie ${name}`, value);
      }
    }
    for (const { fields } of page.forms) for (const name of ['csrf', 'xsrf']) if (fields[name]) keep(name, fields[name]);
    const uid = /\/interaction\/([\w-]+)/.exec(page.trail.join(' '))?.[1];
    if (uid) keep('interaction', uid);
    const code = URL.parse(page.url)?.searchParams.get('code');
    if (code) keep('code', code);
    return page;
  }
}

const console_ = { ...console };
beforeAll(async () => {
  for (const name of ['log', 'info', 'warn', 'error', 'debug'] as const)
    console[name] = (...words: unknown[]) => void said.push(words.join(' '));
  const grant = 'urn:ietf:params:oauth:grant-type:device_code';
  const tv = {
    client_id: 'tv',
    redirect_uris: [],
    grant_types: [grant, 'refresh_token'] as never,
    token_endpoint_auth_method: 'none' as const,
  };
  const heard = { backchannel_logout_uri: 'http://localhost:1/logout', backchannel_logout_session_required: true };
  const clients = clientsOfTest.map((one) =>
    one.metadata.client_id === 'shop' ? { ...one, metadata: { ...one.metadata, ...heard } } : one,
  );
  portico = await startPortico({
    settings: { deviceFlow: true, dynamicRegistration: true },
    brands: [
      { slug: 'nightfall', name: 'Nightfall', clients: [...clients, { kind: 'web', metadata: tv }] },
      {
        ...{ slug: 'meadow', name: 'Meadow', path: '/meadow', clients },
        consents: [terms(1), letters],
        fields: [question('club', { ask: 'registration', required: true }), question('size', { required: true })],
      },
    ],
    env: { LOG_LEVEL: 'trace' },
  });
  for (const [name, secret] of Object.entries(secrets)) keep(`secret of ${name}`, secret);
  keep('password', password);
  keep('wrong password', wrong);
});
afterAll(async () => {
  Object.assign(console, console_);
  await portico.stop();
});

const snapshot = async () => dumps.push(...(await dump(portico)));
const basic = (id: string) => `Basic ${btoa(`${id}:${encodeURIComponent(secrets[id] ?? '')}`)}`;
const json = ({ body }: Answer) => JSON.parse(body) as Record<string, string>;

function keepTokens(tokens: object): void {
  for (const name of ['access_token', 'refresh_token', 'id_token'] as const) {
    const value = (tokens as Record<string, unknown>)[name];
    if (typeof value === 'string') keep(name, value);
  }
}

async function signIn(id: 'shop' | 'partner' | 'radio', action: 'login' | 'register', parameters: Record<string, string> = {}) {
  const app = await party(portico.issuer, id);
  const browser = new WatchedBrowser(portico.issuer);
  const begun = await app.begin(parameters);
  for (const name of ['verifier', 'state', 'nonce'] as const) if (name !== 'nonce') keep(name, begun[name]);
  const page = await browser.get(begun.url);
  await snapshot();
  await browser.submit(page, page.form('login'), { email, password: wrong });
  const next = await browser.submit(page, page.form(action), { email, password, remember: 'yes' });
  return { app, browser, begun, next };
}

test('a web app: create an account, exchange, refresh, ask, revoke, sign out', async () => {
  const { app, browser, begun, next } = await signIn('shop', 'register', { login_hint: email });
  await snapshot();
  const tokens = await app.finish(next.url, begun);
  keepTokens(tokens);
  const refreshed = await app.refresh(tokens.refresh_token ?? '');
  keepTokens(refreshed);
  await app.userinfo(refreshed);
  await app.introspect(refreshed.access_token);
  await snapshot();
  await app.revoke(refreshed.access_token);
  const asked = await browser.get(app.endSessionUrl(refreshed, 'https://shop.example/', 'a-state-of-the-app'));
  await snapshot();
  await browser.submit(asked, asked.form('logout'));
  await snapshot();
});

test("another company's app: grant access, in the middle and to the end; then form_post", async () => {
  const { app, browser, begun, next } = await signIn('partner', 'login');
  await snapshot();
  const back = await browser.submit(next, next.form('allow'));
  keepTokens(await app.finish(back.url, begun));
  const silent = await app.begin({ prompt: 'none', response_mode: 'form_post' });
  const posted = await browser.get(silent.url);
  keep('code', /name="code" value="([^"]+)"/.exec(posted.body)?.[1]);
  await snapshot();
});

test('pushed requests, machines, devices and registered clients', async () => {
  const pushed = json(
    await postForm(
      `${portico.issuer}/request`,
      {
        client_id: 'shop',
        response_type: 'code',
        scope: 'openid',
        redirect_uri: callbacks.shop,
        state: keep('state', 'canary-state-of-pushed'),
        code_challenge: 'a'.repeat(43),
        code_challenge_method: 'S256',
        login_hint: email,
      },
      { authorization: basic('shop') },
    ),
  );
  expect(pushed).toEqual({ request_uri: expect.any(String), expires_in: expect.any(Number) });
  keep('request_uri', pushed.request_uri?.split(':').at(-1));
  await snapshot();
  await new WatchedBrowser(portico.issuer).get(
    `${portico.issuer}/auth?${new URLSearchParams({ client_id: 'shop', request_uri: pushed.request_uri ?? '' })}`,
  );
  await snapshot();

  const device = json(await postForm(`${portico.issuer}/device/auth`, { client_id: 'tv', scope: 'openid' }));
  keep('device code', device.device_code);
  keep('user code', device.user_code);
  canaries.set('user code, bare', (device.user_code ?? '').replace('-', ''));
  await snapshot();
  const browser = new WatchedBrowser(portico.issuer);
  const entry = await browser.get(`${portico.issuer}/device`);
  const confirm = await browser.submit(entry, entry.form(), { user_code: device.user_code ?? '' });
  await snapshot();
  const login = await browser.submit(confirm, confirm.form('confirm'));
  const done = await browser.submit(login, login.form('login'), { email, password });
  await snapshot();
  expect(done.status).toBe(200);
  const polled = json(
    await postForm(`${portico.issuer}/token`, {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: device.device_code ?? '',
      client_id: 'tv',
    }),
  );
  keepTokens(polled);

  const registered = json(
    await exchange(`${portico.issuer}/reg`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: ['https://new.example/cb'], id_token_signed_response_alg: 'ES256' }),
    }),
  );
  keep('registered secret', registered.client_secret);
  keep('registration token', registered.registration_access_token);
  await exchange(`${portico.issuer}/reg/${registered.client_id}`, {
    headers: { authorization: `Bearer ${registered.registration_access_token}` },
  });
  await snapshot();
});

/** A page that stands between a person and their app, with what they say there. */
async function answerAll(browser: WatchedBrowser, page: Page): Promise<Page> {
  const asked = await browser.submit(page, page.form('accept'), { consent_terms: 'yes' });
  await snapshot();
  await browser.submit(asked, asked.form('save'), { size: '' });
  return browser.submit(asked, asked.form('save'), { size: 'canary-answer large' });
}

test('a brand that asks: boxes, answers, the link of a mailing, and everything taken back', async () => {
  const issuer = portico.issuers.meadow as string;
  const app = await party(issuer, 'shop');
  const browser = new WatchedBrowser(portico.issuer);
  const begun = await app.begin();
  const page = await browser.get(begun.url);
  const typed = { email, password, consent_letters: 'yes', club: 'canary-answer night owls' };
  await browser.submit(page, page.form('register'), typed);
  const asked = await browser.submit(page, page.form('register'), { ...typed, consent_terms: 'yes' });
  await snapshot();
  const back = await browser.submit(asked, asked.form('save'), { size: 'canary-answer small' });
  keepTokens(await app.finish(back.url, begun));

  const { link } = (await mailTo(portico.services, email, 'confirm_consent')).params;
  const token = new URL(link).searchParams.get('token') as string;
  for (const part of [token, token.slice(0, 22), token.slice(22)]) keep('token of a mailing', part);
  const elsewhere = new WatchedBrowser(portico.issuer);
  const opened = await elsewhere.get(link);
  await snapshot();
  const confirmed = await elsewhere.submit(opened, opened.form());
  expect([confirmed.url, confirmed.status]).toEqual([`${issuer}/confirm-consent`, 200]);
  await exchange(`${issuer}/interaction/canary-uid/confirm-consent?token=${token}`);
  await exchange(`${issuer}/confirm-email?token=${token}`);

  const mine = await browser.get(`${issuer}/account/consents`);
  await browser.submit(mine, mine.form('withdraw'));
  const profile = await browser.get(`${issuer}/account/profile`);
  await browser.submit(profile, profile.form(), {
    given_name: 'canary-answer given',
    club: 'canary-answer other',
    size: 'x'.repeat(3_000),
  });
  await browser.submit(profile, profile.form(), { given_name: 'canary-answer given', club: 'canary-answer other' });
  await snapshot();
  await portico.db.pool.query(`update portico.accounts set consents = '{"lines": 0, "head": null, "current": {}}', answers = '{}'`);
  await portico.db.pool.query('delete from portico.consents');

  // And every layer breaks, with the answers in its hands.
  const again = await app.begin();
  const stopped = await browser.get(again.url);
  for (const table of ['consents', 'accounts', 'audit_events']) {
    await portico.db.pool.query(`alter table portico.${table} rename to gone_for_a_moment`);
    try {
      const broken = await browser.submit(stopped, stopped.form('accept'), { consent_terms: 'yes', club: 'canary-answer lost' });
      expect(broken.status).toBe(500);
      await browser.submit(mine, mine.form('withdraw'));
      await browser.submit(profile, profile.form(), { club: 'canary-answer lost', size: '' });
      await exchange(`${issuer}/confirm-consent`, { headers: { cookie: elsewhere.cookies.header(new URL(`${issuer}/confirm-consent`)) } });
    } finally {
      await portico.db.pool.query(`alter table portico.gone_for_a_moment rename to ${table}`);
    }
  }
  const home = await answerAll(browser, stopped);
  keepTokens(await app.finish(home.url, again));
  await snapshot();
});

test('what goes wrong: guesses, forged and malformed requests, faults of ours', async () => {
  const guess = (text: string) => keep('guess', `canary-guess-${text}`);
  const { issuer } = portico;
  await postForm(
    `${issuer}/token`,
    { grant_type: 'authorization_code', code: guess('code'), redirect_uri: callbacks.shop },
    { authorization: basic('shop') },
  );
  await postForm(
    `${issuer}/token`,
    { grant_type: 'refresh_token', refresh_token: guess('refresh') },
    { authorization: `Basic ${btoa(`shop:${guess('secret')}`)}` },
  );
  await postForm(`${issuer}/token`, { grant_type: guess('grant'), client_id: guess('client'), client_secret: guess('secret') });
  await postForm(`${issuer}/token`, `code=${guess('broken')}%00%ff`, { authorization: basic('shop') });
  await exchange(`${issuer}/userinfo`, { headers: { authorization: `Bearer ${guess('bearer')}` } });
  await exchange(`${issuer}/auth?client_id=shop&id_token_hint=${guess('hint')}&login_hint=${email}&request=${guess('object')}`);
  await exchange(`${issuer}/${guess('path')}/${email}?token=${guess('query')}`);
  await exchange(`${issuer}/interaction/${guess('uid')}`, {
    method: 'POST',
    body: `csrf=${guess('csrf')}&password=${guess('password')}&email=${email}`,
  });
  await exchange(`${issuer}/${guess('nul')}?a=%00`, {
    headers: {
      cookie: `1.session=${guess('session')}`,
      'user-agent': guess('agent'),
      referer: `https://x.example/?code=${guess('referer')}`,
    },
  });
  await exchange(`${issuer}/`, { headers: { host: `${guess('host')}.example` } });
  await exchange(`${issuer}/`, { headers: { 'x-request-id': guess('request-id'), traceparent: guess('trace') } });

  // Tables that are suddenly missing: every layer breaks, with the person's words in its hands.
  const { app, browser, begun } = await signIn('radio', 'login');
  const page = await new WatchedBrowser(issuer).get((await app.begin({ prompt: 'login' })).url);
  const rename = (from: string, to: string) => portico.db.pool.query(`alter table portico.${from} rename to ${to}`);
  for (const table of ['limits', 'identifiers', 'passwords', 'oidc_tokens', 'oidc_sessions', 'clients', 'accounts']) {
    await rename(table, 'gone_for_a_moment');
    try {
      for (const action of ['login', 'register'])
        await postForm(page.url, { ...page.form(action).fields, email, password }, { cookie: browser.cookies.header(new URL(page.url)) });
      await browser.get(begun.url);
      await postForm(
        `${issuer}/token`,
        { grant_type: 'refresh_token', refresh_token: guess(`late ${table}`) },
        { authorization: basic('shop') },
      );
      await exchange(`${issuer}/userinfo`, { headers: { authorization: `Bearer ${guess(`late bearer ${table}`)}` } });
    } finally {
      await rename('gone_for_a_moment', table);
    }
  }
  expect(portico.logs.some((line) => line.includes('"level":"error"'))).toBe(true);
});

test('a line break, a colour and an endless name in what a stranger sends', async () => {
  const nasty = '%0d%0a%7b%22level%22:%22fatal%22%7d%1b%5b31m%e2%80%a8';
  const before = portico.logs.length;
  for (const path of [`/${nasty}`, `/auth?client_id=${nasty}`, `/interaction/${nasty}`, `/assets/${nasty}.css`, `/reg/${nasty}`])
    await exchange(portico.issuer + path);
  await exchange(`${portico.issuer}/`, { headers: { 'user-agent': 'a\u001b[31m'.replace('\u001b', '\t'), 'x-forwarded-for': 'x\tfatal' } });
  await exchange(`${portico.issuer}/${'a/'.repeat(2_000)}`);
  // The line of the last request is written when its connection closes.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const lines = portico.logs.slice(before);
  expect(lines.every((line) => line.length < 1_000)).toBe(true);
  for (const foreign of ['fatal', '\u001b', '\u2028']) expect(lines.join('')).not.toContain(foreign);
});

test('the log is one JSON object a line, with nothing but what is allowed', () => {
  expect(portico.logs.length).toBeGreaterThan(80);
  for (const line of portico.logs) {
    expect(line.endsWith('\n') && line.indexOf('\n') === line.length - 1).toBe(true);
    const { level, time, ...fields } = JSON.parse(line);
    expect([typeof level, typeof time]).toEqual(['string', 'string']);
    const names = ['requestId', 'brand', 'method', 'route', 'status', 'milliseconds', 'aborted', 'err', 'msg', 'event', 'count'];
    expect(Object.keys(fields).filter((name) => !names.includes(name))).toEqual([]);
  }
});

/** Each canary as it is, encoded for addresses, in base64 and in hexadecimal. */
function spellings(value: string): string[] {
  const bytes = Buffer.from(value);
  return [
    value,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    bytes.toString('hex'),
    inner(bytes, 'base64'),
    inner(bytes, 'base64url'),
  ];
}

/** Without the last characters, which depend on what follows. */
function inner(bytes: Buffer, encoding: 'base64' | 'base64url'): string {
  return bytes.toString(encoding).replace(/=+$/, '').slice(0, -2);
}

function found(text: string): string[] {
  return [...canaries].filter(([, value]) => spellings(value).some((spelling) => text.includes(spelling))).map(([what]) => what);
}

test('no password, token, code, cookie, secret or address is in the log, at any level', () => {
  expect(canaries.size).toBeGreaterThan(60);
  expect(found(portico.logs.join(''))).toEqual([]);
  expect(portico.logs.join('')).not.toMatch(/canary|nightfall\.example|Basic |Bearer |portico\.\w+ /);
});

test('nor in anything else the process says', () => {
  expect(found(said.join('\n'))).toEqual([]);
  expect(said.join('\n')).not.toMatch(/canary|nightfall\.example/);
});

test('none of what opens a door is in the database, also not in the middle of things', () => {
  expect(dumps.length).toBeGreaterThan(100);
  // A dump writes bytea in hexadecimal; text inside of it would show as the hexadecimal of its letters.
  expect(found(dumps.join('\n'))).toEqual([]);
});

test('the search finds what is there', async () => {
  expect(found(`{"a":"${Buffer.from(`x ${password}`).toString('hex')}"}`)).toHaveLength(1);
  expect(found(`${Buffer.from(wrong).toString('base64')}`)).toHaveLength(1);
  // The job that tells the app of the sign-out was among the rows.
  expect(dumps.some((line) => line.startsWith('graphile_worker.') && line.includes('shop'))).toBe(true);
  // What may stand does: the address of the account and the answers, as the person wrote them.
  const rows = dumps.join('\n');
  const answers = ['night owls', 'small', 'large'].map((words) => `canary-answer ${words}`);
  for (const words of [email, ...answers]) expect([words, rows.includes(words)]).toEqual([words, true]);
});
