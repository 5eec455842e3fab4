// An account that was to be erased stays: its owner says so on its page, or by the link we mailed.
import type { Brand } from '../domain/brands.ts';
import { codeKey, readToken, secretDigest } from '../domain/one-time-codes.ts';
import type { Source } from '../domain/sources.ts';
import type { Services } from '../services.ts';
import * as accounts from '../storage/accounts.ts';
import * as auditEvents from '../storage/audit-events.ts';
import * as oneTimeCodes from '../storage/one-time-codes.ts';
import { traced } from '../traced.ts';

type Doors = Pick<Services, 'db'>;

/** @returns false when nobody wanted it erased, or it is gone. */
export const keepAccount = traced(async function keepAccount(
  { db }: Doors,
  brand: Brand,
  { accountId, source }: { accountId: string; source: Source },
): Promise<boolean> {
  return db.transaction(async (db) => {
    if (!(await accounts.clearEraseAfter(db, brand.id, accountId))) return false;
    await oneTimeCodes.endAllOf(db, brand.id, accountId, ['keep_account']);
    await auditEvents.record(db, brand.id, { event: 'deletion_cancelled', actor: 'end_user', accountId, source });
    return true;
  });
});

/** The link works once, since keeping ends it. @returns false when it was used, is too old, for something else or made up, or the account is gone. */
export const keepAccountByLink = traced(async function keepAccountByLink(
  doors: Doors,
  brand: Brand,
  { token, source }: { token: string; source: Source },
): Promise<boolean> {
  const parts = readToken(token);
  const key = parts && codeKey(parts.handle);
  if (!key) return false;
  // Looked at, not spent: the account's row is locked first everywhere, so that nobody waits for each other.
  const place = { brandId: brand.id, purpose: 'keep_account', key } as const;
  const row = await oneTimeCodes.check(doors.db, place, { secret: secretDigest(parts.secret) });
  return row !== undefined && keepAccount(doors, brand, { accountId: row.accountId, source });
});
