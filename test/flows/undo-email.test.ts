import { confirmEmailChange, requestEmailChange } from '../../src/flows/change-email.ts';
import { login } from '../../src/flows/login.ts';
import { resetPassword } from '../../src/flows/reset-password.ts';
import { findEmailUndo, undoEmailChange } from '../../src/flows/undo-email.ts';
import * as accounts from '../../src/storage/accounts.ts';
import * as identifiers from '../../src/storage/identifiers.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { mailTo } from '../support/mails.ts';
import {
  createPerson,
  digestOf,
  eventsOf,
  from,
  newAddress,
  newPassword,
  oldPassword,
  openOf,
  openSession,
  tokenOf,
  told,
} from './person.ts';
import { createTestBrand, type TestBrand } from './test-brand.ts';

let at: TestBrand;
beforeAll(async () => {
  at = await createTestBrand();
});
afterEach(() => resetClock(at.database));
afterAll(() => at.close());

const DAY = 86_400;

/** @returns the token of the undo link that the address before got. */
async function changeEmail(accountId: string, before: string, email: string): Promise<string> {
  await requestEmailChange(at, at.brand, { accountId, email, password: oldPassword, source: from() });
  const { params } = await mailTo(at, email, 'change_email');
  await confirmEmailChange(at, at.brand, { shown: { token: tokenOf(params.link) }, source: from() });
  return tokenOf((await mailTo(at, before, 'email_changed')).params.link);
}

const undo = (token: string) => undoEmailChange(at, at.brand, { token, source: from() });
const signIn = (email: string, password: string) => login(at, at.brand, { email, password, source: from() });
const emailOf = async (accountId: string) => (await accounts.find(at.db, at.brand.id, accountId))?.email;
const holderOf = (email: string) => identifiers.findHolder(at.db, at.brand.id, digestOf(at, email));
const refused = (code: string) => expect.objectContaining({ code });

test('the old mailbox takes the account back: nobody stays signed in, no password opens it, and this browser sets a new one', async () => {
  const { id, email } = await createPerson(at);
  const thiefs = newAddress('thief');
  const token = await changeEmail(id, email, thiefs);
  const session = await openSession(at, id);
  expect(await findEmailUndo(at, at.brand, token)).toEqual({ before: email, email: thiefs });
  const { resetToken } = await undo(token);
  expect(await accounts.find(at.db, at.brand.id, id)).toMatchObject({ email, emailVerified: true });
  expect(await openOf(at, id)).toEqual({ sessions: [], grants: [], tokens: [] });
  expect(await told(at)).toContain(session.sid);
  expect(await holderOf(thiefs)).toBeUndefined();
  expect(await eventsOf(at, id)).toEqual(['email_change_requested', 'email_changed', 'email_change_undone']);
  for (const address of [email, thiefs]) await expect(signIn(address, oldPassword)).rejects.toEqual(refused('wrong_credentials'));
  await resetPassword(at, at.brand, { shown: { token: resetToken as string }, password: newPassword, source: from() });
  expect((await signIn(email, newPassword)).account.id).toBe(id);
});

test('twenty presses at once put it back once', async () => {
  const { id, email } = await createPerson(at);
  const token = await changeEmail(id, email, newAddress('thief'));
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => undo(token)));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(new Set(results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : [])))).toEqual(new Set(['code_used']));
  expect(await emailOf(id)).toBe(email);
  expect(await findEmailUndo(at, at.brand, token)).toBeUndefined();
});

test('a thief who changes the address twice loses both to the first link, and the later link is dead', async () => {
  const { id, email: a } = await createPerson(at);
  const [b, c] = [newAddress('b'), newAddress('c')];
  const owners = await changeEmail(id, a, b);
  await shiftClock(at.database, 60);
  const thiefs = await changeEmail(id, b, c);
  await shiftClock(at.database, 60);
  await undo(owners);
  expect(await emailOf(id)).toBe(a);
  expect([await holderOf(a), await holderOf(b), await holderOf(c)]).toEqual([id, undefined, undefined]);
  expect(await findEmailUndo(at, at.brand, thiefs)).toBeUndefined();
  await expect(undo(thiefs)).rejects.toEqual(refused('code_expired'));
});

test("a thief who undoes the second of two changes does not end the owner's link, nor free the owner's address", async () => {
  const { id, email: a } = await createPerson(at);
  const [b, c] = [newAddress('b'), newAddress('c')];
  const owners = await changeEmail(id, a, b);
  await shiftClock(at.database, 60);
  const thiefs = await changeEmail(id, b, c);
  await shiftClock(at.database, 60);
  await undo(thiefs);
  expect([await emailOf(id), await holderOf(a), await holderOf(c)]).toEqual([b, id, undefined]);
  await undo(owners);
  expect([await emailOf(id), await holderOf(a), await holderOf(b)]).toEqual([a, id, undefined]);
});

test('an address that was changed back by hand can still be taken back from whoever did it', async () => {
  const { id, email } = await createPerson(at);
  const other = newAddress();
  const token = await changeEmail(id, email, other);
  await changeEmail(id, other, email);
  await undo(token);
  expect([await emailOf(id), await holderOf(email)]).toEqual([email, id]);
});

test('after a week, with the token of something else, or made up, it opens nothing', async () => {
  const { id, email } = await createPerson(at);
  const other = newAddress();
  await requestEmailChange(at, at.brand, { accountId: id, email: other, password: oldPassword, source: from() });
  const { params } = await mailTo(at, other, 'change_email');
  await expect(undo(tokenOf(params.link))).rejects.toEqual(refused('code_expired'));
  for (const made of ['', 'none', 'x'.repeat(44), 'x'.repeat(100_000)]) {
    expect(await findEmailUndo(at, at.brand, made)).toBeUndefined();
    await expect(undo(made)).rejects.toMatchObject({ code: expect.stringMatching(/^code_(wrong|expired)$/) });
  }
  await confirmEmailChange(at, at.brand, { shown: { token: tokenOf(params.link) }, source: from() });
  const token = tokenOf((await mailTo(at, email, 'email_changed')).params.link);
  await shiftClock(at.database, 7 * DAY + 1);
  expect(await findEmailUndo(at, at.brand, token)).toBeUndefined();
  await expect(undo(token)).rejects.toEqual(refused('code_expired'));
  expect(await emailOf(id)).toBe(other);
});

test('an account without a password stays without one, and a deletion the thief asked for is off', async () => {
  const { id, email } = await createPerson(at, { password: null });
  const token = await changeEmail(id, email, newAddress('thief'));
  await accounts.setEraseAfter(at.db, at.brand.id, id, { seconds: 14 * DAY, locale: 'en' });
  expect(await undo(token)).toEqual({ resetToken: undefined });
  expect(await accounts.find(at.db, at.brand.id, id)).toMatchObject({ email, eraseAfter: null });
});
