// An account is erased: nothing that tells a person stays, a tombstone and the bare facts of the audit trail do. There is no way back.
import type { AuditEntry } from '../domain/audit.ts';
import type { Brand } from '../domain/brands.ts';
import type { Services } from '../services.ts';
import * as accountRemains from '../storage/account-remains.ts';
import * as auditEvents from '../storage/audit-events.ts';
import * as brands from '../storage/brands.ts';
import type { Db } from '../storage/database.ts';
import * as erasedAccounts from '../storage/erased-accounts.ts';
import * as outbox from '../storage/outbox.ts';
import { traced } from '../traced.ts';

type Doors = Pick<Services, 'db' | 'keyring'>;

/** A mail server may be away for long; after a month the news would only puzzle. */
const MAIL_SECONDS = 30 * 86_400;

/** At once, by an operator. @returns false when there is no such account (any more). */
export const eraseAccount = traced(async function eraseAccount({ db, keyring }: Doors, brand: Brand, accountId: string): Promise<boolean> {
  return db.transaction(async (db) => {
    const removed = await erasedAccounts.removeAccount(db, brand.id, accountId);
    if (removed) await finish(db, keyring, brand, removed, 'operator');
    return removed !== undefined;
  });
});

/** The account whose cooling-off ended first, of any brand; `skip` passes over so many. @returns false when none is due. */
export const eraseNextDue = traced(async function eraseNextDue({ db, keyring }: Doors, { skip = 0 } = {}): Promise<boolean> {
  return db.transaction(async (db) => {
    const removed = await erasedAccounts.removeNextDue(db, { skip });
    const brand = removed && (await brands.findById(db, removed.brandId));
    if (!brand) return false;
    await finish(db, keyring, brand, removed, 'system');
    return true;
  });
});

/** Whoever deleted the account's row does the rest, in the same transaction: once, however many tried. */
async function finish(
  db: Db,
  keyring: Doors['keyring'],
  brand: Brand,
  { id, email, locale }: erasedAccounts.RemovedAccount,
  actor: AuditEntry['actor'],
): Promise<void> {
  await accountRemains.removeAllOf(db, brand.id, id);
  await erasedAccounts.insert(db, brand.id, id);
  await auditEvents.record(db, brand.id, { event: 'account_erased', actor, accountId: id });
  if (email === null) return;
  await outbox.forgetMailsTo(db, keyring, brand.id, email);
  const mail = { name: 'account_erased', params: {}, to: email, locale: locale ?? brand.settings.locale, seconds: MAIL_SECONDS } as const;
  await outbox.addMail(db, keyring, brand.id, mail);
}
