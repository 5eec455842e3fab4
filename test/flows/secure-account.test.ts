import { changePassword } from '../../src/flows/change-password.ts';
import { login } from '../../src/flows/login.ts';
import { resetPassword } from '../../src/flows/reset-password.ts';
import { isSecureLink, secureAccount } from '../../src/flows/secure-account.ts';
import * as accounts from '../../src/storage/accounts.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { mailTo } from '../support/mails.ts';
import { createPerson, eventsOf, from, newPassword, oldPassword, openOf, openSession, tokenOf } from './person.ts';
import { createTestBrand, type TestBrand } from './test-brand.ts';

let at: TestBrand;
beforeAll(async () => {
  at = await createTestBrand();
});
afterEach(() => resetClock(at.database));
afterAll(() => at.close());

const DAY = 86_400;

/** A thief changes the password. @returns the token of the link that the owner is sent. */
async function stolen(accountId: string, email: string, { from: password = oldPassword, to = newPassword } = {}): Promise<string> {
  const thiefs = { sessionUid: 'the thief’s', password, newPassword: to, source: from() };
  await changePassword(at, at.brand, { accountId, ...thiefs });
  return tokenOf((await mailTo(at, email, 'password_changed')).params.link);
}

const secure = (token: string) => secureAccount(at, at.brand, { token, source: from() });
const signIn = (email: string, password: string) => login(at, at.brand, { email, password, source: from() });
const refused = (code: string) => expect.objectContaining({ code });

test('this was not me: everyone is out, no password opens the account, and this browser sets a new one', async () => {
  const { id, email } = await createPerson(at);
  const token = await stolen(id, email);
  await openSession(at, id);
  await accounts.setEraseAfter(at.db, at.brand.id, id, { seconds: DAY, locale: 'en' });
  expect(await isSecureLink(at, at.brand, token)).toBe(true);
  const { resetToken } = await secure(token);
  expect(await openOf(at, id)).toEqual({ sessions: [], grants: [], tokens: [] });
  expect(await accounts.find(at.db, at.brand.id, id)).toMatchObject({ email, eraseAfter: null });
  expect(await eventsOf(at, id)).toEqual(['password_changed', 'account_secured']);
  for (const password of [oldPassword, newPassword]) await expect(signIn(email, password)).rejects.toEqual(refused('wrong_credentials'));
  await resetPassword(at, at.brand, { shown: { token: resetToken as string }, password: 'harmonica lighthouse 12', source: from() });
  expect((await signIn(email, 'harmonica lighthouse 12')).account.id).toBe(id);
});

test('twenty presses at once do it once', async () => {
  const { id, email } = await createPerson(at);
  const token = await stolen(id, email);
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => secure(token)));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(new Set(results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : [])))).toEqual(new Set(['code_used']));
  expect(await isSecureLink(at, at.brand, token)).toBe(false);
});

test('the elder link wins: a later one ends nothing of it, and dies by it', async () => {
  const { id, email } = await createPerson(at);
  const elder = await stolen(id, email);
  await shiftClock(at.database, 60);
  const later = await stolen(id, email, { from: newPassword, to: oldPassword });
  const latest = await (async () => {
    await shiftClock(at.database, 60);
    return stolen(id, email);
  })();
  await secure(later);
  expect(await Promise.all([elder, later, latest].map((token) => isSecureLink(at, at.brand, token)))).toEqual([true, false, false]);
  await secure(elder);
  await expect(secure(latest)).rejects.toEqual(refused('code_expired'));
});

test('after a week, for something else or made up it opens nothing', async () => {
  const { id, email } = await createPerson(at);
  const token = await stolen(id, email);
  for (const made of ['', 'none', `${token.slice(0, 43)}${token.endsWith('A') ? 'B' : 'A'}`]) {
    expect(await isSecureLink(at, at.brand, made)).toBe(false);
    await expect(secure(made)).rejects.toEqual(refused('code_wrong'));
  }
  await shiftClock(at.database, 7 * DAY + 1);
  expect(await isSecureLink(at, at.brand, token)).toBe(false);
  await expect(secure(token)).rejects.toEqual(refused('code_expired'));
  expect((await signIn(email, newPassword)).account.id).toBe(id);
});

test('a disabled account stays as it is, and an account without a password gets none', async () => {
  const { id, email } = await createPerson(at);
  const token = await stolen(id, email);
  await accounts.disable(at.db, at.brand.id, id);
  await expect(secure(token)).rejects.toEqual(refused('account_unavailable'));
  await accounts.enable(at.db, at.brand.id, id);
  await at.db.pool.query('delete from portico.passwords where account_id = $1', [id]);
  expect(await secure(token)).toEqual({ resetToken: undefined });
});
