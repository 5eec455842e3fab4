// A restored copy brings erased people back. The journal of tombstones names them, and they are erased again, without another mail.
import type { Brand } from '../domain/brands.ts';
import type { Services } from '../services.ts';
import * as accountRemains from '../storage/account-remains.ts';
import * as auditEvents from '../storage/audit-events.ts';
import type { Db } from '../storage/database.ts';
import * as erasedAccounts from '../storage/erased-accounts.ts';
import * as outbox from '../storage/outbox.ts';
import { traced } from '../traced.ts';

/** A line of a journal that was kept apart from the copy. */
export interface JournalEntry {
  id: string;
  erasedAt: Date;
}

const PAGE = 500;

/**
 * Erases whoever is in the brand's journal, or in `journal`, and there again. May be repeated.
 * @returns how many were there again.
 */
export const eraseAgain = traced(async function eraseAgain(
  { db, keyring }: Pick<Services, 'db' | 'keyring'>,
  brand: Brand,
  journal: readonly JournalEntry[] = [],
): Promise<number> {
  for (const { id, erasedAt } of journal) await erasedAccounts.insert(db, brand.id, id, erasedAt);
  let erased = 0;
  let page: erasedAccounts.ErasedAccount[] = [];
  do {
    page = await erasedAccounts.list(db, brand.id, { limit: PAGE, after: page.at(-1)?.id });
    for (const { id } of page) {
      if (await db.transaction((db) => erase(db, keyring, brand, id))) erased += 1;
    }
  } while (page.length === PAGE);
  return erased;
});

/** Also where only remains are: a copy taken in parts may hold a session without its account. */
async function erase(db: Db, keyring: Services['keyring'], brand: Brand, id: string): Promise<boolean> {
  const removed = await erasedAccounts.removeAccount(db, brand.id, id);
  await accountRemains.removeAllOf(db, brand.id, id);
  if (!removed) return false;
  if (removed.email !== null) await outbox.forgetMailsTo(db, keyring, brand.id, removed.email);
  await auditEvents.record(db, brand.id, { event: 'account_erased', actor: 'operator', accountId: id, details: { again: true } });
  return true;
}
