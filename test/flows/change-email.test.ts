import { defaultSettings } from '../../src/domain/brands.ts';
import { beginRegistration, mailRegistrationAgain } from '../../src/flows/begin-registration.ts';
import { confirmEmailChange, requestEmailChange } from '../../src/flows/change-email.ts';
import { confirmRegistration } from '../../src/flows/confirm-registration.ts';
import { login } from '../../src/flows/login.ts';
import { often, sweepAll } from '../../src/jobs/sweep.ts';
import * as accounts from '../../src/storage/accounts.ts';
import { sql } from '../../src/storage/database.ts';
import * as identifiers from '../../src/storage/identifiers.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { mailTo, waitingMails } from '../support/mails.ts';
import { createPerson, digestOf, eventsOf, from, newAddress, openOf, openSession, oldPassword as password, tokenOf } from './person.ts';
import { createTestBrand, type TestBrand } from './test-brand.ts';

let at: TestBrand;
beforeAll(async () => {
  at = await createTestBrand();
});
afterEach(() => resetClock(at.database));
afterAll(() => at.close());

const DAY = 86_400;

function ask(accountId: string, email: string, more: { password?: string; ip?: string } = {}) {
  return requestEmailChange(at, at.brand, { accountId, email, password: more.password ?? password, source: from(more.ip) });
}

/** Asks and reads the mail. */
async function asked(accountId: string, email: string) {
  const { handle } = await ask(accountId, email);
  const { params } = await mailTo(at, email, 'change_email');
  return { handle, digits: params.digits, token: tokenOf(params.link) };
}

function byLink(token: string) {
  return confirmEmailChange(at, at.brand, { shown: { token }, source: from() });
}

async function changed(accountId: string, email: string): Promise<void> {
  await byLink((await asked(accountId, email)).token);
}

const signIn = (email: string, brand = at.brand) => login(at, brand, { email, password, source: from() });
const emailOf = async (accountId: string) => (await accounts.find(at.db, at.brand.id, accountId))?.email;
const refused = (code: string, field?: string) => expect.objectContaining({ code, ...(field && { field }) });

test('a code typed in the account changes the address, proves it, and ends the other sessions', async () => {
  const { id, email: before } = await createPerson(at);
  const [here, elsewhere] = [await openSession(at, id), await openSession(at, id)];
  const email = newAddress('Ada.New');
  const { handle, digits } = await asked(id, email);
  expect(await emailOf(id)).toBe(before);
  const by = { accountId: id, sessionUid: here.uid };
  const result = await confirmEmailChange(at, at.brand, {
    shown: { handle, typed: ` ${digits.slice(0, 3)} ${digits.slice(3)}` },
    by,
    source: from(),
  });
  expect(result).toMatchObject({ accountId: id, email });
  expect(await accounts.find(at.db, at.brand.id, id)).toMatchObject({ email, emailVerified: true, signedOutExcept: here.uid });
  expect(await openOf(at, id)).toEqual({ sessions: [here.uid], grants: [here.grantId], tokens: [here.uid, here.uid] });
  expect(elsewhere.uid).not.toBe(here.uid);
  expect(await eventsOf(at, id)).toEqual(['email_change_requested', 'email_changed']);
  const { params } = await mailTo(at, before, 'email_changed');
  expect(params.newEmail).toBe(`A***${email.slice(email.indexOf('@'))}`);
  expect(params.link).toMatch(/^https:\/\/demo\.example\/undo-email\?token=[\w-]{44}$/);
  await expect(signIn(before)).rejects.toEqual(refused('wrong_credentials'));
  expect((await signIn(email)).account.id).toBe(id);
});

test('a link changes the address wherever it is opened, once of twenty, and ends no session', async () => {
  const { id, email: before } = await createPerson(at);
  const session = await openSession(at, id);
  const email = newAddress();
  const { token } = await asked(id, email);
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => byLink(token)));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const codes = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []));
  expect(new Set(codes)).toEqual(new Set(['code_used']));
  expect((await waitingMails(at)).filter(({ name, to }) => name === 'email_changed' && to === before)).toHaveLength(1);
  expect((await openOf(at, id)).sessions).toEqual([session.uid]);
  expect(await eventsOf(at, id)).toEqual(['email_change_requested', 'email_changed']);
});

test('the current password is asked for, and wrong ones are counted with those of signing in', async () => {
  const { id, email } = await createPerson(at);
  const brand = at.with({ limits: { ...defaultSettings.limits, loginPerIdentifier: { attempts: 3, seconds: 900 } } });
  const attempt = (typed: string) => requestEmailChange(at, brand, { accountId: id, email: newAddress(), password: typed, source: from() });
  await expect(attempt('')).rejects.toEqual(refused('password_required', 'password'));
  for (const _ of [1, 2, 3]) await expect(attempt('not my password')).rejects.toEqual(refused('password_wrong', 'password'));
  await expect(attempt(password)).rejects.toEqual(refused('too_many_attempts'));
  await expect(signIn(email, brand)).rejects.toEqual(refused('too_many_attempts'));
  expect(await eventsOf(at, id)).toEqual(['login_failed', 'login_failed', 'login_failed', 'login_locked']);
});

test('an account without a password needs none', async () => {
  const { id } = await createPerson(at, { password: null });
  const email = newAddress();
  await requestEmailChange(at, at.brand, { accountId: id, email, password: '', source: from() });
  await byLink(tokenOf((await mailTo(at, email, 'change_email')).params.link));
  expect(await emailOf(id)).toBe(email);
});

test('an address that is no address, or the one of today, is refused at its field before anything is counted', async () => {
  const { id, email } = await createPerson(at);
  for (const [typed, code] of [
    ['', 'email_required'],
    ['Ada <ada@people.example>', 'email_invalid'],
    ['ada@people.example\r\nBcc: eve@evil.example', 'email_invalid'],
    [email.toUpperCase(), 'email_unchanged'],
  ] as const) {
    const { hashes, statements } = await at.cost(() => ask(id, typed));
    expect([hashes, statements.filter((text) => !/^\s*select/.test(text))]).toEqual([0, []]);
    await expect(ask(id, typed)).rejects.toEqual(refused(code, 'email'));
  }
});

test("somebody's address gets the same answer after the same statements, and its owner a mail without a code", async () => {
  const [eve, ada] = [await createPerson(at), await createPerson(at)];
  const free = newAddress();
  const forFree = await at.cost(() => ask(eve.id, free));
  const forTaken = await at.cost(() => ask(eve.id, ada.email));
  expect(forTaken).toEqual(forFree);
  expect((await mailTo(at, ada.email, 'address_taken')).params).toEqual({ link: 'https://demo.example/account' });
  expect((await waitingMails(at)).filter(({ name, to }) => name === 'change_email' && to === ada.email)).toEqual([]);
});

test('what nobody was mailed cannot be guessed: taken addresses and silent limits have no code', async () => {
  const { id } = await createPerson(at);
  const email = newAddress();
  const sent = [];
  for (const _ of [1, 2, 3, 4, 5]) sent.push((await ask(id, email)).handle);
  const rows = await at.db.pool.query(
    'select count(*)::int as rows, count(code)::int as codes from portico.one_time_codes where account_id = $1',
    [id],
  );
  expect(rows.rows[0]).toEqual({ rows: 5, codes: 3 });
  expect((await waitingMails(at)).filter(({ name, to }) => name === 'change_email' && to === email)).toHaveLength(3);
  await byLink(tokenOf((await mailTo(at, email, 'change_email')).params.link));
  expect(await emailOf(id)).toBe(email);
});

test('sending it again needs no password, and where the limit is silent the last mail stays good', async () => {
  const { id } = await createPerson(at);
  const email = newAddress();
  let { handle } = await asked(id, email);
  const again = () => requestEmailChange(at, at.brand, { accountId: id, again: handle, source: from() });
  const first = handle;
  ({ handle } = await again());
  expect(handle).not.toBe(first);
  ({ handle } = await again());
  const last = handle;
  ({ handle } = await again());
  expect(handle).toBe(last);
  const { params } = await mailTo(at, email, 'change_email');
  const by = { accountId: id, sessionUid: 'none' };
  await confirmEmailChange(at, at.brand, { shown: { handle, typed: params.digits }, by, source: from() });
  expect(await emailOf(id)).toBe(email);
  await expect(again()).rejects.toEqual(refused('code_expired'));
});

test('a code belongs to the account that asked, takes five tries, and an older one is dead', async () => {
  const [ada, eve] = [await createPerson(at), await createPerson(at)];
  const email = newAddress();
  const older = await asked(ada.id, email);
  const { handle, digits, token } = await asked(ada.id, email);
  await expect(byLink(older.token)).rejects.toEqual(refused('code_expired'));
  const type = (typed: string, accountId = ada.id) =>
    confirmEmailChange(at, at.brand, { shown: { handle, typed }, by: { accountId, sessionUid: 'x' }, source: from() });
  await expect(type(digits, eve.id)).rejects.toEqual(refused('code_expired', 'code'));
  await expect(type('')).rejects.toEqual(refused('code_required', 'code'));
  await expect(type('12345')).rejects.toEqual(refused('code_wrong', 'code'));
  const wrong = digits === '000000' ? '000001' : '000000';
  for (const _ of [1, 2, 3, 4]) await expect(type(wrong)).rejects.toEqual(refused('code_wrong', 'code'));
  await expect(type(wrong)).rejects.toEqual(refused('code_tries', 'code'));
  await expect(type(digits)).rejects.toEqual(refused('code_tries', 'code'));
  expect(await emailOf(ada.id)).toBe(ada.email);
  await byLink(token);
  expect(await emailOf(ada.id)).toBe(email);
});

test('of accounts that race for one address one gets it, and the others keep theirs', async () => {
  const people = await Promise.all(Array.from({ length: 10 }, () => createPerson(at)));
  const email = newAddress();
  const generous = at.with({
    limits: {
      ...defaultSettings.limits,
      mailPerIdentifier: { attempts: 50, seconds: 60 },
      mailPerIdentifierDaily: { attempts: 50, seconds: 60 },
    },
  });
  for (const { id } of people) await requestEmailChange(at, generous, { accountId: id, email, password, source: from() });
  const mails = (await waitingMails(at)).filter((mail) => mail.name === 'change_email' && mail.to === email);
  expect(mails).toHaveLength(10);
  const results = await Promise.allSettled(mails.map((mail) => byLink(tokenOf((mail.params as { link: string }).link))));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(new Set(results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : [])))).toEqual(
    new Set(['email_taken']),
  );
  const emails = await Promise.all(people.map(({ id }) => emailOf(id)));
  expect(emails.filter((each) => each === email)).toHaveLength(1);
  for (const [index, person] of people.entries()) if (emails[index] !== email) expect(emails[index]).toBe(person.email);
});

test('there and back again works, and nobody else gets an address that was given up before a week is over', async () => {
  const [ada, eve] = [await createPerson(at), await createPerson(at)];
  const email = newAddress();
  await changed(ada.id, email);
  await ask(eve.id, ada.email);
  await expect(mailTo(at, ada.email, 'change_email')).rejects.toThrow();
  await mailTo(at, ada.email, 'address_taken');
  await changed(ada.id, ada.email);
  expect(await emailOf(ada.id)).toBe(ada.email);
  await ask(eve.id, email);
  await mailTo(at, email, 'address_taken');
  await shiftClock(at.database, 7 * DAY + 60);
  await changed(eve.id, email);
  expect(await emailOf(eve.id)).toBe(email);
  expect(await identifiers.find(at.db, at.brand.id, digestOf(at, email))).toBe(eve.id);
});

test('an address that was given up is forgotten after the week', async () => {
  const { id, email } = await createPerson(at);
  await changed(id, newAddress());
  const kept = async () => (await at.db.rows(sql`select 1 from portico.identifiers where digest = ${digestOf(at, email)}`)).length;
  await sweepAll(at, often);
  expect(await kept()).toBe(1);
  await shiftClock(at.database, 7 * DAY + 60);
  await sweepAll(at, often);
  expect([await kept(), await identifiers.find(at.db, at.brand.id, digestOf(at, (await emailOf(id)) ?? ''))]).toEqual([0, id]);
});

test('a second mail of the registration opens nothing once the account has another address, which it may take back', async () => {
  const [email, confirm] = [newAddress(), { source: from(), confirmPath: '/confirm-email' }];
  const { handle } = await beginRegistration(at, at.brand, { email, password, ...confirm });
  const first = tokenOf((await mailTo(at, email, 'confirm_registration')).params.link);
  await mailRegistrationAgain(at, at.brand, { handle, ...confirm });
  const second = tokenOf((await mailTo(at, email, 'confirm_registration')).params.link);
  const { account } = await confirmRegistration(at, at.brand, { shown: { token: first }, source: from() });
  await changed(account.id, newAddress());
  await expect(confirmRegistration(at, at.brand, { shown: { token: second }, source: from() })).rejects.toEqual(refused('code_expired'));
  await changed(account.id, email);
  expect(await emailOf(account.id)).toBe(email);
});

test('a code that is proved late, or by a disabled account, changes nothing', async () => {
  const { id, email: before } = await createPerson(at);
  const { token } = await asked(id, newAddress());
  await shiftClock(at.database, 3_601);
  await expect(byLink(token)).rejects.toEqual(refused('code_expired'));
  const other = await asked(id, newAddress());
  await accounts.disable(at.db, at.brand.id, id);
  await expect(byLink(other.token)).rejects.toEqual(refused('account_unavailable'));
  expect(await emailOf(id)).toBe(before);
});
