// A customer's days: create an account, come back, refresh, sign out, sign in again.
import { clientsOfTest, party } from '../support/clients.ts';
import { Browser } from '../support/http-browser.ts';
import { enter, newEmail, passThrough, password } from '../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import type { RelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
let shop: RelyingParty;
let radio: RelyingParty;

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
  [shop, radio] = await Promise.all([party(portico.issuer, 'shop'), party(portico.issuer, 'radio')]);
});
afterAll(() => portico.stop());

const newBrowser = () => new Browser(portico.issuer);

/** Somebody with an account, whose browser was cleaned since. */
async function customer(): Promise<{ email: string; sub: string }> {
  const email = newEmail();
  const { tokens } = await enter(newBrowser(), shop, 'register', { email });
  return { email, sub: tokens.claims()?.sub ?? '' };
}

test('a newcomer creates an account, the app gets verified tokens, refreshes them and signs out', async () => {
  const browser = newBrowser();
  const { page, back, tokens, begun } = await enter(browser, shop, 'register', { email: 'Ada@Nightfall.example' });
  expect(page.status).toBe(200);
  expect(page.text).toContain('Sign in or join Nightfall Records');
  expect(back.url).toMatch(/^https:\/\/shop\.example\/callback\?code=/);
  expect(tokens.claims()).toMatchObject({ iss: portico.issuer, aud: 'shop', nonce: begun.nonce });
  expect(await shop.userinfo(tokens)).toEqual({ sub: tokens.claims()?.sub, email: 'Ada@nightfall.example', email_verified: false });

  const refreshed = await shop.refresh(tokens.refresh_token ?? '');
  expect(refreshed.refresh_token).not.toBe(tokens.refresh_token);
  expect(refreshed.claims()?.sub).toBe(tokens.claims()?.sub);
  await expect(shop.introspect(refreshed.access_token)).resolves.toMatchObject({ active: true, client_id: 'shop' });

  const asked = await browser.get(shop.endSessionUrl(refreshed, 'https://shop.example/', 'bye'));
  expect(asked.text).toContain('Signing you out of Nightfall Records');
  const gone = await browser.submit(asked, asked.form('logout'));
  expect(gone.url).toBe('https://shop.example/?state=bye');
  await expect(shop.userinfo(refreshed)).rejects.toThrow();
  await expect(shop.refresh(refreshed.refresh_token ?? '')).rejects.toMatchObject({ error: 'invalid_grant' });
  expect((await browser.get((await shop.begin()).url)).text).toContain('Sign in or join');
});

test('a customer comes back another day and signs in with the password', async () => {
  const { email, sub } = await customer();
  const { tokens } = await enter(newBrowser(), shop, 'login', { email: email.toUpperCase() });
  expect(tokens.claims()?.sub).toBe(sub);
});

test('a wrong password keeps the e-mail and never the password', async () => {
  const { email } = await customer();
  const browser = newBrowser();
  const page = await browser.get((await shop.begin()).url);
  const refused = await browser.submit(page, page.form('login'), { email, password: 'not my password 1', remember: 'yes' });
  expect(refused.status).toBe(422);
  expect(refused.url).toBe(page.url);
  expect(refused.body).toContain('<title>Error: Sign in');
  expect(refused.text).toContain('That email and password don’t match.');
  expect(refused.form('login').fields).toMatchObject({ email, remember: 'yes', password: '' });
  expect(refused.body).not.toContain('not my password 1');

  const back = await browser.submit(refused, refused.form('login'), { password });
  expect(back.url).toContain('/callback?code=');
});

test('a refused registration keeps the e-mail in its own form and the same page creates the account', async () => {
  const email = newEmail();
  const browser = newBrowser();
  const page = await browser.get((await shop.begin()).url);
  const refused = await browser.submit(page, page.form('register'), { email, password: 'short' });
  expect(refused.status).toBe(422);
  expect(refused.form('register').fields.email).toBe(email);
  expect(refused.forms[0]?.fields.action).toBe('register');
  expect((await browser.submit(refused, refused.form('register'), { password })).url).toContain('/callback?code=');
});

test('of two empty fields both are named, each form in its words', async () => {
  const browser = newBrowser();
  const page = await browser.get((await shop.begin()).url);
  for (const [action, sentence] of [
    ['login', 'Enter your password.'],
    ['register', 'Enter a password.'],
  ] as const) {
    const refused = await browser.submit(page, page.form(action), { email: '', password: '' });
    for (const [field, words] of [
      ['email', 'Enter your email address.'],
      ['password', sentence],
    ]) {
      expect(refused.body).toContain(`<a href="#${action}-${field}">${words}</a>`);
      expect(refused.body).toContain(`<p class="refusal" id="${action}-${field}-refusal">${words}</p>`);
    }
  }
  const onlyPassword = await browser.submit(page, page.form('login'), { email: newEmail(), password: '' });
  expect(onlyPassword.text).toContain('Enter your password.');
  expect(onlyPassword.text).not.toContain('Enter your email address.');
});

test('someone with an account who fills in "create account" with the right password is simply signed in', async () => {
  const { email, sub } = await customer();
  const { tokens } = await enter(newBrowser(), shop, 'register', { email });
  expect(tokens.claims()?.sub).toBe(sub);
});

test('someone with an account who fills in "create account" has the address in the other form already', async () => {
  const { email, sub } = await customer();
  const browser = newBrowser();
  const begun = await shop.begin();
  const page = await browser.get(begun.url);
  const refused = await browser.submit(page, page.form('register'), { email, password: 'another password 12' });
  expect(refused.text).toContain('Sign in with it instead.');
  expect(refused.form('login').fields).toMatchObject({ email, password: '' });
  expect(refused.form('register').fields).toMatchObject({ email, password: '' });
  const back = await browser.submit(refused, refused.form('login'), { password });
  expect((await shop.finish(back.url, begun)).claims()?.sub).toBe(sub);
});

test('the name of the app is no password', async () => {
  const browser = newBrowser();
  const page = await browser.get((await party(portico.issuer, 'partner').then((partner) => partner.begin())).url);
  const refused = await browser.submit(page, page.form('register'), { email: newEmail(), password: 'Tour-Tickets-123' });
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('too close to your email, our name or the app’s');
});

test('"keep me signed in" outlives the browser, its absence does not', async () => {
  const { email } = await customer();
  const kept = newBrowser();
  await enter(kept, shop, 'login', { email, remember: 'yes' });
  kept.cookies.endBrowserSession();
  await expect(passThrough(kept, radio)).resolves.toMatchObject({ token_type: 'bearer' });

  const forgotten = newBrowser();
  await enter(forgotten, shop, 'login', { email });
  await expect(passThrough(forgotten, radio)).resolves.toMatchObject({ token_type: 'bearer' });
  forgotten.cookies.endBrowserSession();
  expect((await forgotten.get((await radio.begin()).url)).text).toContain('Sign in or join');
});

test('a second app in the same browser asks for no password', async () => {
  const browser = newBrowser();
  const { tokens } = await enter(browser, shop, 'register', { email: newEmail() });
  const other = await passThrough(browser, radio);
  expect(other.claims()).toMatchObject({ sub: tokens.claims()?.sub, aud: 'radio' });
});

test('prompt=none answers with tokens when somebody is signed in and login_required when nobody is', async () => {
  const browser = newBrowser();
  await expect(passThrough(browser, shop, { prompt: 'none' })).rejects.toMatchObject({ error: 'login_required' });
  await enter(browser, shop, 'register', { email: newEmail() });
  await expect(passThrough(browser, shop, { prompt: 'none' })).resolves.toMatchObject({ token_type: 'bearer' });
});

test('prompt=login asks for the password of somebody who is signed in', async () => {
  const browser = newBrowser();
  const email = newEmail();
  await enter(browser, shop, 'register', { email });
  const { tokens } = await enter(browser, shop, 'login', { email }, { prompt: 'login' });
  expect(tokens.claims()?.auth_time ?? tokens.claims()?.iat).toBeGreaterThan(0);
});

test('prompt=create puts creating an account first, also for somebody who is signed in', async () => {
  const browser = newBrowser();
  const first = await enter(browser, shop, 'register', { email: newEmail() }, { prompt: 'create' });
  expect(first.page.forms[0]?.fields.action).toBe('register');
  expect(first.page.body).toContain('<title>Create account · Nightfall Records</title>');
  expect(first.page.text).toContain('Create your Nightfall Records account');
  const again = await browser.get((await shop.begin({ prompt: 'create' })).url);
  expect(again.forms[0]?.fields.action).toBe('register');
});

test('signing in comes first in a fresh browser and in a known one; a login_hint fills the field', async () => {
  expect((await newBrowser().get((await shop.begin()).url)).forms[0]?.fields.action).toBe('login');
  const { email } = await customer();
  const hinted = await newBrowser().get((await shop.begin({ login_hint: email })).url);
  expect(hinted.forms[0]?.fields).toMatchObject({ action: 'login', email });
  const browser = newBrowser();
  await enter(browser, shop, 'login', { email });
  browser.cookies.endBrowserSession();
  expect((await browser.get((await shop.begin()).url)).forms[0]?.fields.action).toBe('login');
});
