// Recovery tells nobody who has an account, and after it nothing from before opens anything (security.md PW-11 to PW-16).
import { register } from '../../src/flows/register.ts';
import * as brands from '../../src/storage/brands.ts';
import { sql } from '../../src/storage/database.ts';
import { clientsOfTest, party } from '../support/clients.ts';
import { type Answer, exchange, postForm } from '../support/exchange.ts';
import { Browser, type Page } from '../support/http-browser.ts';
import { forgetMails, mailTo, waitingMails } from '../support/mails.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { obtainTokens, password, reachCallback } from '../support/protocol.ts';
import type { RelyingParty } from '../support/relying-party.ts';

const chosen = 'violet kettle on a roof 9';
let portico: RunningPortico;
let shop: RelyingParty;
let phone: RelyingParty;

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }], env: { TRUSTED_PROXIES: '127.0.0.1,::1' } });
  [shop, phone] = await Promise.all([party(portico.issuer, 'shop'), party(portico.issuer, 'phone')]);
});
afterEach(async () => {
  await forgetMails(portico.services);
  // Every test asks from the same address.
  await portico.db.pool.query('delete from portico.limits');
});
afterAll(() => portico.stop());

let count = 0;

/** Addresses of one length, so that pages can be compared byte by byte. */
function newEmail(): string {
  count += 1;
  return `person-${String(count).padStart(4, '0')}@nightfall.example`;
}

async function customer(email = newEmail()): Promise<{ email: string; id: string }> {
  const brand = await brands.findBySlug(portico.db, 'nightfall');
  return { email, id: (await register(portico.services, brand!, { email, password, byOperator: true })).account.id };
}

interface Opened {
  browser: Browser;
  page: Page;
  cookie: string;
}

/** A fresh browser at a step of a sign-in. */
async function opened(step = ''): Promise<Opened> {
  const browser = new Browser(portico.issuer);
  const signIn = await browser.get((await shop.begin()).url);
  const page = step ? await browser.get(`${signIn.url}/${step}`) : signIn;
  return { browser, page, cookie: browser.cookies.header(new URL(page.url)) };
}

async function mailedToken(email: string): Promise<string> {
  const { link } = (await mailTo(portico.services, email, 'reset_password')).params;
  return new URL(link).searchParams.get('token') ?? '';
}

/** Asks for a new password and sets it by the link, each in a browser of its own. */
async function recover(email: string): Promise<Page> {
  const { browser, page } = await opened('forgot-password');
  await browser.submit(page, page.form('ask'), { email });
  return setByLink(await mailedToken(email));
}

async function setByLink(token: string, typed = chosen): Promise<Page> {
  const browser = new Browser(portico.issuer);
  const page = await browser.get(`${portico.issuer}/reset-password?token=${token}`);
  return browser.submit(page, page.form(), { password: typed });
}

/** What a stranger sees of an answer: of cookies their names, attributes and lengths. */
function seenOf({ status, headers, body }: Answer, email: string) {
  const { date: _date, 'x-request-id': _id, 'set-cookie': cookies = [], ...rest } = headers;
  const masked = cookies.map((cookie) =>
    cookie.replace(/=([^;]*)/, (_, value: string) => `=${value.length}`).replace(/expires=[^;]*/i, 'expires'),
  );
  const clean = (text: string) =>
    text
      .replaceAll(email, ':email')
      .replace(/interaction\/[\w-]+/g, 'interaction/:uid')
      .replace(/name="csrf" value="[^"]*"/g, 'csrf');
  return { status, cookies: masked.map(clean), headers: JSON.parse(clean(JSON.stringify(rest))), body: clean(body) };
}

async function people(): Promise<Record<string, string>> {
  const known = await customer();
  const disabled = await customer();
  await portico.db.run(sql`update portico.accounts set disabled_at = now() where id = ${disabled.id}::uuid`);
  const social = await customer();
  await portico.db.run(sql`delete from portico.passwords where account_id = ${social.id}::uuid`);
  await portico.db.run(sql`
    insert into portico.federated_identities (brand_id, slice, account_id, issuer, subject, provider_name)
    select brand_id, slice, id, 'https://google.example', 'x', 'Google' from portico.accounts where id = ${social.id}::uuid`);
  const flooded = await customer();
  return { known: known.email, nobody: newEmail(), disabled: disabled.email, social: social.email, flooded: flooded.email };
}

let networks = 0;
const address = () => `198.51.100.${(networks++ % 250) + 1}`;

/** The answer to a form, what the server did for it, and the page it leads to. */
async function outcome({ browser, page, cookie }: Opened, fields: Record<string, string>, email: string) {
  portico.statements.length = 0;
  const before = portico.services.hasher.count;
  const url = new URL(page.form().action, page.url).href;
  const answer = await postForm(url, fields, { cookie, accept: 'text/html', 'x-forwarded-for': address() });
  const statements = [...portico.statements];
  const hashes = portico.services.hasher.count - before;
  browser.cookies.take(new URL(url), answer.headers['set-cookie'] ?? []);
  const next = new URL(String(answer.headers.location), url).href;
  const after = await exchange(next, { headers: { cookie: browser.cookies.header(new URL(next)), accept: 'text/html' } });
  return { answer: seenOf(answer, email), statements, hashes, page: seenOf(after, email) };
}

test('asking for a new password: one answer, the same work and one page for everybody', async () => {
  const who = await people();
  const ask = async (email: string) => {
    const at = await opened('forgot-password');
    return outcome(at, { ...at.page.form('ask').fields, email }, email);
  };
  for (let mails = 0; mails < 3; mails += 1) await ask(who.flooded as string);
  await ask(who.known as string);
  const expected = await ask(who.known as string);
  expect([expected.answer.status, expected.page.status, expected.hashes]).toEqual([303, 200, 0]);
  expect(expected.answer.cookies).toHaveLength(1);
  expect(expected.page.body).toContain('If there’s an account for :email');
  for (const name of ['nobody', 'disabled', 'social', 'flooded'])
    expect({ name, ...(await ask(who[name] as string)) }).toEqual({ name, ...expected });
  expect((await waitingMails(portico.services)).filter(({ to }) => to === null)).toHaveLength(3);
});

test('asking for a link that lets in: one answer, the same work and one page for everybody', async () => {
  const who = await people();
  const ask = async (email: string) => {
    const at = await opened();
    return outcome(at, { ...at.page.form('login').fields, unlock: 'yes', email }, email);
  };
  for (let mails = 0; mails < 3; mails += 1) await ask(who.flooded as string);
  await ask(who.known as string);
  const expected = await ask(who.known as string);
  expect([expected.answer.status, expected.page.status, expected.hashes]).toEqual([303, 200, 0]);
  for (const name of ['nobody', 'disabled', 'flooded'])
    expect({ name, ...(await ask(who[name] as string)) }).toEqual({ name, ...expected });
});

test('a wrong code gets one answer, whosever it is, also when the owner has set a new password elsewhere meanwhile', async () => {
  const who = await people();
  const asked: Record<string, Opened> = {};
  for (const name of ['known', 'nobody', 'disabled']) {
    const { browser, page } = await opened('forgot-password');
    const sent = await browser.submit(page, page.form('ask'), { email: who[name] as string });
    asked[name] = { browser, page: sent, cookie: browser.cookies.header(new URL(sent.url)) };
  }
  const guess = async (name: string) => {
    const { browser, page } = asked[name] as Opened;
    const { status, headers, body } = await browser.submit(page, page.form('reset'), { code: '000000', password: chosen });
    return seenOf({ status, headers, body, milliseconds: 0 }, who[name] as string);
  };
  const [known, nobody, disabled] = [await guess('known'), await guess('nobody'), await guess('disabled')];
  expect([nobody, disabled]).toEqual([known, known]);
  await setByLink(await mailedToken(who.known as string));
  for (let tries = 0; tries < 5; tries += 1) expect(await guess('known')).toEqual(await guess('nobody'));
  const { browser, page } = asked.known as Opened;
  expect((await browser.get(page.url)).text).toContain('Check your email');
});

test('after a reset no session, token, code or sign-in on its way from before gives anything', async () => {
  const { email, id } = await customer();
  const session = await obtainTokens(shop, { email, remember: true });
  const native = await obtainTokens(phone, { email, parameters: { scope: 'openid offline_access', prompt: 'consent' } });
  const waiting = await reachCallback(shop, { email });
  // A sign-in whose page was answered, and whose browser has not gone on yet.
  const half = await opened();
  const begun = await shop.begin();
  half.page = await half.browser.get(begun.url);
  const cookie = half.browser.cookies.header(new URL(half.page.url));
  const answered = await postForm(half.page.url, { ...half.page.form('login').fields, email, password }, { cookie });
  expect(answered.status).toBe(303);

  await portico.db.pool.query('delete from graphile_worker._private_jobs');
  await recover(email);

  await expect(shop.userinfo(session.tokens)).rejects.toThrow();
  expect(await shop.introspect(session.tokens.access_token)).toMatchObject({ active: false });
  await expect(shop.refresh(session.tokens.refresh_token ?? '')).rejects.toMatchObject({ error: 'invalid_grant' });
  expect(native.tokens.refresh_token).toBeDefined();
  await expect(phone.refresh(native.tokens.refresh_token ?? '')).rejects.toMatchObject({ error: 'invalid_grant' });
  await expect(phone.userinfo(native.tokens)).rejects.toThrow();
  await expect(shop.finish(waiting.callback, waiting.begun)).rejects.toMatchObject({ error: 'invalid_grant' });
  expect((await session.browser.get((await shop.begin()).url)).text).toContain('Sign in or join');
  const left = await portico.db.row<{ rows: number }>(sql`
    select (select count(*) from portico.oidc_sessions where account_id = ${id}::uuid)::int
      + (select count(*) from portico.oidc_grants where account_id = ${id}::uuid)::int
      + (select count(*) from portico.oidc_tokens where account_id = ${id}::uuid)::int as rows`);
  expect(left?.rows).toBe(0);
  const resumed = await half.browser.get(String(answered.headers.location));
  expect(resumed.url).not.toContain('code=');
  expect(resumed.text).toContain('Sign in or join');

  const { rows } = await portico.db.pool.query<{ clientId: string }>(`
    select distinct payload ->> 'clientId' as "clientId" from graphile_worker._private_jobs j
    join graphile_worker._private_tasks t on t.id = j.task_id where t.identifier = 'backchannel_logout' order by 1`);
  expect(rows.map(({ clientId }) => clientId)).toEqual(['phone', 'shop']);
});

test('refreshes at the moment of the reset leave nothing that works', async () => {
  for (let round = 0; round < 5; round += 1) {
    const { email } = await customer();
    const { tokens } = await obtainTokens(phone, { email, parameters: { scope: 'openid offline_access', prompt: 'consent' } });
    const { browser, page } = await opened('forgot-password');
    await browser.submit(page, page.form('ask'), { email });
    const token = await mailedToken(email);
    const reset = setByLink(token);
    const obtained = [tokens];
    let over = false;
    const refreshing = (async () => {
      while (!over) {
        const next = await phone.refresh(obtained.at(-1)?.refresh_token ?? '').catch(() => undefined);
        if (!next) return;
        obtained.push(next);
      }
    })();
    expect((await reset).text).toContain('Your password is changed');
    over = true;
    await refreshing;
    for (const each of obtained) {
      await expect(phone.userinfo(each)).rejects.toThrow();
      await expect(phone.refresh(each.refresh_token ?? '')).rejects.toMatchObject({ error: 'invalid_grant' });
    }
  }
}, 60_000);

test('sign-ins with the old password at the moment of the reset end in no tokens', async () => {
  const { email } = await customer();
  const { browser, page } = await opened('forgot-password');
  await browser.submit(page, page.form('ask'), { email });
  const token = await mailedToken(email);
  const tabs = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const begun = await shop.begin();
      const browser = new Browser(portico.issuer);
      return { begun, browser, page: await browser.get(begun.url) };
    }),
  );
  const entering = tabs.map(({ browser, page }) => browser.submit(page, page.form('login'), { email, password }));
  const [reset, ...back] = await Promise.all([setByLink(token), ...entering]);
  expect(reset?.text).toContain('Your password is changed');
  for (const [index, { url }] of back.entries()) {
    const { begun, browser } = tabs[index] as (typeof tabs)[number];
    if (url.includes('code=')) await expect(shop.finish(url, begun)).rejects.toMatchObject({ error: 'invalid_grant' });
    expect((await browser.get((await shop.begin()).url)).text).toContain('Sign in or join');
  }
});

test('of twenty uses at once, typed and by link, one sets its password; the others are told that it is over', async () => {
  const { email } = await customer();
  const { browser, page } = await opened('forgot-password');
  const sent = await browser.submit(page, page.form('ask'), { email });
  const cookie = browser.cookies.header(new URL(sent.url));
  const { digits } = (await mailTo(portico.services, email, 'reset_password')).params;
  const token = await mailedToken(email);
  const phone = new Browser(portico.issuer);
  const link = await phone.get(`${portico.issuer}/reset-password?token=${token}`);
  const owned = phone.cookies.header(new URL(link.url));
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      index % 2
        ? postForm(link.url, { ...link.form().fields, password: `${chosen} ${index}` }, { cookie: owned, accept: 'text/html' })
        : postForm(
            sent.url,
            { ...sent.form('reset').fields, code: digits, password: `${chosen} ${index}` },
            { cookie, accept: 'text/html' },
          ),
    ),
  );
  const winners = answers.flatMap(({ status }, index) => (status === 303 ? [index] : []));
  expect(winners).toHaveLength(1);
  for (const [index, { status }] of answers.entries())
    if (status !== 303) expect([index % 2, status]).toEqual([index % 2, index % 2 ? 410 : 422]);
  expect((await waitingMails(portico.services)).filter(({ name }) => name === 'password_changed')).toHaveLength(1);
  const signedIn = await opened();
  const typed = { email, password: `${chosen} ${winners[0]}` };
  expect((await signedIn.browser.submit(signedIn.page, signedIn.page.form('login'), typed)).url).toContain('code=');
});

test('used, foreign and tampered links all get the same page, and nothing else', async () => {
  const { email } = await customer();
  const { browser, page } = await opened('forgot-password');
  await browser.submit(page, page.form('ask'), { email });
  const token = await mailedToken(email);
  const flipped = [...token].map((character, index) => `${token.slice(0, index)}${character === 'A' ? 'B' : 'A'}${token.slice(index + 1)}`);
  const pages = await Promise.all(
    [...flipped, 'none', '', '%00', '../../x', 'x'.repeat(5_000)].map(async (tried) => {
      const { status, body } = await new Browser(portico.issuer).get(`${portico.issuer}/reset-password?token=${tried}`);
      return { status, body };
    }),
  );
  await setByLink(token);
  const used = await new Browser(portico.issuer).get(`${portico.issuer}/reset-password?token=${token}`);
  const bare = await new Browser(portico.issuer).get(`${portico.issuer}/reset-password`);
  // What to do next depends on the address that was opened, never on whose link it is.
  const [foreign, made] = await Promise.all(
    [token, 'none'].map((tried) => new Browser(portico.issuer).get(`${portico.issuer}/unlock?token=${tried}`)),
  );
  const expected = { status: 410, body: used.body };
  expect(used.status).toBe(410);
  for (const { status, body } of [...pages.slice(0, -3), bare]) expect({ status, body }).toEqual(expected);
  expect([foreign?.status, foreign?.body]).toEqual([410, made?.body]);
  for (const { status } of pages) expect([400, 410]).toContain(status);
});

test.each(['a;Domain=.example', 'a;Path=', '%3B', 'x'.repeat(500)])(
  'a link under a sign-in that cannot be (%.20s) is not found',
  async (uid) => {
    const { status, headers } = await exchange(`${portico.issuer}/interaction/${uid}/reset-password?token=abc`);
    expect([status, headers['set-cookie']]).toEqual([404, undefined]);
  },
);

test('a form from elsewhere, without its token or with another page’s, changes nothing', async () => {
  const { email } = await customer();
  const { browser, page, cookie } = await opened('forgot-password');
  await browser.submit(page, page.form('ask'), { email });
  const token = await mailedToken(email);
  const victim = new Browser(portico.issuer);
  const link = await victim.get(`${portico.issuer}/reset-password?token=${token}`);
  const own = victim.cookies.header(new URL(link.url));
  const { csrf = '' } = link.form().fields;
  const fields = { csrf, password: chosen };
  const evil = [
    postForm(link.url, { password: chosen }, { cookie: own }),
    postForm(link.url, { ...fields, csrf: page.form('ask').fields.csrf ?? '' }, { cookie: own }),
    postForm(link.url, fields, { cookie: own, 'sec-fetch-site': 'cross-site' }),
    postForm(link.url, fields, { cookie: own, origin: 'https://evil.example' }),
    postForm(link.url, fields),
    postForm(page.url, { action: 'ask', email }, { cookie }),
    postForm(page.url, { ...page.form('ask').fields, email }, { cookie, origin: 'https://evil.example' }),
  ];
  expect(new Set((await Promise.all(evil)).map(({ status }) => status))).toEqual(new Set([403]));
  expect(
    (
      await exchange(`${portico.issuer}/reset-password?token=${token}&csrf=${csrf}&password=${encodeURIComponent(chosen)}`, {
        headers: { cookie: own },
      })
    ).status,
  ).toBe(303);
  await expect(obtainTokens(shop, { email })).resolves.toBeDefined();
});

const lies = [
  { 'x-forwarded-host': 'evil.example' },
  { forwarded: 'host=evil.example;proto=https' },
  { 'x-forwarded-proto': 'javascript', 'x-forwarded-prefix': '/evil' },
  { referer: 'https://evil.example/', 'x-original-url': '/evil', 'x-rewrite-url': '/evil' },
];

test.each(lies)('a request that says %j mails a link of the issuer', async (headers) => {
  const { email } = await customer();
  for (const step of ['forgot-password', '']) {
    const { page, cookie } = await opened(step);
    const { fields } = page.form(step ? 'ask' : 'login');
    const url = new URL(page.form().action, page.url).href;
    expect((await postForm(url, { ...fields, email, ...(step ? {} : { unlock: 'yes' }) }, { cookie, ...headers })).status).toBe(303);
  }
  const mails = (await waitingMails(portico.services)).filter(({ to }) => to === email);
  expect(mails).toHaveLength(2);
  for (const { params } of mails) expect((params as { link: string }).link.startsWith(`${portico.issuer}/interaction/`)).toBe(true);
});

test('token, code and address stand in no log, no address and no page but their own', async () => {
  const { email } = await customer();
  const { browser, page } = await opened('forgot-password');
  const sent = await browser.submit(page, page.form('ask'), { email });
  const { digits, link } = (await mailTo(portico.services, email, 'reset_password')).params;
  const token = new URL(link).searchParams.get('token') ?? '';
  const opening = await browser.get(link);
  const done = await browser.submit(opening, opening.form(), { password: chosen });
  const trail = [...page.trail, ...sent.trail, ...opening.trail.slice(1), ...done.trail].join('\n');
  for (const canary of [token, digits, email, encodeURIComponent(email), chosen]) {
    expect(trail).not.toContain(canary);
    expect(portico.logs.join('\n')).not.toContain(canary);
  }
  for (const { body } of [sent, opening, done]) for (const canary of [token, digits, chosen]) expect(body).not.toContain(canary);
  const audit = await portico.db.rows<{ row: string }>(sql`select e::text as row from portico.audit_events e`);
  for (const canary of [token, digits, email, chosen]) expect(audit.map(({ row }) => row).join('\n')).not.toContain(canary);
});
