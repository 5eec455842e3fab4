// An operator shuts an account out: it cannot sign in, and everything it had open ends in the same moment.
import type { Brand } from '../../domain/brands.ts';
import { OperatorError } from '../../errors.ts';
import type { Services } from '../../services.ts';
import * as accountAccess from '../../storage/account-access.ts';
import * as accounts from '../../storage/accounts.ts';
import * as auditEvents from '../../storage/audit-events.ts';
import type { Db } from '../../storage/database.ts';
import { traced } from '../../traced.ts';

/**
 * Disabling twice is no mistake. The clients it was signed in at hear of it.
 * @returns false when it was disabled already. @throws OperatorError when there is no such account.
 */
export const disableAccount = traced(async function disableAccount(
  { db }: Pick<Services, 'db'>,
  brand: Brand,
  accountId: string,
): Promise<boolean> {
  return db.transaction((db) => change(db, brand, accountId, 'account_disabled'));
});

/** Nothing from before comes back: the person signs in anew. @returns false when it was not disabled. */
export const enableAccount = traced(async function enableAccount(
  { db }: Pick<Services, 'db'>,
  brand: Brand,
  accountId: string,
): Promise<boolean> {
  return db.transaction((db) => change(db, brand, accountId, 'account_enabled'));
});

/** Enabling ends things too: a request that was on its way while the account was disabled may have left something behind. */
async function change(db: Db, brand: Brand, accountId: string, event: 'account_disabled' | 'account_enabled'): Promise<boolean> {
  if (!(await accounts.find(db, brand.id, accountId))) throw new OperatorError(`${brand.slug} has no account ${accountId}.`);
  const set = event === 'account_disabled' ? accounts.disable : accounts.enable;
  if (!(await set(db, brand.id, accountId))) return false;
  await accountAccess.endAll(db, brand.id, accountId);
  await auditEvents.record(db, brand.id, { event, actor: 'operator', accountId });
  return true;
}
