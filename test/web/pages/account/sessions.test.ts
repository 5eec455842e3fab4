import { enterAccount } from '../../../support/account-pages.ts';
import { callbacks, clientsOfTest, party, secrets } from '../../../support/clients.ts';
import { postForm } from '../../../support/exchange.ts';
import { Browser } from '../../../support/http-browser.ts';
import { newEmail } from '../../../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../../../support/portico.ts';
import { basic, createAccount, obtainTokens, send } from '../../../support/protocol.ts';

let portico: RunningPortico;
beforeAll(async () => {
  const listening = clientsOfTest.map((client) => ({
    ...client,
    metadata: { ...client.metadata, ...(client.kind === 'web' && { backchannel_logout_uri: 'https://shop.example/logout' }) },
  }));
  portico = await startPortico({ brands: [{ ...demoBrand, clients: listening }] });
});
afterAll(() => portico.stop());

const page = () => `${portico.issuer}/account/sessions`;

/** A person who is signed in at the shop in another browser and in the app on their phone. */
async function scattered() {
  const email = newEmail();
  const id = await createAccount(portico, { email });
  const shop = await obtainTokens(await party(portico.issuer, 'shop'), { email });
  const phone = await obtainTokens(await party(portico.issuer, 'phone'), { email });
  const here = await enterAccount(portico, { id, email, path: '/sessions' });
  return { ...here, shop, phone };
}

const refresh = (token: unknown, clientId: 'shop' | 'phone') =>
  send(`${portico.issuer}/token`, {
    form: { grant_type: 'refresh_token', refresh_token: String(token), ...(clientId === 'phone' && { client_id: 'phone' }) },
    headers: clientId === 'shop' ? basic('shop', secrets.shop as string) : {},
  }).then(({ status }) => status);

async function logoutJobs(id: string): Promise<string[]> {
  const { rows } = await portico.db.pool.query(
    `select payload ->> 'clientId' as client from graphile_worker._private_jobs as job
    join graphile_worker._private_tasks as task on task.id = job.task_id
    where task.identifier = 'backchannel_logout' and payload ->> 'accountId' = $1`,
    [id],
  );
  return rows.map(({ client }) => client).sort();
}

test('every place is listed, this browser first, in words and with what it is used for', async () => {
  const { page: listed } = await scattered();
  const titles = [...listed.body.matchAll(/<h2>([^<]+)/g)].map(([, title]) => title?.trim());
  expect(titles[0]).toBe('Unknown device');
  expect(listed.body).toMatch(/<h2>Unknown device <span class="mark">This browser<\/span>/);
  // The browser of the shop, the one the phone’s app opened, and the app itself.
  expect(titles).toEqual(['Unknown device', 'Unknown device', 'Unknown device', 'Nightfall on your phone']);
  expect(listed.text).toContain('Used for Nightfall Shop');
  expect(listed.text).toContain('Network 127.0.0.*');
  expect(listed.text).toContain('Last used just now');
  expect(listed.text).not.toContain('portico-account');
});

test('a browser is recognised by its name and its network, and keeps what it was when it says nothing new', async () => {
  const email = newEmail();
  await createAccount(portico, { email });
  const userAgent = 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Version/19.0 Mobile/15E148 Safari/604.1';
  const browser = new Browser(portico.issuer);
  const shown = await browser.get(page(), { headers: { 'user-agent': userAgent } });
  const form = shown.form('login');
  const body = new URLSearchParams({ ...form.fields, email, password: 'tremolo cassette 47' });
  // Like the browser above, with the header that it leaves out.
  let url = new URL(form.action, portico.issuer);
  let answer = await postForm(url.href, body.toString(), { 'user-agent': userAgent, cookie: browser.cookies.header(url) });
  while (answer.headers.location) {
    browser.cookies.take(url, answer.headers['set-cookie'] ?? []);
    url = new URL(answer.headers.location);
    answer = {
      ...(await fetch(url, { redirect: 'manual', headers: { 'user-agent': userAgent, cookie: browser.cookies.header(url) } }).then(
        async (got) => ({
          status: got.status,
          body: await got.text(),
          headers: { location: got.headers.get('location') ?? undefined, 'set-cookie': got.headers.getSetCookie() },
        }),
      )),
      milliseconds: 0,
    };
  }
  expect(answer.body).toContain('Safari on iPhone');
});

test('signing out another place ends it and what hangs on it, tells its apps once, and leaves this one alone', async () => {
  const { id, browser, page: listed, shop, phone } = await scattered();
  const other = await portico.db.pool.query(
    `select uid from portico.oidc_sessions where account_id = $1 and payload -> 'authorizations' ? 'shop'`,
    [id],
  );
  const after = await browser.submit(listed, listed.forms[0]!, { session: other.rows[0].uid });
  expect(after.url).toBe(`${page()}?done=session`);
  expect(after.text).toContain('That place is signed out.');
  expect(await refresh(shop.tokens.refresh_token, 'shop')).toBe(400);
  expect(await refresh(phone.tokens.refresh_token, 'phone')).toBe(200);
  expect(await logoutJobs(id)).toEqual(['shop']);
  expect((await shop.browser.get(page())).forms.some(({ fields }) => fields.action === 'login')).toBe(true);
});

test('twenty presses end one session once', async () => {
  const { id, browser, page: listed } = await scattered();
  const other = await portico.db.pool.query(
    `select uid from portico.oidc_sessions where account_id = $1 and payload -> 'authorizations' ? 'shop'`,
    [id],
  );
  const fields = { csrf: listed.forms[0]?.fields.csrf as string, session: other.rows[0].uid };
  const headers = { cookie: browser.cookies.header(new URL(page())), origin: new URL(portico.issuer).origin };
  const answers = await Promise.all(Array.from({ length: 20 }, () => postForm(page(), fields, headers)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303]));
  expect(await logoutJobs(id)).toEqual(['shop']);
  const audited = await portico.db.pool.query(
    "select details from portico.audit_events where account_id = $1 and event = 'sessions_ended'",
    [id],
  );
  expect(audited.rows).toEqual([{ details: { which: 'one' } }]);
});

test('signing out the app on the phone ends its tokens, and nothing else', async () => {
  const { browser, page: listed, shop, phone } = await scattered();
  const after = await browser.submit(listed, listed.form('app'));
  expect(after.text).toContain('That app is signed out.');
  expect(after.body).not.toContain('<h2>Nightfall on your phone');
  expect(await refresh(phone.tokens.refresh_token, 'phone')).toBe(400);
  expect(await refresh(shop.tokens.refresh_token, 'shop')).toBe(200);
});

test('"everywhere else" keeps this browser only', async () => {
  const { id, browser, page: listed, shop, phone } = await scattered();
  const after = await browser.submit(listed, listed.form('others'));
  expect(after.text).toContain('You’re signed out everywhere but here.');
  expect([...after.body.matchAll(/<h2>/g)]).toHaveLength(1);
  expect([await refresh(shop.tokens.refresh_token, 'shop'), await refresh(phone.tokens.refresh_token, 'phone')]).toEqual([400, 400]);
  expect(await logoutJobs(id)).toEqual(['phone', 'shop']);
  expect((await browser.get(`${portico.issuer}/account`)).url).toBe(`${portico.issuer}/account`);
});

test('"everywhere" ends on a page that says so', async () => {
  const { id, browser, page: listed, shop, phone } = await scattered();
  const after = await browser.submit(listed, listed.form('everything'));
  expect([after.url, after.text.includes('You’re signed out')]).toEqual([`${portico.issuer}/account/signed-out`, true]);
  expect([await refresh(shop.tokens.refresh_token, 'shop'), await refresh(phone.tokens.refresh_token, 'phone')]).toEqual([400, 400]);
  const { rowCount } = await portico.db.pool.query('select 1 from portico.oidc_sessions where account_id = $1', [id]);
  expect(rowCount).toBe(0);
});

test('signing out this very browser here is the same as signing out', async () => {
  const { browser, page: listed } = await scattered();
  const after = await browser.submit(listed, listed.form('session'));
  expect(after.url).toBe(`${portico.issuer}/account/signed-out`);
});

test('another account’s places cannot be seen or ended', async () => {
  const victim = await scattered();
  const thief = await enterAccount(portico, { path: '/sessions' });
  expect(thief.page.text).not.toContain('Nightfall Shop');
  const state = async () =>
    (
      await portico.db.pool.query(
        'select (select count(*) from portico.oidc_sessions where account_id = $1) as sessions, (select count(*) from portico.oidc_grants where account_id = $1) as grants',
        [victim.id],
      )
    ).rows;
  const before = await state();
  const sessions = await portico.db.pool.query('select uid from portico.oidc_sessions where account_id = $1', [victim.id]);
  const grants = await portico.db.pool.query('select id from portico.oidc_grants where account_id = $1', [victim.id]);
  for (const { uid } of sessions.rows) await thief.browser.submit(thief.page, thief.page.forms[0]!, { session: uid });
  for (const { id } of grants.rows) await thief.browser.submit(thief.page, thief.page.forms[0]!, { app: id });
  for (const client of Object.keys(callbacks)) {
    const apps = await thief.browser.get(`${portico.issuer}/account/apps`);
    const { csrf } = thief.page.forms[0]?.fields ?? {};
    await postForm(apps.url, { csrf: csrf as string, client }, { cookie: thief.browser.cookies.header(new URL(apps.url)) });
  }
  expect(await state()).toEqual(before);
  expect(await logoutJobs(victim.id)).toEqual([]);
});
