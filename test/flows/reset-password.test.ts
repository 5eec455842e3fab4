// A new password for the code or link we mailed: once, for the account it was mailed to, and for nobody else.
import { identifierDigest, openIdentifierKey } from '../../src/domain/identifiers.ts';
import { knowsDevice } from '../../src/domain/known-devices.ts';
import { eraseAccount } from '../../src/flows/erase-account.ts';
import { forgotPassword, issueResetLink } from '../../src/flows/forgot-password.ts';
import { login } from '../../src/flows/login.ts';
import { resetPassword } from '../../src/flows/reset-password.ts';
import { requestUnlock } from '../../src/flows/unlock.ts';
import * as accounts from '../../src/storage/accounts.ts';
import { sql } from '../../src/storage/database.ts';
import * as passwords from '../../src/storage/passwords.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { forgetMails, mailTo } from '../support/mails.ts';
import { codeOf, eventsOf, mailCount, newAccount, newPassword, oldPassword, resetMail, source } from './recovery.ts';
import { createTestBrand, type TestBrand } from './test-brand.ts';

let at: TestBrand;
let other: TestBrand;
beforeAll(async () => {
  [at, other] = await Promise.all([createTestBrand(), createTestBrand('elsewhere')]);
});
afterEach(async () => {
  await resetClock(at.database);
  await forgetMails(at);
});
afterAll(() => Promise.all([at.close(), other.close()]));

let count = 0;

/** Somebody with an account who has asked for a new password. */
async function forgetful() {
  count += 1;
  const email = `forgetful${count}@example.com`;
  const id = await newAccount(at, email);
  const { handle } = await forgotPassword(at, at.brand, { email, source: source() });
  const { digits, link, token } = await resetMail(at, email);
  return { email, id, handle, digits, link, token };
}

type Shown = Parameters<typeof resetPassword>[2]['shown'];
const reset = (shown: Shown, password = newPassword, more: { deviceCookie?: string; clientName?: string } = {}) =>
  resetPassword(at, at.brand, { shown, password, source: source(), ...more });
const signIn = (email: string, password: string, deviceCookie?: string) => {
  const from = source();
  return login(at, at.brand, { email, password, source: from, deviceCookie });
};

test.each(['code', 'link'] as const)('by the %s: the new password signs in, the old one does not', async (by) => {
  const { email, id, handle, digits, token } = await forgetful();
  const { account, deviceCookie } = await reset(by === 'code' ? { handle, typed: ` ${digits.slice(0, 3)} ${digits.slice(3)}` } : { token });
  expect(account).toMatchObject({ id, email, emailVerified: true });
  expect(await codeOf(signIn(email, oldPassword))).toBe('wrong_credentials');
  expect(await codeOf(signIn(email, newPassword))).toBe('done');
  const digest = identifierDigest(openIdentifierKey(at.keyring, at.brand), 'email', email);
  expect(knowsDevice(at.keyring.key('devices'), deviceCookie, digest)).toBeDefined();
  expect(await eventsOf(at, id)).toEqual(expect.arrayContaining(['password_reset_requested', 'password_reset']));
});

test('the owner is told, with a way to say that it was not them', async () => {
  const { email, token } = await forgetful();
  await reset({ token });
  const { params, seconds } = await mailTo(at, email, 'password_changed');
  expect(params).toMatchObject({ how: 'recovered', seen: { device: 'Chrome/Windows' } });
  expect(params.link).toMatch(/^https:\/\/demo\.example\/secure-account\?token=[\w-]{44}$/);
  expect(seconds).toBe(7 * 86_400);
});

test('of 20 uses at once, typed and by link, each with a password of its own, exactly one sets it', async () => {
  const { email, handle, digits, token } = await forgetful();
  const passwords = Array.from({ length: 20 }, (_, index) => `violet kettle number ${index} 9`);
  const uses = await Promise.all(
    passwords.map((password, index) => codeOf(reset(index % 2 ? { token } : { handle, typed: digits }, password))),
  );
  expect(uses.filter((use) => use === 'done')).toHaveLength(1);
  expect(uses.filter((use) => use === 'code_used')).toHaveLength(19);
  expect(await mailCount(at, 'password_changed')).toBe(1);
  expect(await codeOf(signIn(email, passwords[uses.indexOf('done')] as string))).toBe('done');
});

test('a second press of the same form is the first one, within half a minute', async () => {
  const { email, token } = await forgetful();
  const presses = await Promise.all(Array.from({ length: 5 }, () => codeOf(reset({ token }))));
  expect(new Set(presses)).toEqual(new Set(['done']));
  expect(await codeOf(reset({ token }))).toBe('done');
  expect(await mailCount(at, 'password_changed')).toBe(1);
  expect(await codeOf(reset({ token }, 'another kettle on a roof'))).toBe('code_used');
  await shiftClock(at.database, 31);
  expect(await codeOf(reset({ token }))).toBe('code_used');
  expect(await codeOf(signIn(email, newPassword))).toBe('done');
});

test('a refused password leaves code and link usable, and costs no hash', async () => {
  const { email, handle, digits, token } = await forgetful();
  for (const [password, code] of [
    ['', 'password_required'],
    ['short', 'password_too_short'],
    ['password1', 'password_breached'],
    [`${email}`, 'password_contains_context'],
    ['x'.repeat(2_000), 'password_too_long'],
    ['Nightfall-Shop-77', 'password_contains_context'],
  ] as const) {
    for (const shown of [{ handle, typed: digits }, { token }]) {
      const cost = await at.cost(async () => expect(await codeOf(reset(shown, password, { clientName: 'Nightfall Shop' }))).toBe(code));
      expect(cost.hashes).toBe(0);
    }
  }
  expect(await codeOf(reset({ handle, typed: digits }))).toBe('done');
});

test('the names of a person are no password of theirs', async () => {
  const { id, token } = await forgetful();
  await at.db.run(sql`update portico.accounts set claims = '{"given_name": "Wilhelmina", "nickname": "Zorro"}' where id = ${id}::uuid`);
  expect(await codeOf(reset({ token }, 'Wilhelmina-Zorro'))).toBe('password_contains_context');
});

test('five wrong codes and the code is dead; the link lives on', async () => {
  const { handle, digits, token } = await forgetful();
  const wrong = digits === '000000' ? '111111' : '000000';
  for (let tries = 0; tries < 5; tries += 1) expect(await codeOf(reset({ handle, typed: wrong }))).toBe('code_wrong');
  expect(await codeOf(reset({ handle, typed: digits }))).toBe('code_wrong');
  expect(await codeOf(reset({ token }))).toBe('done');
});

test('of 20 wrong codes and the right one at once no more than five are looked at', async () => {
  const { id, handle, digits } = await forgetful();
  const guesses = Array.from({ length: 20 }, (_, index) => String(index).padStart(6, '7')).filter((guess) => guess !== digits);
  await Promise.all(guesses.map((typed) => codeOf(reset({ handle, typed }))));
  const row = await at.db.row<{ tries: number }>(sql`select tries from portico.one_time_codes where account_id = ${id}::uuid`);
  expect(row?.tries).toBe(5);
  expect(await codeOf(reset({ handle, typed: digits }))).toBe('code_wrong');
});

test('what is no code costs no statement and no try', async () => {
  const { handle, digits } = await forgetful();
  for (const [typed, code] of [
    ['', 'code_required'],
    ['  ', 'code_required'],
    ['12345', 'code_wrong'],
    ['abcdef', 'code_wrong'],
  ] as const) {
    expect(await codeOf(reset({ handle, typed }))).toBe(code);
    expect(await at.cost(() => reset({ handle, typed }))).toEqual({ statements: [], hashes: 0 });
  }
  for (const token of ['', 'none', 'x'.repeat(43), 'x'.repeat(45), '../../etc/passwd'])
    expect(await codeOf(reset({ token }))).toBe('code_wrong');
  expect(await codeOf(reset({ handle, typed: digits }))).toBe('done');
});

test('a token with any one character changed opens nothing, nor does one of another brand or purpose, or an old one', async () => {
  const { email, token, handle, digits } = await forgetful();
  const flipped = [...token].map((character, index) => `${token.slice(0, index)}${character === 'A' ? 'B' : 'A'}${token.slice(index + 1)}`);
  expect(new Set(await Promise.all(flipped.map((changed) => codeOf(reset({ token: changed })))))).toEqual(new Set(['code_wrong']));
  expect(await codeOf(resetPassword(other, other.brand, { shown: { token }, password: newPassword, source: source() }))).toBe('code_wrong');
  await requestUnlock(at, at.brand, { email, source: source() });
  const unlock = new URL((await mailTo(at, email, 'unlock')).params.link).searchParams.get('token') ?? '';
  expect(await codeOf(reset({ token: unlock }))).toBe('code_wrong');
  await shiftClock(at.database, 3601);
  expect(await codeOf(reset({ token }))).toBe('code_wrong');
  expect(await codeOf(reset({ handle, typed: digits }))).toBe('code_wrong');
});

test('a code of the same brand as seen by another brand of the same installation opens nothing', async () => {
  const { token } = await forgetful();
  const sibling = { ...at.brand, id: at.brand.id + 1 };
  expect(await codeOf(resetPassword(at, sibling, { shown: { token }, password: newPassword, source: source() }))).toBe('code_wrong');
});

test("a code typed in a browser that did not ask belongs to nobody's row", async () => {
  const [one, two] = [await forgetful(), await forgetful()];
  expect(await codeOf(reset({ handle: one.handle, typed: two.digits === one.digits ? '000000' : two.digits }))).toBe('code_wrong');
});

test('nothing that was mailed before opens the account after', async () => {
  const { email, id, token } = await forgetful();
  await requestUnlock(at, at.brand, { email, source: source() });
  await reset({ token });
  const rows = await at.db.rows<{ purpose: string }>(sql`
    select purpose from portico.one_time_codes where account_id = ${id}::uuid and consumed_at is null and expires_at > portico.now()`);
  expect(rows).toEqual([{ purpose: 'secure_account' }]);
});

test('a disabled account, and one that has another address by now, are not opened', async () => {
  const disabled = await forgetful();
  await accounts.disable(at.db, at.brand.id, disabled.id);
  expect(await codeOf(reset({ token: disabled.token }))).toBe('code_wrong');
  const moved = await forgetful();
  await at.db.run(sql`update portico.accounts set email = 'moved@example.com' where id = ${moved.id}::uuid`);
  const before = await passwords.find(at.db, at.brand.id, moved.id);
  expect(await codeOf(reset({ token: moved.token }))).toBe('code_wrong');
  expect(await passwords.find(at.db, at.brand.id, moved.id)).toBe(before);
});

test("the address's budget of tries starts afresh", async () => {
  const { email, token } = await forgetful();
  for (let tries = 0; tries < 11; tries += 1) await codeOf(signIn(email, 'not this horse'));
  expect(await codeOf(signIn(email, oldPassword))).toBe('too_many_attempts');
  await reset({ token });
  expect(await codeOf(signIn(email, newPassword))).toBe('done');
});

test('a sign-in with the old password that is on its way does not arrive after the reset', async () => {
  for (let round = 0; round < 10; round += 1) {
    const { email, id, token } = await forgetful();
    const attempts = Array.from({ length: 4 }, () =>
      signIn(email, oldPassword).then(
        ({ account }) => account,
        () => undefined,
      ),
    );
    const done = reset({ token });
    const entered = await Promise.all(attempts);
    await done;
    const account = await accounts.find(at.db, at.brand.id, id);
    // Whoever came in did so before: what they were given says so, and the sign-out that came after ends it.
    for (const old of entered) if (old) expect(old.signedOutAt?.getTime() ?? 0).toBeLessThan(account?.signedOutAt?.getTime() ?? 0);
    expect(await codeOf(signIn(email, oldPassword))).toBe('wrong_credentials');
  }
});

test('resets of one account by links of two kinds wait for each other instead of failing', async () => {
  const { id, token } = await forgetful();
  const { token: issued } = await issueResetLink(at, at.brand, { accountId: id });
  const uses = await Promise.all([reset({ token }), reset({ token: issued })].map(codeOf));
  expect(uses).toEqual(['code_wrong', 'done']);
});

test('an account that is erased while its new password is hashed is nobody’s, and nothing breaks', async () => {
  const { id, token } = await forgetful();
  const hash = async (password: string) => {
    await eraseAccount(at, at.brand, id);
    return at.hasher.hash(password);
  };
  const services = { ...at, hasher: Object.assign(Object.create(at.hasher), { hash }) };
  expect(await codeOf(resetPassword(services, at.brand, { shown: { token }, password: newPassword, source: source() }))).toBe('code_wrong');
  expect(await passwords.find(at.db, at.brand.id, id)).toBeUndefined();
});
