// Somebody who is signed in shows the password of the account once more. Counted like a sign-in, with the same budgets: no door of its own to try at.
import type { Account } from './domain/accounts.ts';
import type { Brand } from './domain/brands.ts';
import { parseEmail } from './domain/email.ts';
import { identifierDigest, openIdentifierKey } from './domain/identifiers.ts';
import { knowsDevice } from './domain/known-devices.ts';
import { type Budget, firstExceeded, loginAttempt, refuseExceeded } from './domain/limits.ts';
import { networkOf } from './domain/networks.ts';
import { normalizePassword } from './domain/passwords.ts';
import type { Source } from './domain/sources.ts';
import { Refusal } from './errors.ts';
import type { Services } from './services.ts';
import * as auditEvents from './storage/audit-events.ts';
import * as limits from './storage/limits.ts';

export interface ShownPassword {
  password: string;
  /** The stored hash. */
  hash: string;
  source: Source;
  deviceCookie?: string | undefined;
  /** Fires when the person hangs up. */
  signal?: AbortSignal | undefined;
}

/**
 * One hash. @returns the budgets it took; `limits.succeed` clears them in the transaction of what it was shown for.
 * @throws Refusal password_required, password_wrong, too_many_attempts, overloaded, all at the field `password` or none.
 */
export async function checkPassword(
  { db, hasher, keyring }: Pick<Services, 'db' | 'hasher' | 'keyring'>,
  brand: Brand,
  { id, email }: Pick<Account, 'id' | 'email'>,
  { password, hash, source, deviceCookie, signal }: ShownPassword,
): Promise<Budget[]> {
  if (password === '') throw new Refusal('password_required', 'password');
  const normal = normalizePassword(password);
  if (normal === undefined) throw new Refusal('password_wrong', 'password');
  const digest = identifierDigest(openIdentifierKey(keyring, brand), 'email', email ? parseEmail(email).canonical : id);
  const deviceId = knowsDevice(keyring.key('devices'), deviceCookie, digest);
  const attempt = loginAttempt(keyring, brand, { digest, network: networkOf(source.ip), deviceId });
  const reserved = await limits.reserve(db, brand.id, attempt);
  const known = { actor: 'end_user', accountId: id, source } as const;
  const limit = firstExceeded(reserved);
  if (limit) await auditEvents.record(db, brand.id, { event: 'login_locked', ...known, details: { limit } });
  refuseExceeded(reserved);
  const matches = await hasher.verify(hash, normal, signal).catch(async (error) => {
    // An attempt that was not evaluated (overload, hung up) was none.
    await limits.giveBack(db, brand.id, attempt);
    throw error;
  });
  if (matches) return attempt;
  await auditEvents.record(db, brand.id, { event: 'login_failed', ...known });
  throw new Refusal('password_wrong', 'password');
}
