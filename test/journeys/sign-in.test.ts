// A customer's day: create an account, come back, refresh, sign out, sign in again.
import { clientsOfTest, party } from '../support/clients.ts';
import { Browser } from '../support/http-browser.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';

let portico: RunningPortico;
const password = 'tremolo cassette 47';

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
});
afterAll(() => portico.stop());

test('a newcomer creates an account, the app gets verified tokens, refreshes them and signs out', async () => {
  const shop = await party(portico.issuer, 'shop');
  const browser = new Browser(portico.issuer);
  const begun = await shop.begin();
  const page = await browser.get(begun.url);
  expect(page.status).toBe(200);
  expect(page.text).toContain('Sign in or join Nightfall Records');

  const back = await browser.submit(page, page.form('register'), { email: 'Ada@Nightfall.example', password });
  expect(back.url).toMatch(/^https:\/\/shop\.example\/callback\?code=/);
  const tokens = await shop.finish(back.url, begun);
  expect(tokens.claims()).toMatchObject({ iss: portico.issuer, aud: 'shop', nonce: begun.nonce });

  expect(await shop.userinfo(tokens)).toEqual({ sub: tokens.claims()?.sub, email: 'Ada@nightfall.example', email_verified: false });

  const refreshed = await shop.refresh(tokens.refresh_token ?? '');
  expect(refreshed.refresh_token).not.toBe(tokens.refresh_token);
  expect(refreshed.claims()?.sub).toBe(tokens.claims()?.sub);
  await expect(shop.introspect(refreshed.access_token)).resolves.toMatchObject({ active: true, client_id: 'shop' });

  const asked = await browser.get(shop.endSessionUrl(refreshed, 'https://shop.example/', 'bye'));
  expect(asked.text).toContain('Sign out of Nightfall Records?');
  const gone = await browser.submit(asked, asked.form('logout'));
  expect(gone.url).toBe('https://shop.example/?state=bye');
  await expect(shop.userinfo(refreshed)).rejects.toThrow();
  await expect(shop.refresh(refreshed.refresh_token ?? '')).rejects.toMatchObject({ error: 'invalid_grant' });
});
