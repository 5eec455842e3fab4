// "Grant access" shows exactly what a press of "Allow" gives, and gives it to nobody but the person it asked.
import { clientsOfTest, party } from '../support/clients.ts';
import { Browser, type Page } from '../support/http-browser.ts';
import { enter, newEmail, passThrough, password } from '../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { setClientDisabled } from '../support/protocol.ts';
import { createRelyingParty, type RelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
let partner: RelyingParty;
let shop: RelyingParty;
let collector: RelyingParty;

const orders = 'https://api.nightfall.example/orders';
const tickets = 'https://tickets.nightfall.example';
const redirectUri = 'https://collector.example/callback';

beforeAll(async () => {
  const metadata = {
    client_id: 'collector',
    client_name: 'Collector',
    redirect_uris: [redirectUri],
    first_party: false,
    resource_scopes: ['read', 'write'],
  };
  const clients = [...clientsOfTest, { kind: 'web' as const, metadata, secret: 'the secret of the collector' }];
  const settings = { resources: { [orders]: ['read', 'write'], [tickets]: ['read'] } };
  portico = await startPortico({ brands: [{ ...demoBrand, clients }], settings });
  [partner, shop] = await Promise.all([party(portico.issuer, 'partner'), party(portico.issuer, 'shop')]);
  collector = await createRelyingParty({
    issuer: portico.issuer,
    clientId: 'collector',
    clientSecret: 'the secret of the collector',
    redirectUri,
  });
});
afterAll(() => portico.stop());

async function signedIn(email = newEmail()): Promise<Browser> {
  const browser = new Browser(portico.issuer);
  await enter(browser, shop, 'register', { email });
  return browser;
}

const items = (page: Page) =>
  [...page.body.matchAll(/<li>([\s\S]*?)<\/li>/g)].map(([, item = '']) => item.replaceAll(/[\u2068\u2069]/g, ''));
const asked = async (browser: Browser, app: RelyingParty, parameters: Record<string, string>) =>
  items(await browser.get((await app.begin(parameters)).url));

test('claims asked for by name are shown like those of a scope, and the same ones are given', async () => {
  const browser = await signedIn();
  const claims = JSON.stringify({ userinfo: { email: null, phone_number: null, name: { essential: true } } });
  const begun = await partner.begin({ scope: 'openid', claims });
  const page = await browser.get(begun.url);
  expect(items(page)).toEqual(['recognise you when you come back', 'see your name', 'see your email address', 'see your phone number']);
  const back = await browser.submit(page, page.form('allow'));
  await expect(partner.userinfo(await partner.finish(back.url, begun))).resolves.toHaveProperty('email');
  const { rows } = await portico.db.pool.query(
    "select payload->'openid'->>'claims' as claims from portico.oidc_grants where client_id = 'partner'",
  );
  expect(JSON.parse(rows[0].claims).sort()).toEqual(['email', 'name', 'phone_number']);
});

test('each claim has a sentence, in German as well, and what a scope shows already is not said twice', async () => {
  const browser = await signedIn();
  const names = ['given_name', 'family_name', 'nickname', 'birthdate', 'gender', 'picture', 'website', 'zoneinfo', 'address', 'updated_at'];
  const claims = JSON.stringify({ id_token: Object.fromEntries([...names, 'email_verified'].map((name) => [name, null])) });
  expect(await asked(browser, partner, { scope: 'openid email', claims })).toEqual([
    'recognise you when you come back',
    'see your email address',
    'see your name',
    'see your picture',
    'see your website and profile page',
    'see your date of birth',
    'see your gender',
    'see your language and time zone',
    'see your postal address',
    'see when your details last changed',
  ]);
  const german = await asked(browser, partner, { scope: 'openid', claims, ui_locales: 'de' });
  expect(german).toContain('dein Geburtsdatum sehen');
  expect(await asked(browser, partner, { scope: 'openid profile', claims: '{"userinfo":{"birthdate":null}}' })).toEqual([
    'recognise you when you come back',
    'see your name and other profile details',
  ]);
});

test('what an app may do at an API is named with the API', async () => {
  const browser = await signedIn();
  const begun = await collector.begin({ scope: 'openid read write', resource: orders });
  const url = new URL(begun.url);
  url.searchParams.append('resource', tickets);
  const page = await browser.get(url.href);
  expect(items(page)).toEqual([
    'recognise you when you come back',
    'use “read” at api.nightfall.example/orders',
    'use “write” at api.nightfall.example/orders',
    'use “read” at tickets.nightfall.example',
  ]);
});

test('only what is new is asked for; asked again without anything new, the page says what was allowed', async () => {
  const browser = await signedIn();
  const page = await browser.get((await partner.begin()).url);
  await browser.submit(page, page.form('allow'));
  expect(await asked(browser, partner, { scope: 'openid email phone' })).toEqual(['see your phone number']);
  const again = await browser.get((await partner.begin({ prompt: 'consent' })).url);
  expect(again.text).toContain('You’ve allowed this before:');
  expect(items(again)).toEqual(['recognise you when you come back', 'see your email address']);
});

/** The sign-in page's answer, with the button pressed that a browser with JavaScript presses by itself. */
async function switchTo(browser: Browser, page: Page, email: string): Promise<Page> {
  const between = await browser.submit(page, page.form('login'), { email, password });
  return between.status === 0 ? between : browser.submit(between, between.form());
}

const grants = async () =>
  (await portico.db.pool.query('select account_id, client_id, payload from portico.oidc_grants order by 1, 2')).rows;

for (const action of ['allow', 'deny', 'switch']) {
  test(`a page drawn for one account gives nothing once another is signed in ("${action}")`, async () => {
    const [ada, bob] = [newEmail('ada'), newEmail('bob')];
    await signedIn(bob);
    const browser = await signedIn(ada);
    await expect(
      (async () => {
        const first = await browser.get((await partner.begin()).url);
        return (await browser.submit(first, first.form('allow'))).status;
      })(),
    ).resolves.toBe(0);
    const stale = await browser.get((await partner.begin({ scope: 'openid email phone' })).url);
    await switchTo(browser, await browser.get((await shop.begin({ prompt: 'login' })).url), bob);

    const before = await grants();
    const page = await browser.submit(stale, stale.form(action));
    expect(page.status).toBe(410);
    expect(page.text).toContain('You’ve switched accounts or signed out');
    expect(await grants()).toEqual(before);
    expect((await browser.get(stale.url)).text).toContain('You’ve switched accounts or signed out');
    const again = await browser.get(page.link('Start again'));
    expect(again.text).toContain('b***@nightfall.example');
  });
}

test('a sign-in page left open while the account was switched in another tab leads on', async () => {
  const [ada, bob] = [newEmail('ada'), newEmail('bob')];
  await signedIn(bob);
  const browser = await signedIn(ada);
  const [first, second] = [await shop.begin({ prompt: 'login' }), await shop.begin({ prompt: 'login' })];
  const tabs = [await browser.get(first.url), await browser.get(second.url)];
  await switchTo(browser, tabs[0] as Page, bob);
  const refused = await browser.submit(tabs[1] as Page, (tabs[1] as Page).form('login'), { email: bob, password });
  const again = await browser.get(refused.link('Start again'));
  const end = await browser.submit(again, again.form('login'), { email: bob, password });
  await expect(shop.finish(end.url, second)).resolves.toBeDefined();
});

test('a page left open after signing out gives nothing', async () => {
  const browser = await signedIn();
  const stale = await browser.get((await partner.begin()).url);
  const logout = await browser.get(shop.endSessionUrl(undefined));
  await browser.submit(logout, logout.form('logout'));
  const before = await grants();
  expect((await browser.submit(stale, stale.form('allow'))).status).toBe(410);
  expect(await grants()).toEqual(before);
});

test('whoever finds a closed browser again, with a page left open and no session, can allow nothing', async () => {
  const browser = await signedIn();
  const stale = await browser.get((await partner.begin()).url);
  browser.cookies.endBrowserSession();
  await enter(browser, shop, 'register', { email: newEmail('bob') });
  const before = await grants();
  const page = await browser.submit(stale, stale.form('allow'));
  expect(page.text).toContain('You’ve switched accounts or signed out');
  expect(await grants()).toEqual(before);
});

test('"not you?" on the page of another company’s app leads to the sign-in, and the other account is asked', async () => {
  const [ada, bob] = [newEmail('ada'), newEmail('bob')];
  await signedIn(bob);
  const browser = await signedIn(ada);
  const page = await browser.get((await partner.begin()).url);
  expect(page.text).toContain('Not you? Use another account');
  const other = await switchTo(browser, await browser.submit(page, page.form('switch')), bob);
  expect(other.text).toContain('b***@nightfall.example');
  expect((await browser.submit(other, other.form('allow'))).url).toMatch(/^https:\/\/partner\.example\/callback\?code=/);
});

for (const mode of ['query', 'form_post']) {
  test(`pressing "don’t allow" twice never shows the question again (${mode})`, async () => {
    for (const inOrder of [true, false]) {
      const browser = await signedIn();
      const begun = await partner.begin({ response_mode: mode });
      const page = await browser.get(begun.url);
      const press = () => browser.submit(page, page.form('deny'));
      const ends = inOrder ? [await press(), await press()] : await Promise.all([press(), press(), press()]);
      for (const end of ends) {
        const answer = mode === 'query' ? Object.fromEntries(new URL(end.url).searchParams) : end.form().fields;
        expect(answer).toMatchObject({ error: 'access_denied', state: begun.state, iss: portico.issuer });
      }
    }
  });
}

test('an app that was switched off meanwhile is not begun again', async () => {
  const browser = await signedIn();
  const page = await browser.get((await collector.begin()).url);
  await setClientDisabled(portico, 'collector', true);
  const refused = await browser.submit(page, page.form('allow'));
  expect([refused.status, refused.text]).toEqual([410, expect.stringContaining('This sign-in waited too long')]);
  expect(refused.text).not.toContain('Start again');
  await setClientDisabled(portico, 'collector', false);
});

test('after "don’t allow" the same app may ask again', async () => {
  const browser = await signedIn();
  const page = await browser.get((await partner.begin()).url);
  await browser.submit(page, page.form('deny'));
  const again = await browser.get((await partner.begin()).url);
  await browser.submit(again, again.form('allow'));
  await expect(passThrough(browser, partner)).resolves.toBeDefined();
});
