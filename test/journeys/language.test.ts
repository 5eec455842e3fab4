// The language switch shows the same page in another language, whatever its address carries.
import { clientsOfTest, party } from '../support/clients.ts';
import { Browser } from '../support/http-browser.ts';
import { enter, newEmail, password } from '../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import type { RelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
let shop: RelyingParty;

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
  shop = await party(portico.issuer, 'shop');
});
afterAll(() => portico.stop());

const newBrowser = () => new Browser(portico.issuer);

test('on the sign-out page the way back to the app is kept', async () => {
  const browser = newBrowser();
  const { tokens } = await enter(browser, shop, 'register', { email: newEmail() });
  const page = await browser.get(shop.endSessionUrl(tokens, 'https://shop.example/', 'the state of the app'));
  const german = await browser.get(page.link('Deutsch'));
  expect(german.text).toContain('Du wirst bei Nightfall Records abgemeldet');
  const english = await browser.get(german.link('English'));
  expect(new URL(english.url).searchParams.getAll('lang')).toEqual(['en']);
  const end = await browser.submit(english, english.form('logout'));
  expect(end.url).toBe('https://shop.example/?state=the+state+of+the+app');
});

test('a page about a mistake of the app stays that page', async () => {
  const browser = newBrowser();
  const { url } = await shop.begin({ redirect_uri: 'https://elsewhere.example/', state: 'a&b=c "quoted"' });
  const page = await browser.get(url);
  expect(page.status).toBe(400);
  const german = await browser.get(page.link('Deutsch'));
  expect(german.text).toContain('Die App, die dich hergeschickt hat, hat sich vertan');
  expect(german.text).toContain('redirect_uri');
  expect(new URL(german.url).searchParams.get('state')).toBe('a&b=c "quoted"');
});

test('a refused form keeps what was typed and what was said in the other language, and never the password', async () => {
  const [browser, email] = [newBrowser(), newEmail()];
  const page = await browser.get((await shop.begin()).url);
  const refused = await browser.submit(page, page.form('login'), { email, password: 'not my password 1', remember: 'yes' });
  expect(refused.status).toBe(422);
  const german = await browser.submit(refused, refused.form('de'));
  expect(german.text).toContain('E‑Mail und Passwort passen nicht zusammen.');
  expect(german.form('login').fields).toMatchObject({ email, remember: 'yes', password: '' });
  expect(refused.body + german.body).not.toContain('not my password 1');
  // The choice stays, for the next page as well.
  expect((await browser.get((await shop.begin()).url)).text).toContain('Ich habe ein Konto');

  const short = await browser.submit(german, german.form('register'), { email: 'no address', password: '' });
  const english = await browser.submit(short, short.form('en'));
  expect(english.text).toContain('That doesn’t look like an email address.');
  expect(english.text).toContain('Enter a password.');
  expect(english.form('register').fields).toMatchObject({ email: 'no address' });
  const back = await browser.submit(english, english.form('register'), { email, password });
  expect(back.url).toContain('/callback?code=');
});

test('the language switch of a refused form counts only with the token of its page, and says only what we say', async () => {
  const browser = newBrowser();
  const page = await browser.get((await shop.begin()).url);
  const { fields } = page.form('login');
  const post = (more: Record<string, string>, from = page.url) =>
    browser.get(page.url, { method: 'POST', fields: { csrf: fields.csrf ?? '', action: 'language', ...more }, from });
  expect((await post({ csrf: 'guessed', lang: 'de' })).status).toBe(403);
  expect((await post({ lang: 'de' }, 'https://evil.example/')).status).toBe(403);
  for (const refused of ['constructor.email', '<b>.email', 'email_required.__proto__ x', ' . ']) {
    const answer = await post({ lang: 'xx', refused, email: '"><b>', form: 'login' });
    expect([refused, answer.status, answer.body.includes('<b>')]).toEqual([refused, 200, false]);
  }
});

test('an address that only takes forms has no switch', async () => {
  const browser = newBrowser();
  const page = await browser.get((await shop.begin()).url);

  const stray = await browser.get(`${portico.issuer}/session/end/confirm`, { method: 'POST', fields: { xsrf: 'x' }, from: page.url });
  expect(stray.status).toBeGreaterThanOrEqual(400);
  expect(stray.body).not.toContain('hreflang');
  expect(stray.body).toContain('<footer>');
});
