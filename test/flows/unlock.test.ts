// Too many tries from elsewhere: a mail lets the owner's browser in, and nobody else.
import { forgotPassword } from '../../src/flows/forgot-password.ts';
import { login } from '../../src/flows/login.ts';
import { requestUnlock, unlock } from '../../src/flows/unlock.ts';
import * as accounts from '../../src/storage/accounts.ts';
import { sql } from '../../src/storage/database.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { forgetMails, mailTo, waitingMails } from '../support/mails.ts';
import { codeOf, eventsOf, newAccount, oldPassword, resetMail, source } from './recovery.ts';
import { createTestBrand, type TestBrand } from './test-brand.ts';

let at: TestBrand;
beforeAll(async () => {
  at = await createTestBrand();
});
afterEach(async () => {
  await resetClock(at.database);
  await forgetMails(at);
});
afterAll(() => at.close());

const ask = (email: string, under?: string) => requestUnlock(at, at.brand, { email, source: source(), under });
const use = (token: string, deviceCookie?: string) => unlock(at, at.brand, { token, deviceCookie, source: source() });
const signIn = (email: string, password: string, deviceCookie?: string) => {
  const from = source();
  return login(at, at.brand, { email, password, source: from, deviceCookie });
};
const tokenFor = async (email: string) => new URL((await mailTo(at, email, 'unlock')).params.link).searchParams.get('token') ?? '';

async function locked(email: string): Promise<string> {
  const id = await newAccount(at, email);
  for (let tries = 0; tries < 11; tries += 1) await codeOf(signIn(email, 'a guess of a stranger'));
  expect(await codeOf(signIn(email, oldPassword))).toBe('too_many_attempts');
  return id;
}

test('the owner unlocks their browser and signs in; the attacker is still refused', async () => {
  const id = await locked('owner@example.com');
  await ask('OWNER@example.com', '/interaction/abc');
  expect((await mailTo(at, 'owner@example.com', 'unlock')).params.link).toMatch(
    /^https:\/\/demo\.example\/interaction\/abc\/unlock\?token=[\w-]{44}$/,
  );
  const { deviceCookie, email } = await use(await tokenFor('owner@example.com'));
  expect(email).toBe('owner@example.com');
  expect(await codeOf(signIn('owner@example.com', 'a guess of a stranger'))).toBe('too_many_attempts');
  // The cookie alone is no way in.
  expect(await codeOf(signIn('owner@example.com', 'mistyped by the owner', deviceCookie))).toBe('wrong_credentials');
  expect(await codeOf(signIn('owner@example.com', oldPassword, deviceCookie))).toBe('done');
  expect(await eventsOf(at, id)).toEqual(expect.arrayContaining(['unlock_requested', 'unlocked']));
});

test('after a hundred failures in a day the owner still comes in by mail', async () => {
  await newAccount(at, 'stormed@example.com');
  for (let window = 0; window < 11; window += 1) {
    for (let tries = 0; tries < 10; tries += 1) await codeOf(signIn('stormed@example.com', 'a guess of a stranger'));
    await shiftClock(at.database, 901);
  }
  expect(await codeOf(signIn('stormed@example.com', oldPassword))).toBe('too_many_attempts');
  await ask('stormed@example.com');
  const { deviceCookie } = await use(await tokenFor('stormed@example.com'));
  expect(await codeOf(signIn('stormed@example.com', oldPassword, deviceCookie))).toBe('done');
}, 60_000);

test('a known browser that used up its own tries gets new ones', async () => {
  await newAccount(at, 'clumsy@example.com');
  const { deviceCookie: known } = await signIn('clumsy@example.com', oldPassword);
  for (let tries = 0; tries < 11; tries += 1) await codeOf(signIn('clumsy@example.com', 'mistyped', known));
  expect(await codeOf(signIn('clumsy@example.com', oldPassword, known))).toBe('too_many_attempts');
  await ask('clumsy@example.com');
  const { deviceCookie } = await use(await tokenFor('clumsy@example.com'), known);
  expect(await codeOf(signIn('clumsy@example.com', oldPassword, deviceCookie))).toBe('done');
});

test('known, unknown, disabled and over the limit: the same statements, no hash, one job', async () => {
  await newAccount(at, 'known@example.com');
  await accounts.disable(at.db, at.brand.id, await newAccount(at, 'disabled@example.com'));
  await newAccount(at, 'flooded@example.com');
  for (let mails = 0; mails < 3; mails += 1) await ask('flooded@example.com');
  await forgetMails(at);
  await ask('known@example.com');
  const expected = await at.cost(() => ask('known@example.com'));
  expect(expected.hashes).toBe(0);
  for (const who of ['nobody', 'disabled', 'flooded']) expect(await at.cost(() => ask(`${who}@example.com`))).toEqual(expected);
  expect((await waitingMails(at)).map(({ name, to }) => [name, to])).toEqual([
    ['unlock', 'known@example.com'],
    ['unlock', 'known@example.com'],
    ['unlock', null],
    ['unlock', null],
    ['unlock', null],
  ]);
});

test('of 20 uses at once one lets a browser in', async () => {
  await locked('busy@example.com');
  await ask('busy@example.com');
  const token = await tokenFor('busy@example.com');
  const uses = await Promise.all(Array.from({ length: 20 }, () => codeOf(use(token))));
  expect(uses.filter((outcome) => outcome === 'done')).toHaveLength(1);
  expect(uses.filter((outcome) => outcome === 'code_wrong')).toHaveLength(19);
});

test('used, old, superseded, tampered and foreign links open nothing', async () => {
  const email = 'links@example.com';
  const id = await newAccount(at, email);
  await ask(email);
  const superseded = await tokenFor(email);
  await ask(email);
  const token = await tokenFor(email);
  await forgotPassword(at, at.brand, { email: 'links2@example.com', source: source() });
  await newAccount(at, 'links2@example.com');
  await forgotPassword(at, at.brand, { email: 'links2@example.com', source: source() });
  const foreign = (await resetMail(at, 'links2@example.com')).token;
  const flipped = [...token].map((character, index) => `${token.slice(0, index)}${character === 'A' ? 'B' : 'A'}${token.slice(index + 1)}`);
  for (const dead of [superseded, foreign, '', 'none', ...flipped]) expect(await codeOf(use(dead))).toBe('code_wrong');
  await at.db.run(sql`update portico.accounts set disabled_at = now() where id = ${id}::uuid`);
  expect(await codeOf(use(token))).toBe('code_wrong');
  await at.db.run(sql`update portico.accounts set disabled_at = null, email = 'moved@example.com' where id = ${id}::uuid`);
  expect(await codeOf(use(token))).toBe('code_wrong');
  await at.db.run(sql`update portico.accounts set email = ${email} where id = ${id}::uuid`);
  expect(await codeOf(use(token))).toBe('done');
  await ask(email);
  await shiftClock(at.database, 3601);
  expect(await codeOf(use(await tokenFor(email)))).toBe('code_wrong');
});
