// Who is signed in and knows the password sets a new one. Every other session ends; this one, and the apps it is signed in at, go on.
import type { Account } from '../domain/accounts.ts';
import type { Brand } from '../domain/brands.ts';
import { type Budget, isAdmitted, noticeAttempt } from '../domain/limits.ts';
import { acceptablePassword, accountPasswordContext, normalizePassword } from '../domain/passwords.ts';
import { newSecureLink } from '../domain/secure-account.ts';
import { type Source, seen } from '../domain/sources.ts';
import { Refusal } from '../errors.ts';
import { checkPassword } from '../password-check.ts';
import type { Services } from '../services.ts';
import * as accountAccess from '../storage/account-access.ts';
import * as accounts from '../storage/accounts.ts';
import * as auditEvents from '../storage/audit-events.ts';
import type { Db } from '../storage/database.ts';
import * as limits from '../storage/limits.ts';
import * as oneTimeCodes from '../storage/one-time-codes.ts';
import * as outbox from '../storage/outbox.ts';
import * as passwords from '../storage/passwords.ts';
import { traced } from '../traced.ts';

export interface ChangePassword {
  accountId: string;
  /** The session that goes on. */
  sessionUid: string;
  /** The one until now. */
  password: string;
  newPassword: string;
  source: Source;
  deviceCookie?: string | undefined;
  /** The app they come from: its name is no password. */
  clientName?: string | undefined;
  /** Fires when the person hangs up: a hash nobody waits for is not computed. */
  signal?: AbortSignal | undefined;
}

type Doors = Pick<Services, 'db' | 'hasher' | 'keyring'>;

/**
 * Two hashes; a new password we would not take costs none. Of several at once one succeeds.
 * @throws Refusal at `password`: password_required, password_wrong; at `new_password`: password_*, password_unchanged; at none:
 * password_unset, password_changed_elsewhere, too_many_attempts, overloaded, account_unavailable.
 */
export const changePassword = traced(async function changePassword(services: Doors, brand: Brand, input: ChangePassword): Promise<void> {
  const { db, hasher } = services;
  const { accountId, password, source, deviceCookie, signal } = input;
  const account = await accounts.find(db, brand.id, accountId);
  if (!account || account.disabledAt) throw new Refusal('account_unavailable', undefined, { params: { brand: brand.name } });
  const hash = await passwords.findUsable(db, brand.id, accountId);
  if (!hash) throw new Refusal('password_unset');
  if (password === '') throw new Refusal('password_required', 'password');
  const next = acceptable(brand, account, input);
  // Both were typed just now: that they are alike tells nothing, and costs no try.
  if (normalizePassword(password) === next) throw new Refusal('password_unchanged', 'new_password');
  const attempt = await checkPassword(services, brand, account, { password, hash, source, deviceCookie, signal });
  const hashes = { from: hash, to: await hasher.hash(next, signal) };
  await db.transaction((db) => change(db, services, brand, { account, attempt, hashes, input }));
});

function acceptable(brand: Brand, account: Account, { newPassword, clientName }: ChangePassword): string {
  const context = accountPasswordContext(brand, account, clientName);
  try {
    return acceptablePassword(newPassword, { minimum: brand.settings.passwordMinimum, context });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(error.code, 'new_password', { params: { ...error.params } });
  }
}

interface Change {
  account: Account;
  attempt: Budget[];
  hashes: { from: string; to: string };
  input: ChangePassword;
}

async function change(db: Db, { keyring }: Doors, brand: Brand, { account, attempt, hashes, input }: Change): Promise<void> {
  const { source, sessionUid } = input;
  if (!(await passwords.change(db, brand.id, account.id, hashes))) throw new Refusal('password_changed_elsewhere');
  await accountAccess.endOthers(db, brand.id, account.id, sessionUid);
  await oneTimeCodes.endAllOf(db, brand.id, account.id, ['reset_password', 'unlock']);
  await auditEvents.record(db, brand.id, { event: 'password_changed', actor: 'end_user', accountId: account.id, source });
  await tell(db, keyring, brand, account, source);
  await limits.succeed(db, brand.id, attempt);
}

async function tell(
  db: Db,
  keyring: Services['keyring'],
  brand: Brand,
  { id: accountId, email: to, emailVerified }: Account,
  source: Source,
) {
  const attempt = noticeAttempt(keyring, brand, accountId, 'password_changed');
  if (!emailVerified && !isAdmitted(await limits.reserve(db, brand.id, attempt))) return;
  const { row, link } = newSecureLink(keyring, brand, accountId);
  await oneTimeCodes.insert(db, row);
  const params = { how: 'changed' as const, link, seen: seen(source), when: new Date().toISOString() };
  await outbox.addMail(db, keyring, brand.id, { name: 'password_changed', params, to, locale: source.locale, seconds: row.seconds });
}
