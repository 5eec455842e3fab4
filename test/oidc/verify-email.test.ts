// A brand that verifies after the account was made: no sign-in of an unproved address passes, whatever asks for it.
import { clientsOfTest, party } from '../support/clients.ts';
import { Browser, type Page } from '../support/http-browser.ts';
import { forgetMails, mailTo, waitingMails } from '../support/mails.ts';
import { newEmail } from '../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { answerIn, createAccount, enter, password, reachCallback, send } from '../support/protocol.ts';

let portico: RunningPortico;
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
const television = {
  kind: 'web' as const,
  metadata: {
    client_id: 'tv',
    client_name: 'Nightfall TV',
    grant_types: [deviceGrant as never],
    redirect_uris: [],
    token_endpoint_auth_method: 'none' as const,
  },
};

beforeAll(async () => {
  portico = await startPortico({
    settings: { emailVerification: { pages: 'after' }, deviceFlow: true },
    brands: [{ ...demoBrand, clients: [...clientsOfTest, television] }],
  });
});
afterAll(() => portico.stop());
beforeEach(async () => {
  await portico.db.pool.query('delete from portico.limits');
  await forgetMails(portico.services);
});

const shop = () => party(portico.issuer, 'shop');
const newBrowser = () => new Browser(portico.issuer);
const mailed = async (email: string) => (await mailTo(portico.services, email, 'verify_email')).params;
const isVerified = async (email: string) =>
  (await portico.db.pool.query('select email_verified from portico.accounts where email = $1', [email])).rows[0]?.email_verified;

async function joined(email = newEmail(), browser = newBrowser()) {
  const app = await shop();
  const begun = await app.begin();
  const page = await browser.get(begun.url);
  return { app, browser, begun, email, page: await browser.submit(page, page.form('register'), { email, password }) };
}

function type(browser: Browser, page: Page, code: string): Promise<Page> {
  return browser.submit(page, { ...page.form(), fields: { csrf: page.form().fields.csrf as string } }, { code });
}

test('who joins has the account at once and types the code before the app is reached', async () => {
  const { app, browser, begun, email, page } = await joined();
  expect(await isVerified(email)).toBe(false);
  expect(page.text).toContain(`We’ve sent an email to ${email}.`);
  expect((await type(browser, page, '000')).text).toContain('That isn’t the code.');
  const back = await type(browser, page, (await mailed(email)).digits);
  expect(await app.userinfo(await app.finish(back.url, begun))).toMatchObject({ email, email_verified: true });
});

test('the link confirms elsewhere, and the page carries on by its button and not before', async () => {
  const { app, browser, begun, email, page } = await joined();
  const early = await browser.submit(page, page.form('carry-on'));
  expect([early.status, early.text.includes('isn’t confirmed yet')]).toEqual([422, true]);
  const elsewhere = newBrowser();
  const asked = await elsewhere.get((await mailed(email)).link);
  expect(await isVerified(email)).toBe(false);
  expect((await elsewhere.submit(asked, asked.form())).text).toContain('Your email is confirmed');
  expect((await browser.get(page.url)).text).toContain('Your email is confirmed');
  expect((await app.finish((await browser.submit(page, page.form('carry-on'))).url, begun)).claims()?.sub).toBeTruthy();
});

test('an account that was never asked gets a code by a button, not by opening the page', async () => {
  const email = newEmail();
  await createAccount(portico, { email });
  const app = await shop();
  const browser = newBrowser();
  const begun = await app.begin();
  const page = await enter(browser, await browser.get(begun.url), { email });
  expect(page.text).toContain('Confirm your email');
  await browser.get(page.url);
  expect(await waitingMails(portico.services)).toEqual([]);
  const sent = await browser.submit(page, page.form('again'));
  const link = (await mailed(email)).link;
  expect(link).toMatch(/\/interaction\/[\w-]+\/confirm-email\?token=/);
  expect(sent.text).toContain(`We’ve sent an email to ${email}.`);
  const asked = await browser.get(link);
  const confirmed = await browser.submit(asked, asked.form());
  const back = await browser.submit(confirmed, confirmed.form('carry-on'));
  expect((await app.finish(back.url, begun)).claims()?.sub).toBeTruthy();
});

test('without a proof no press leads past the page, and a code of another account opens nothing', async () => {
  const { browser, page } = await joined();
  const other = await joined();
  const { digits } = await mailed(other.email);
  for (const fields of [{}, { code: digits }, { action: 'carry-on' }, { action: 'login' }, { action: 'allow' }, { verify_email: 'yes' }]) {
    const after = await browser.submit(
      page,
      { ...page.form(), fields: { csrf: page.form().fields.csrf as string } },
      fields as Record<string, string>,
    );
    expect([JSON.stringify(fields), after.url.includes('/callback')]).toEqual([JSON.stringify(fields), false]);
  }
});

test('prompt=none answers interaction_required until the address is proved', async () => {
  const { browser, email, page } = await joined();
  const ask = async () => answerIn((await browser.get((await (await shop()).begin({ prompt: 'none' })).url)).url);
  expect((await ask()).error).toBe('interaction_required');
  await type(browser, page, (await mailed(email)).digits);
  expect(await ask()).toHaveProperty('code');
});

test.each(['partner', 'phone'] as const)('an app of another company and a native one come after the proof (%s)', async (client) => {
  const email = newEmail();
  await createAccount(portico, { email });
  const app = await party(portico.issuer, client);
  const { begun, callback, browser } = await reachCallback(app, { email });
  expect(callback).toMatch(/\/interaction\//);
  let page = await browser.get(callback);
  page = await type(browser, await browser.submit(page, page.form('again')), (await mailed(email)).digits);
  for (const action of ['allow', 'continue'])
    if (page.forms.some(({ buttons }) => buttons.some(({ value }) => value === action)))
      page = await browser.submit(page, page.form(action));
  expect((await app.finish(page.url, begun)).claims()?.sub).toBeTruthy();
});

test('“use another account” begins the same request with another one', async () => {
  const { browser, page } = await joined();
  expect((await browser.submit(page, page.form('switch'))).text).toContain('Sign in or join');
});

test('a code for an address that was changed since proves nothing', async () => {
  const { browser, email, page } = await joined();
  await portico.db.pool.query("update portico.accounts set email = 'moved-' || email where email = $1", [email]);
  const { digits } = await mailed(email);
  expect((await type(browser, page, digits)).text).toContain('That code has run out');
  expect(await isVerified(`moved-${email}`)).toBe(false);
});

test('twenty presses with the right code at once all go on, and none breaks', async () => {
  const { browser, email, page } = await joined();
  const { digits } = await mailed(email);
  const pages = await Promise.all(Array.from({ length: 20 }, () => type(browser, page, digits)));
  expect(pages.filter(({ status }) => status >= 500)).toEqual([]);
  expect(pages.filter(({ url }) => url.includes('/callback?code=')).length).toBeGreaterThan(0);
  expect(await isVerified(email)).toBe(true);
  expect(portico.logs.filter((line) => line.includes('"level":"error"'))).toEqual([]);
});

test('a known address still says so, and its password signs in', async () => {
  const first = await joined();
  await type(first.browser, first.page, (await mailed(first.email)).digits);
  expect((await joined(first.email)).page.url).toContain('/callback?code=');
});

test('a television waits for the proof too, and there is no other account to turn to', async () => {
  const email = newEmail();
  await createAccount(portico, { email });
  const started = (await send(`${portico.issuer}/device/auth`, { form: { client_id: 'tv', scope: 'openid' } })).json;
  const poll = () =>
    send(`${portico.issuer}/token`, { form: { grant_type: deviceGrant, device_code: String(started.device_code), client_id: 'tv' } });
  const browser = newBrowser();
  const asked = await browser.get(`${portico.issuer}/device`);
  const confirm = await browser.submit(asked, asked.form(), { user_code: String(started.user_code) });
  const page = await enter(browser, await browser.submit(confirm, confirm.form('confirm')), { email });
  expect(page.text).toContain('Confirm your email');
  expect(page.text).not.toContain('Use another account');
  expect((await poll()).json.error).toBe('authorization_pending');
  const sent = await browser.submit(page, page.form('again'));
  const done = await type(browser, sent, (await mailed(email)).digits);
  expect(done.text).toContain('Your device is connected');
  expect((await poll()).status).toBe(200);
});
