// How the answer reaches the app: another company's app, form_post, phones, and the switch to another account.
import { callbacks, clientsOfTest, party } from '../support/clients.ts';
import { Browser } from '../support/http-browser.ts';
import { enter, newEmail, passThrough, password } from '../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';

let portico: RunningPortico;

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
});
afterAll(() => portico.stop());

const newBrowser = () => new Browser(portico.issuer);

test('another company’s app asks for access once, and gets what was allowed', async () => {
  const [browser, partner] = [newBrowser(), await party(portico.issuer, 'partner')];
  const begun = await partner.begin();
  const page = await browser.get(begun.url);
  const asked = await browser.submit(page, page.form('register'), { email: newEmail(), password });
  expect(asked.status).toBe(200);
  expect(asked.text).toContain('Let Tour Tickets use your Nightfall Records account?');
  expect(asked.text).toContain('see your email address');
  expect(asked.text).toContain('partner.example');

  const back = await browser.submit(asked, asked.form('allow'));
  const tokens = await partner.finish(back.url, begun);
  await expect(partner.userinfo(tokens)).resolves.toHaveProperty('email');
  await expect(passThrough(browser, partner)).resolves.toBeDefined();
});

test('an app that was not allowed is told so, and asks again next time', async () => {
  const [browser, partner] = [newBrowser(), await party(portico.issuer, 'partner')];
  await enter(browser, await party(portico.issuer, 'shop'), 'register', { email: newEmail() });
  const begun = await partner.begin();
  const asked = await browser.get(begun.url);
  const back = await browser.submit(asked, asked.form('deny'));
  await expect(partner.finish(back.url, begun)).rejects.toMatchObject({ error: 'access_denied' });
  expect((await browser.get((await partner.begin()).url)).text).toContain('Let Tour Tickets use');
});

test('a double click on "Allow" ends in the app', async () => {
  const [browser, partner] = [newBrowser(), await party(portico.issuer, 'partner')];
  await enter(browser, await party(portico.issuer, 'shop'), 'register', { email: newEmail() });
  const asked = await browser.get((await partner.begin()).url);
  const both = await Promise.all([browser.submit(asked, asked.form('allow')), browser.submit(asked, asked.form('allow'))]);
  expect(both.map(({ url, text }) => (url.includes('/callback?code=') ? '' : `${url} ${text}`))).toEqual(['', '']);
});

test('response_mode=form_post brings the answer as a form with a button', async () => {
  const [browser, shop] = [newBrowser(), await party(portico.issuer, 'shop')];
  const begun = await shop.begin({ response_mode: 'form_post' });
  const page = await browser.get(begun.url);
  const sent = await browser.submit(page, page.form('register'), { email: newEmail(), password });
  expect(sent.status).toBe(200);
  const { action, fields, buttons } = sent.form();
  expect(action).toBe(callbacks.shop);
  expect(buttons[0]?.label).toBe('Continue to Nightfall Shop');
  const body = new URLSearchParams(fields);
  const tokens = await shop.finish(new Request(action, { method: 'POST', body }), begun);
  expect(tokens.claims()?.aud).toBe('shop');
});

for (const [kind, redirectUri] of Object.entries({
  'a loopback redirect on any port': 'http://127.0.0.1:49321/callback',
  'a claimed https redirect': callbacks.claimed,
  'a custom scheme': callbacks.scheme,
})) {
  test(`a phone signs in through ${kind}`, async () => {
    const phone = await party(portico.issuer, 'phone', redirectUri);
    const { tokens, back } = await enter(newBrowser(), phone, 'register', { email: newEmail() });
    expect(back.url.startsWith(redirectUri)).toBe(true);
    expect(tokens.claims()?.aud).toBe('phone');
    await expect(phone.refresh(tokens.refresh_token ?? '')).resolves.toHaveProperty('refresh_token');
  });
}

test('an app that others can imitate asks "is it you" of somebody who is signed in; one that owns its address does not', async () => {
  const browser = newBrowser();
  await enter(browser, await party(portico.issuer, 'shop'), 'register', { email: 'grace@nightfall.example' });
  await expect(passThrough(browser, await party(portico.issuer, 'phone', callbacks.claimed))).resolves.toBeDefined();

  const phone = await party(portico.issuer, 'phone', callbacks.scheme);
  await expect(passThrough(browser, phone, { prompt: 'none' })).rejects.toMatchObject({ error: 'interaction_required' });
  const begun = await phone.begin();
  const asked = await browser.get(begun.url);
  expect(asked.text).toContain('Continue to Nightfall on your phone?');
  expect(asked.text).toContain('Continue as g***@nightfall.example');
  const back = await browser.submit(asked, asked.form('continue'));
  await expect(phone.finish(back.url, begun)).resolves.toBeDefined();
});

test('"not you?" leads to the sign-in page and the other account gets the tokens', async () => {
  const [browser, shop] = [newBrowser(), await party(portico.issuer, 'shop')];
  const other = newEmail('grace');
  const { tokens: hers } = await enter(newBrowser(), shop, 'register', { email: other });
  const { tokens: his } = await enter(browser, shop, 'register', { email: newEmail('alan') });

  const phone = await party(portico.issuer, 'phone');
  const begun = await phone.begin();
  const asked = await browser.get(begun.url);
  const page = await browser.submit(asked, asked.form('switch'));
  expect(page.text).toContain('Sign in or join');
  const between = await browser.submit(page, page.form('login'), { email: other, password });
  // Without JavaScript a person presses the button.
  const back = between.status === 0 ? between : await browser.submit(between, between.form());
  expect((await phone.finish(back.url, begun)).claims()?.sub).toBe(hers.claims()?.sub);
  await expect(shop.refresh(his.refresh_token ?? '')).rejects.toMatchObject({ error: 'invalid_grant' });
});

test('a different account through prompt=login replaces the one that was signed in', async () => {
  const [browser, shop] = [newBrowser(), await party(portico.issuer, 'shop')];
  const other = newEmail('grace');
  const { tokens: hers } = await enter(newBrowser(), shop, 'register', { email: other });
  await enter(browser, shop, 'register', { email: newEmail('alan') });
  const begun = await shop.begin({ prompt: 'login' });
  const page = await browser.get(begun.url);
  const between = await browser.submit(page, page.form('login'), { email: other, password });
  const back = between.status === 0 ? between : await browser.submit(between, between.form());
  expect((await shop.finish(back.url, begun)).claims()?.sub).toBe(hers.claims()?.sub);
  expect((await passThrough(browser, shop)).claims()?.sub).toBe(hers.claims()?.sub);
});
