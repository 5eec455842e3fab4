// RP-Initiated Logout 1.0: asked unless the app shows whom it means, and never a way to a foreign address.
import { clientsOfTest, party } from '../support/clients.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { Browser } from '../support/http-browser.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { answerIn, createAccount, obtainTokens, send } from '../support/protocol.ts';

let portico: RunningPortico;
const person = { email: 'ada@nightfall.example' };

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
  await createAccount(portico, person);
});
afterEach(() => resetClock(portico.database));
afterAll(() => portico.stop());

async function signedIn() {
  const shop = await party(portico.issuer, 'shop');
  const { tokens, browser } = await obtainTokens(shop, person);
  const isSignedIn = async () => 'code' in answerIn((await browser.get((await shop.begin({ prompt: 'none' })).url)).url);
  return { shop, tokens, browser, isSignedIn };
}

const end = (parameters: Record<string, string> = {}) => `${portico.issuer}/session/end?${new URLSearchParams(parameters)}`;

test('with a hint: one page that sends itself signs out and goes back with the state', async () => {
  const { shop, tokens, browser, isSignedIn } = await signedIn();
  const asked = await browser.get(shop.endSessionUrl(tokens, 'https://shop.example/', 'a b&c'));
  expect(asked.text).toContain('Signing you out of Nightfall Records');
  expect(asked.text).not.toContain('Stay signed in');
  expect(asked.body).toContain('data-send');
  // Looking at the page changes nothing: its form does, and only with the secret.
  expect(await isSignedIn()).toBe(true);
  const again = await browser.get(shop.endSessionUrl(tokens, 'https://shop.example/', 'a b&c'));
  const { url } = await browser.submit(again, again.form('logout'));
  expect([new URL(url).origin, answerIn(url)]).toEqual(['https://shop.example', { state: 'a b&c' }]);
  expect(await isSignedIn()).toBe(false);
  expect(browser.cookies.list().filter(({ name }) => name.endsWith('.session'))).toEqual([]);
});

test('a hint for somebody else asks', async () => {
  const { shop, browser, isSignedIn } = await signedIn();
  await createAccount(portico, { email: 'alan@nightfall.example' });
  const { tokens: his } = await obtainTokens(shop, { email: 'alan@nightfall.example' });
  const asked = await browser.get(shop.endSessionUrl(his, 'https://shop.example/'));
  expect(asked.text).toContain('You’re signed in as a***@nightfall.example. You’ll be signed out');
  expect(asked.text).toContain('Stay signed in');
  expect(asked.body).not.toContain('data-send');
  expect(await isSignedIn()).toBe(true);
});

test('without a hint it asks, and stays on our page', async () => {
  const { browser, isSignedIn } = await signedIn();
  const asked = await browser.get(end());
  expect(asked.text).toContain('Sign out of Nightfall Records?');
  expect(asked.body).not.toContain('data-send');
  const done = await browser.submit(asked, asked.form('logout'));
  expect([done.status, done.url.startsWith(portico.issuer)]).toEqual([200, true]);
  expect(await isSignedIn()).toBe(false);
});

test('a client that only names itself may name its own address', async () => {
  const { browser } = await signedIn();
  const asked = await browser.get(end({ client_id: 'shop', post_logout_redirect_uri: 'https://shop.example/', state: 'x' }));
  expect((await browser.submit(asked, asked.form('logout'))).url).toBe('https://shop.example/?state=x');
});

test('an address without a client is ignored: nobody vouches for it', async () => {
  const { browser } = await signedIn();
  const asked = await browser.get(end({ post_logout_redirect_uri: 'https://shop.example/', state: 'x' }));
  const done = await browser.submit(asked, asked.form('logout'));
  expect(done.url.startsWith(portico.issuer)).toBe(true);
});

test.each([
  'https://evil.example/',
  'https://shop.example',
  'https://shop.example/?x=1',
  'https://shop.example/#x',
  'https://shop.example//',
  'https://SHOP.example/',
  'https://shop.example@evil.example/',
  'http://shop.example/',
  'javascript:alert(1)',
  '//evil.example/',
  '/interaction',
])('the address %s is refused and the person stays signed in', async (uri) => {
  const { shop, tokens, browser, isSignedIn } = await signedIn();
  const page = await browser.get(shop.endSessionUrl(tokens, uri));
  expect([page.status, page.url.startsWith(portico.issuer)]).toEqual([400, true]);
  // The language switch keeps the query of this very address; nothing else repeats it.
  expect(page.body).not.toMatch(/href="(?!\?)[^"]*(evil|javascript)/);
  expect(await isSignedIn()).toBe(true);
});

test('the form counts only with the secret of this browser’s page', async () => {
  const { shop, tokens, browser, isSignedIn } = await signedIn();
  const confirm = `${portico.issuer}/session/end/confirm`;
  const victim = await browser.get(shop.endSessionUrl(tokens));
  const attacker = await signedIn();
  const foreign = await attacker.browser.get(shop.endSessionUrl(attacker.tokens));
  for (const xsrf of ['', 'guessed', foreign.form('logout').fields.xsrf as string]) {
    const page = await browser.get(confirm, { method: 'POST', fields: { xsrf, logout: 'yes' }, from: 'https://evil.example/' });
    expect(page.status).toBe(400);
    const sameSite = await browser.get(confirm, { method: 'POST', fields: { xsrf, logout: 'yes' } });
    expect(sameSite.status).toBe(400);
  }
  expect(victim.form('logout').fields.xsrf).not.toBe('');
  expect(await isSignedIn()).toBe(true);
});

test('"stay signed in" does so at the brand', async () => {
  const { browser, isSignedIn } = await signedIn();
  const asked = await browser.get(end({ client_id: 'shop', post_logout_redirect_uri: 'https://shop.example/' }));
  const { logout: _no, ...fields } = asked.form('logout').fields;
  const { url } = await browser.submit(asked, { ...asked.form('logout'), fields });
  expect(url).toBe('https://shop.example/');
  expect(await isSignedIn()).toBe(true);
});

test('a hint that has expired is still a hint', async () => {
  const { shop, tokens, browser } = await signedIn();
  await shiftClock(portico.database, 2 * 3_600);
  const asked = await browser.get(shop.endSessionUrl(tokens, 'https://shop.example/'));
  expect((await browser.submit(asked, asked.form('logout'))).url).toBe('https://shop.example/');
});

test('a hint that is none is refused', async () => {
  const { browser, tokens } = await signedIn();
  const tampered = (tokens.id_token as string).replace(/.{5}$/, 'AAAAA');
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(tokens.id_token as string).split('.')[1]}.`;
  for (const hint of ['nonsense', tampered, none, 'a.b.c']) {
    const page = await browser.get(end({ id_token_hint: hint, post_logout_redirect_uri: 'https://shop.example/' }));
    expect([hint, page.status, page.url.startsWith(portico.issuer)]).toEqual([hint, 400, true]);
  }
  expect((await browser.get(end({ id_token_hint: tokens.id_token as string, client_id: 'radio' }))).status).toBe(400);
  expect((await browser.get(end({ client_id: 'nobody' }))).status).toBe(400);
});

test('whoever is not signed in is sent on by one press of a button', async () => {
  const { shop, tokens, browser } = await signedIn();
  const stranger = new Browser(portico.issuer);
  const page = await stranger.get(shop.endSessionUrl(tokens, 'https://shop.example/', 's'));
  expect(page.status).toBe(200);
  expect((await stranger.submit(page, page.form())).url).toBe('https://shop.example/?state=s');
  expect((await shop.userinfo(tokens)).email).toBe(person.email);
  expect(browser.cookies.list().some(({ name }) => name.endsWith('.session'))).toBe(true);
});

test('a request to sign out may be posted', async () => {
  const { browser, tokens } = await signedIn();
  const fields = { id_token_hint: tokens.id_token as string, post_logout_redirect_uri: 'https://shop.example/' };
  const asked = await browser.get(`${portico.issuer}/session/end`, { method: 'POST', fields, from: 'https://shop.example/' });
  expect(asked.text).toContain('Signing you out');
});

test('parameters that come twice are refused', async () => {
  expect((await send(`${end()}&client_id=shop&client_id=radio`)).status).toBe(400);
});

test('signing out twice, or with a stale page, is no dead end', async () => {
  const { shop, tokens, browser } = await signedIn();
  const asked = await browser.get(shop.endSessionUrl(tokens, 'https://shop.example/'));
  await browser.submit(asked, asked.form('logout'));
  const second = await browser.submit(asked, asked.form('logout'));
  expect(second.status).toBeLessThan(500);
  expect(second.text.length).toBeGreaterThan(20);
});
