// Another person signs in where somebody was signed in: nothing of the first one stays (security.md SE-9).
import { clientsOfTest, party } from '../support/clients.ts';
import { Browser, type Page } from '../support/http-browser.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { createAccount, enter, obtainTokens } from '../support/protocol.ts';
import { createRelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
const subjects: Record<string, string> = {};
const ada = { email: 'ada@nightfall.example' };
const bob = { email: 'bob@nightfall.example' };
const listener = { clientId: 'listener', clientSecret: 'secret of the listener', redirectUri: 'https://listener.example/callback' };

beforeAll(async () => {
  const metadata = {
    client_id: listener.clientId,
    redirect_uris: [listener.redirectUri],
    backchannel_logout_uri: 'https://listener.example/logout',
    backchannel_logout_session_required: true,
  };
  const clients = [...clientsOfTest, { kind: 'web' as const, metadata, secret: listener.clientSecret }];
  portico = await startPortico({ brands: [{ ...demoBrand, clients }] });
  subjects.ada = await createAccount(portico, ada);
  subjects.bob = await createAccount(portico, bob);
});
afterAll(() => portico.stop());

const app = () => createRelyingParty({ issuer: portico.issuer, ...listener });

/** What the self-submitting page would do with JavaScript. */
async function carryOn(browser: Browser, page: Page): Promise<Page> {
  return page.forms.length > 0 && page.url.startsWith(portico.issuer) ? browser.submit(page, page.form()) : page;
}

const jobs = async () => {
  const { rows } = await portico.db.pool.query(
    "select payload from graphile_worker._private_jobs as job join graphile_worker._private_tasks as task on task.id = job.task_id where task.identifier = 'backchannel_logout'",
  );
  return rows.map(({ payload }) => payload as { accountId: string; sid?: string; clientId: string });
};

test('bob signs in where ada was: a session, a sid and a grant of his own, and ada’s app is told', async () => {
  const party = await app();
  const first = await obtainTokens(party, ada);
  const sidOfAda = first.tokens.claims()?.sid;
  expect(sidOfAda).toEqual(expect.any(String));
  const cookieBefore = first.browser.cookies.header(new URL(portico.issuer));

  const begun = await party.begin({ prompt: 'login' });
  const page = await first.browser.get(begun.url);
  const { url } = await carryOn(first.browser, await enter(first.browser, page, bob));
  const tokens = await party.finish(url, begun);

  expect(tokens.claims()?.sub).toBe(subjects.bob);
  expect(tokens.claims()?.sid).not.toBe(sidOfAda);
  expect(first.browser.cookies.header(new URL(portico.issuer))).not.toBe(cookieBefore);
  expect((await party.userinfo(tokens)).email).toBe(bob.email);
  await expect(party.refresh(first.tokens.refresh_token as string)).rejects.toMatchObject({ error: 'invalid_grant' });
  expect(await jobs()).toContainEqual(expect.objectContaining({ accountId: subjects.ada, clientId: 'listener', sid: sidOfAda }));
  const { rows } = await portico.db.pool.query('select account_id, count(*)::int as sessions from portico.oidc_sessions group by 1');
  expect(rows).toEqual([{ account_id: subjects.bob, sessions: 1 }]);
});

test('what ada granted elsewhere is untouched when bob signs in here', async () => {
  const party = await app();
  const elsewhere = await obtainTokens(party, ada);
  const here = await obtainTokens(party, ada);
  const page = await here.browser.get((await party.begin({ prompt: 'login' })).url);
  await carryOn(here.browser, await enter(here.browser, page, bob));
  expect((await party.refresh(elsewhere.tokens.refresh_token as string)).access_token).toBeTruthy();
});

test("bob is not given what ada granted another company's app", async () => {
  const partner = await party(portico.issuer, 'partner');
  const { browser } = await obtainTokens(partner, ada);
  const page = await browser.get((await partner.begin({ prompt: 'login' })).url);
  const asked = await carryOn(browser, await enter(browser, page, bob));
  expect(asked.form('allow')).toBeTruthy();
  expect(asked.text).toContain('b***@nightfall.example');
});

test('the old session id is dead: whoever copied the cookie is nobody', async () => {
  const party = await app();
  const { browser } = await obtainTokens(party, ada);
  const stolen = browser.cookies.header(new URL(portico.issuer));
  const page = await browser.get((await party.begin({ prompt: 'login' })).url);
  await enter(browser, page, ada);
  const thief = new Browser(portico.issuer);
  const { url } = await thief.get((await party.begin({ prompt: 'none' })).url, { headers: { cookie: stolen } });
  expect(new URL(url).searchParams.get('error')).toBe('login_required');
});

test('"not you?" on the page of a native app leads to the sign-in', async () => {
  const phone = await party(portico.issuer, 'phone', 'com.example.nightfall:/callback');
  const { browser } = await obtainTokens(await app(), ada);
  const page = await browser.get((await phone.begin()).url);
  const signIn = await browser.submit(page, page.form('switch'));
  const { url } = await carryOn(browser, await enter(browser, signIn, bob));
  expect(url).toMatch(/^com\.example\.nightfall:\/callback\?code=/);
});
