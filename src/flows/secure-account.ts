// "This was not me": whoever reads the account's mail shuts everyone out. No password opens it any more, and this browser sets a new one.
import { randomBytes } from 'node:crypto';
import type { Brand } from '../domain/brands.ts';
import { codeKey, codeRefusal, endedByOwner, newLink, readShown, readToken, secretDigest } from '../domain/one-time-codes.ts';
import type { RememberedReset } from '../domain/reset-links.ts';
import type { Source } from '../domain/sources.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import * as accountAccess from '../storage/account-access.ts';
import * as accounts from '../storage/accounts.ts';
import * as auditEvents from '../storage/audit-events.ts';
import type { Db } from '../storage/database.ts';
import * as oneTimeCodes from '../storage/one-time-codes.ts';
import * as passwords from '../storage/passwords.ts';
import { traced } from '../traced.ts';

export interface SecureAccount {
  /** Of the link. */
  token: string;
  source: Source;
}

type Doors = Pick<Services, 'db' | 'hasher' | 'keyring'>;

/** Whether the link still opens something, for its page. */
export const isSecureLink = traced(async function isSecureLink(
  { db }: Pick<Services, 'db'>,
  brand: Brand,
  token: string,
): Promise<boolean> {
  const parts = readToken(token);
  const key = parts && codeKey(parts.handle);
  if (!key) return false;
  const place = { brandId: brand.id, purpose: 'secure_account' as const, key };
  const row = await oneTimeCodes.find(db, place, { secret: secretDigest(parts.secret) });
  return row !== undefined && row.consumedAt === null;
});

/**
 * Once. A deletion somebody asked for is off: it can be asked for again.
 * @returns the token of a fresh link for a new password, for this browser; undefined where there is no password to set.
 * @throws Refusal code_wrong, code_used, code_expired, account_unavailable, overloaded.
 */
export const secureAccount = traced(async function secureAccount(
  services: Doors,
  brand: Brand,
  { token, source }: SecureAccount,
): Promise<{ resetToken: string | undefined }> {
  const { db, hasher, keyring } = services;
  const { key, proof } = readShown(keyring, brand.id, { token });
  const place = { brandId: brand.id, purpose: 'secure_account' as const, key };
  const row = await oneTimeCodes.check(db, place, proof);
  if (!row) throw codeRefusal(await oneTimeCodes.find(db, place));
  // Nobody knows it; with a hash in its place the account has a password that can be forgotten and set anew.
  const nobodys = await hasher.hash(randomBytes(32).toString('base64url'));
  return db.transaction(async (db) => {
    const hadPassword = await passwords.replace(db, brand.id, row.accountId, nobodys);
    const email = await shut(db, brand, row);
    if (!(await oneTimeCodes.take(db, place, proof))) throw codeRefusal(await oneTimeCodes.find(db, place));
    await auditEvents.record(db, brand.id, { event: 'account_secured', actor: 'end_user', accountId: row.accountId, source });
    return { resetToken: hadPassword ? await letSetPassword(db, keyring, brand, row.accountId, email) : undefined };
  });
});

/** Links that undo a change of address stay: they reach further than this one. */
async function shut(db: Db, brand: Brand, { accountId, createdAt }: oneTimeCodes.OneTimeCode): Promise<string | null> {
  await accountAccess.endAll(db, brand.id, accountId);
  const account = await accounts.find(db, brand.id, accountId);
  if (!account || account.disabledAt) throw new Refusal('account_unavailable', undefined, { params: { brand: brand.name } });
  await accounts.clearEraseAfter(db, brand.id, accountId);
  await oneTimeCodes.endAllOf(db, brand.id, accountId, endedByOwner);
  await oneTimeCodes.endLaterOf(db, brand.id, accountId, { after: createdAt, purposes: ['secure_account'] });
  return account.email;
}

/** That the mail was read proves the address of that day, which may be another by now: the new password proves none. */
async function letSetPassword(db: Db, keyring: Services['keyring'], brand: Brand, accountId: string, email: string | null) {
  const remembered: RememberedReset = { email: email ?? undefined, mailed: false };
  const { row, token } = newLink(keyring, brand.id, 'reset_password', accountId, remembered);
  await oneTimeCodes.insert(db, row);
  return token;
}
