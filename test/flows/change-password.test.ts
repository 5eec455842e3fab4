import { defaultSettings } from '../../src/domain/brands.ts';
import { changePassword } from '../../src/flows/change-password.ts';
import { login } from '../../src/flows/login.ts';
import * as accounts from '../../src/storage/accounts.ts';
import { mailTo, waitingMails } from '../support/mails.ts';
import { createPerson, eventsOf, from, newPassword, oldPassword, openOf, openSession, told } from './person.ts';
import { createTestBrand, type TestBrand } from './test-brand.ts';

let at: TestBrand;
beforeAll(async () => {
  at = await createTestBrand();
});
afterAll(() => at.close());

function change(
  accountId: string,
  more: { password?: string; newPassword?: string; sessionUid?: string; brand?: TestBrand['brand'] } = {},
) {
  const { brand = at.brand, ...typed } = more;
  const input = { accountId, sessionUid: 'none', password: oldPassword, newPassword, source: from(), ...typed };
  return changePassword(at, brand, input);
}

const signIn = (email: string, password: string) => login(at, at.brand, { email, password, source: from() });
const refused = (code: string, field?: string) => expect.objectContaining({ code, ...(field && { field }) });

test('the new password opens the account, the old one does not, and the owner is told with a way to say no', async () => {
  const { id, email } = await createPerson(at);
  const cost = await at.cost(() => change(id));
  expect(cost.hashes).toBe(2);
  expect(await eventsOf(at, id)).toEqual(['password_changed']);
  await expect(signIn(email, oldPassword)).rejects.toEqual(refused('wrong_credentials'));
  expect((await signIn(email, newPassword)).account.id).toBe(id);
  const { params } = await mailTo(at, email, 'password_changed');
  expect(params).toMatchObject({ how: 'changed', seen: { device: 'Chrome/Windows' }, when: expect.stringMatching(/^\d{4}-.*Z$/) });
  expect(params.link).toMatch(/^https:\/\/demo\.example\/secure-account\?token=[\w-]{44}$/);
});

test('this session and the apps signed in through it go on; everything else ends, and its apps hear of it', async () => {
  const { id } = await createPerson(at);
  const [here, there, elsewhere] = [await openSession(at, id), await openSession(at, id, { clientId: 'radio' }), await openSession(at, id)];
  const other = await createPerson(at);
  const others = await openSession(at, other.id);
  await change(id, { sessionUid: here.uid });
  expect(await openOf(at, id)).toEqual({ sessions: [here.uid], grants: [here.grantId], tokens: [here.uid, here.uid] });
  const heard = await told(at);
  expect(heard).toEqual(expect.arrayContaining([there.sid, elsewhere.sid]));
  expect(heard).not.toContain(here.sid);
  expect(heard).not.toContain(others.sid);
  expect((await openOf(at, other.id)).sessions).toEqual([others.uid]);
  const { signedOutAt, signedOutExcept } = (await accounts.find(at.db, at.brand.id, id)) ?? {};
  expect(signedOutExcept).toBe(here.uid);
  expect(signedOutAt?.getTime()).toBeGreaterThan(Date.now() - 2_000);
});

test("somebody else's session keeps nothing", async () => {
  const [ada, eve] = [await createPerson(at), await createPerson(at)];
  const [adas, eves] = [await openSession(at, ada.id), await openSession(at, eve.id)];
  await change(ada.id, { sessionUid: eves.uid });
  expect(await openOf(at, ada.id)).toEqual({ sessions: [], grants: [], tokens: [] });
  expect((await openOf(at, eve.id)).sessions).toEqual([eves.uid]);
  expect(adas.uid).not.toBe(eves.uid);
});

test('of twenty changes at once one succeeds, and the others say so', async () => {
  const { id, email } = await createPerson(at);
  const passwords = Array.from({ length: 20 }, (_, index) => `${newPassword} ${index}`);
  const crowd = { attempts: 100, seconds: 60 };
  const brand = at.with({ limits: { ...defaultSettings.limits, loginPerIdentifier: crowd } });
  const results = await Promise.allSettled(passwords.map((each) => change(id, { newPassword: each, brand })));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const codes = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []));
  // Who looked after the quickest had finished shows a password that is none any more.
  expect(codes.filter((code) => code !== 'password_wrong' && code !== 'password_changed_elsewhere')).toEqual([]);
  expect(codes).toContain('password_changed_elsewhere');
  const winner = passwords[results.findIndex(({ status }) => status === 'fulfilled')] as string;
  expect((await login(at, brand, { email, password: winner, source: from() })).account.id).toBe(id);
  expect((await waitingMails(at)).filter(({ name, to }) => name === 'password_changed' && to === email)).toHaveLength(1);
});

test('a sign-in with the old password that was checked just before the change does not get in', async () => {
  const { id, email } = await createPerson(at);
  const verify: typeof at.hasher.verify = async (...shown) => {
    const right = await at.hasher.verify(...shown);
    if (right) await change(id);
    return right;
  };
  const input = { email, password: oldPassword, source: from() };
  await expect(login({ ...at, hasher: { ...at.hasher, verify } }, at.brand, input)).rejects.toEqual(refused('wrong_credentials'));
  expect((await signIn(email, newPassword)).account.id).toBe(id);
});

test('what we would not take is refused at its field and costs neither hash nor try', async () => {
  const { id, email } = await createPerson(at);
  for (const [typed, code, field] of [
    [{ password: '' }, 'password_required', 'password'],
    [{ newPassword: '' }, 'password_required', 'new_password'],
    [{ newPassword: 'short' }, 'password_too_short', 'new_password'],
    [{ newPassword: 'Password1' }, 'password_breached', 'new_password'],
    [{ newPassword: `${email.split('@')[0]}12` }, 'password_contains_context', 'new_password'],
    [{ newPassword: 'x'.repeat(1_048_576) }, 'password_too_long', 'new_password'],
  ] as const) {
    const { hashes, statements } = await at.cost(() => change(id, typed));
    expect([hashes, statements.filter((text) => !/^\s*select/.test(text))]).toEqual([0, []]);
    await expect(change(id, typed)).rejects.toEqual(refused(code, field));
  }
});

test('the current password is checked and its tries are counted with those of signing in; the same one again is none', async () => {
  const { id } = await createPerson(at);
  const brand = at.with({ limits: { ...defaultSettings.limits, loginPerIdentifier: { attempts: 3, seconds: 900 } } });
  for (const _ of [1, 2, 3, 4])
    await expect(change(id, { newPassword: oldPassword, brand })).rejects.toEqual(refused('password_unchanged', 'new_password'));
  for (const _ of [1, 2, 3])
    await expect(change(id, { password: 'not it at all', brand })).rejects.toEqual(refused('password_wrong', 'password'));
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => change(id, { brand })));
  expect(new Set(results.map((result) => result.status === 'rejected' && result.reason.code))).toEqual(new Set(['too_many_attempts']));
});

test('an account without a password, a disabled one and nobody change none', async () => {
  const { id } = await createPerson(at, { password: null });
  await expect(change(id)).rejects.toEqual(refused('password_unset'));
  const disabled = await createPerson(at);
  await accounts.disable(at.db, at.brand.id, disabled.id);
  for (const each of [disabled.id, '00000000-0000-4000-8000-000000000000']) {
    await expect(change(each)).rejects.toEqual(refused('account_unavailable'));
  }
});
