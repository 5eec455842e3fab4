// A session's id is renewed on every way back from a page. Another tab may be on its way with the one from before.
import { clientsOfTest, party } from '../support/clients.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { Browser } from '../support/http-browser.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { answerIn, createAccount, obtainTokens } from '../support/protocol.ts';
import { define, terms } from '../support/questions.ts';
import type { RelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
let shop: RelyingParty;

beforeEach(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
  shop = await party(portico.issuer, 'shop');
});
afterEach(async () => {
  await resetClock(portico.database);
  await portico.stop();
});

/** Signed in, and once more through a page that asks nobody to sign in. @returns the cookies from before the renewal. */
async function renewed() {
  const ada = { email: 'ada@nightfall.example' };
  const id = await createAccount(portico, ada);
  const { browser, tokens } = await obtainTokens(shop, ada);
  await define(portico, { consents: [terms(1)] });
  const page = await browser.get((await shop.begin()).url);
  const before = browser.cookies.header(new URL(portico.issuer));
  await browser.submit(page, page.form('accept'), { consent_terms: 'yes' });
  expect(browser.cookies.header(new URL(portico.issuer))).not.toBe(before);
  return { id, browser, tokens, before };
}

const silently = async (cookie: string) =>
  answerIn((await new Browser(portico.issuer).get((await shop.begin({ prompt: 'none' })).url, { headers: { cookie } })).url);

test('the id from before is known for a moment, and then it is not', async () => {
  const { before } = await renewed();
  expect(await silently(before)).toHaveProperty('code');
  await shiftClock(portico.database, 11);
  expect((await silently(before)).error).toBe('login_required');
});

test('who signs out ends both ids at once', async () => {
  const { browser, tokens, before } = await renewed();
  const page = await browser.get(shop.endSessionUrl(tokens));
  if (page.forms.length > 0) await browser.submit(page, page.form('logout'));
  expect((await silently(before)).error).toBe('login_required');
});

test('everything that is ended is ended under both ids', async () => {
  const { id, before } = await renewed();
  await portico.db.pool.query('update portico.accounts set disabled_at = now() where id = $1', [id]);
  expect((await silently(before)).error).toBe('login_required');
});

test('an answer under the id from before, however late it comes, does not take the new one’s place', async () => {
  const { browser, before } = await renewed();
  const after = browser.cookies.header(new URL(portico.issuer));
  // The very jar of the browser: a tab that asked with the id from before is answered last.
  const late = await fetch((await shop.begin({ prompt: 'none' })).url, { headers: { cookie: before }, redirect: 'manual' });
  expect(answerIn(late.headers.get('location') as string)).toHaveProperty('code');
  expect(late.headers.getSetCookie().filter((cookie) => cookie.includes('_session'))).toEqual([]);
  await shiftClock(portico.database, 11);
  expect(await silently(after)).toHaveProperty('code');
});

test('an app that comes in under the id from before belongs to the session like every other', async () => {
  const { id, before } = await renewed();
  const radio = await party(portico.issuer, 'radio');
  const call = await radio.begin({ prompt: 'none' });
  const back = await new Browser(portico.issuer).get(call.url, { headers: { cookie: before } });
  expect(answerIn(back.url)).toHaveProperty('code');
  const { rows } = await portico.db.pool.query('select payload from portico.oidc_sessions where account_id = $1', [id]);
  expect(rows.map(({ payload }) => Object.keys(payload.authorizations).sort())).toEqual([
    ['radio', 'shop'],
    ['radio', 'shop'],
  ]);
});
