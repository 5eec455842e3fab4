// An account is disabled while its session lives: everything says no properly, nothing is a fault.
import { disableAccount } from '../../src/flows/admin/disable-account.ts';
import * as accounts from '../../src/storage/accounts.ts';
import * as brands from '../../src/storage/brands.ts';
import { clientsOfTest, party, secrets } from '../support/clients.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { answerIn, basic, createAccount, enter, obtainTokens, reachCallback, send } from '../support/protocol.ts';

let portico: RunningPortico;
let count = 0;

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
});
afterAll(() => portico.stop());

const theBrand = async () => {
  const brand = await brands.findBySlug(portico.db, 'nightfall');
  if (!brand) throw new Error('no brand');
  return brand;
};

/** Only the row (as a race would leave it), the operator's whole flow, or the person's row gone. */
const ways = {
  'by its row alone': async (id: string) => accounts.disable(portico.db, (await theBrand()).id, id),
  'by the operator': async (id: string) => disableAccount(portico.services, await theBrand(), id),
};

async function signedIn() {
  const email = `person${count++}@nightfall.example`;
  const id = await createAccount(portico, { email });
  const shop = await party(portico.issuer, 'shop');
  const pending = await reachCallback(shop, { email });
  const { tokens, browser } = await obtainTokens(shop, { email, browser: pending.browser });
  return { email, id, shop, tokens, browser, pending };
}

test.each(Object.entries(ways))(
  'disabled %s: page, prompt=none, code, refresh, userinfo, introspection and device all say no',
  async (_, disable) => {
    const { email, id, shop, tokens, browser, pending } = await signedIn();
    await disable(id);

    const page = await browser.get((await shop.begin()).url);
    expect([page.status, page.form('login') !== undefined]).toEqual([200, true]);
    if (_ === 'by its row alone') expect(page.text).toContain('You’ve been signed out. Sign in again, or contact Nightfall Records');
    expect(answerIn((await browser.get((await shop.begin({ prompt: 'none' })).url)).url).error).toBe('login_required');
    expect((await enter(browser, page, { email })).status).toBe(422);

    await expect(shop.finish(pending.callback, pending.begun)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(shop.refresh(tokens.refresh_token as string)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(shop.userinfo(tokens)).rejects.toMatchObject({ status: 401 });
    expect(await shop.introspect(tokens.access_token)).toEqual({ active: false });
    expect(await shop.introspect(tokens.refresh_token as string)).toEqual({ active: false });
    expect(
      (
        await send(`${portico.issuer}/token/revocation`, {
          form: { token: tokens.access_token },
          headers: basic('shop', secrets.shop as string),
        })
      ).status,
    ).toBe(200);
  },
);

test.each(Object.entries(ways))('disabled %s between the page and the password: the sign-in is refused', async (_, disable) => {
  const email = `person${count++}@nightfall.example`;
  const id = await createAccount(portico, { email });
  const shop = await party(portico.issuer, 'shop');
  const { browser } = await obtainTokens(shop, { email });
  const page = await browser.get((await shop.begin({ prompt: 'login' })).url);
  await disable(id);
  // The operator's way ends the paused request as well: its page says so and leads back to the app.
  expect([422, 410]).toContain((await enter(browser, page, { email })).status);
});

test('disabled while "grant access" is on the screen: no code', async () => {
  const email = `person${count++}@nightfall.example`;
  const id = await createAccount(portico, { email });
  const partner = await party(portico.issuer, 'partner');
  const shop = await party(portico.issuer, 'shop');
  const { browser } = await obtainTokens(shop, { email });
  const page = await browser.get((await partner.begin()).url);
  await accounts.disable(portico.db, (await theBrand()).id, id);
  const end = await browser.submit(page, page.form('allow'));
  expect(end.status).toBeLessThan(500);
  expect(end.url.includes('code=')).toBe(false);
});

test('signing out works although the account is disabled', async () => {
  const { id, shop, tokens, browser } = await signedIn();
  await accounts.disable(portico.db, (await theBrand()).id, id);
  const asked = await browser.get(shop.endSessionUrl(tokens, 'https://shop.example/'));
  expect((await browser.submit(asked, asked.form('logout'))).url).toBe('https://shop.example/');
});

test('somebody else signs in on the same device', async () => {
  const { id, shop, browser } = await signedIn();
  await accounts.disable(portico.db, (await theBrand()).id, id);
  const email = `person${count++}@nightfall.example`;
  const other = await createAccount(portico, { email });
  const begun = await shop.begin();
  let page = await enter(browser, await browser.get(begun.url), { email });
  if (page.forms.length > 0) page = await browser.submit(page, page.form());
  expect((await shop.finish(page.url, begun)).claims()?.sub).toBe(other);
});

test('an account whose row is gone is treated the same', async () => {
  const { id, shop, tokens, browser } = await signedIn();
  await portico.db.pool.query('alter table portico.accounts disable trigger all');
  await portico.db.pool.query('delete from portico.accounts where id = $1', [id]);
  await portico.db.pool.query('alter table portico.accounts enable trigger all');
  expect(answerIn((await browser.get((await shop.begin({ prompt: 'none' })).url)).url).error).toBe('login_required');
  await expect(shop.userinfo(tokens)).rejects.toMatchObject({ status: 401 });
  await expect(shop.refresh(tokens.refresh_token as string)).rejects.toMatchObject({ error: 'invalid_grant' });
});

test('in all of this no request was a fault', () => {
  const faults = portico.logs
    .map((line) => JSON.parse(line))
    .filter(({ status, level }) => status >= 500 || level === 'error' || level >= 50);
  expect(faults).toEqual([]);
});
