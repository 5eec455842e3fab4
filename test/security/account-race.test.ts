// Everything that can happen to an account's keys at once: whoever wins, nothing breaks and the account is in one piece.

import { Refusal } from '../../src/errors.ts';
import { confirmEmailChange, requestEmailChange } from '../../src/flows/change-email.ts';
import { changePassword } from '../../src/flows/change-password.ts';
import { forgotPassword } from '../../src/flows/forgot-password.ts';
import { login } from '../../src/flows/login.ts';
import { resetPassword } from '../../src/flows/reset-password.ts';
import { secureAccount } from '../../src/flows/secure-account.ts';
import { undoEmailChange } from '../../src/flows/undo-email.ts';
import * as accounts from '../../src/storage/accounts.ts';
import * as identifiers from '../../src/storage/identifiers.ts';
import { createPerson, digestOf, from, newAddress, newPassword, oldPassword, openOf, openSession, tokenOf } from '../flows/person.ts';
import { createTestBrand, type TestBrand } from '../flows/test-brand.ts';
import { mailTo } from '../support/mails.ts';

let at: TestBrand;
beforeAll(async () => {
  at = await createTestBrand();
});
afterAll(() => at.close());

async function changeEmailLink(accountId: string, email: string, password: string): Promise<string> {
  await requestEmailChange(at, at.brand, { accountId, email, password, source: from() });
  return tokenOf((await mailTo(at, email, 'change_email')).params.link);
}

test.each([1, 2, 3])('a code, two links, a reset, two new passwords and sign-ins at once leave one whole account (%i)', async () => {
  const { brand } = at;
  const { id, email: a } = await createPerson(at);
  const [b, c] = [newAddress('b'), newAddress('c')];
  const session = await openSession(at, id);
  await changePassword(at, brand, { accountId: id, sessionUid: session.uid, password: oldPassword, newPassword, source: from() });
  const secure = tokenOf((await mailTo(at, a, 'password_changed')).params.link);
  await confirmEmailChange(at, brand, { shown: { token: await changeEmailLink(id, b, newPassword) }, source: from() });
  const undo = tokenOf((await mailTo(at, a, 'email_changed')).params.link);
  const change = await changeEmailLink(id, c, newPassword);
  await forgotPassword(at, brand, { email: b, source: from() });
  const reset = tokenOf((await mailTo(at, b, 'reset_password')).params.link);

  const acts: (() => Promise<unknown>)[] = [
    () => confirmEmailChange(at, brand, { shown: { token: change }, by: { accountId: id, sessionUid: session.uid }, source: from() }),
    () => undoEmailChange(at, brand, { token: undo, source: from() }),
    () => secureAccount(at, brand, { token: secure, source: from() }),
    () => resetPassword(at, brand, { shown: { token: reset }, password: 'harmonica lighthouse 12', source: from() }),
    () =>
      changePassword(at, brand, {
        accountId: id,
        sessionUid: session.uid,
        password: newPassword,
        newPassword: oldPassword,
        source: from(),
      }),
    () => login(at, brand, { email: b, password: newPassword, source: from() }),
  ];
  const results = await Promise.allSettled([...acts, ...acts, ...acts].map((act) => act()));
  const faults = results.flatMap((result) => (result.status === 'rejected' && !(result.reason instanceof Refusal) ? [result.reason] : []));
  expect(faults).toEqual([]);

  const account = await accounts.find(at.db, brand.id, id);
  const held = await Promise.all([a, b, c].map((email) => identifiers.find(at.db, brand.id, digestOf(at, email))));
  expect([a, b, c].filter((_, index) => held[index] === id)).toEqual([account?.email]);
  const { grants, tokens } = await openOf(at, id);
  expect(grants.every((grant) => grant === session.grantId)).toBe(true);
  expect(tokens.every((uid) => uid === session.uid)).toBe(true);
});
