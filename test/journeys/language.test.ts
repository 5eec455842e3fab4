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
  expect(german.text).toContain('Bei Nightfall Records abmelden?');
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

test('a refused form has the switch; an address that only takes forms has none', async () => {
  const browser = newBrowser();
  const page = await browser.get((await shop.begin()).url);
  const refused = await browser.submit(page, page.form('login'), { email: newEmail(), password });
  expect(refused.status).toBe(422);
  expect((await browser.get(refused.link('Deutsch'))).text).toContain('Ich habe ein Konto');

  const stray = await browser.get(`${portico.issuer}/session/end/confirm`, { method: 'POST', fields: { xsrf: 'x' }, from: page.url });
  expect(stray.status).toBeGreaterThanOrEqual(400);
  expect(stray.body).not.toContain('hreflang');
  expect(stray.body).toContain('<footer>');
});
