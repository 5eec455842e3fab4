// Accounts whose cooling-off has ended are erased, one transaction each. Several processes share the work and no account is erased twice.
import { eraseNextDue } from '../flows/erase-account.ts';
import type { Services } from '../services.ts';
import * as accountRemains from '../storage/account-remains.ts';
import { hasTime, type Pace } from './budget.ts';

const BUDGET_MS = 20_000;
const MOST_FAULTS = 20;

/** Until none is due or the time is up; the next run goes on. @returns how many were erased. */
export async function eraseAccounts(
  services: Pick<Services, 'db' | 'keyring' | 'log'>,
  { leaving }: Pick<Pace, 'leaving'> = {},
): Promise<number> {
  const { db, log } = services;
  const goesOn = hasTime(BUDGET_MS, leaving);
  let [erased, faults] = [0, 0];
  let more = true;
  while (more && faults < MOST_FAULTS && goesOn()) {
    try {
      more = await eraseNextDue(services, { skip: faults });
      if (more) erased += 1;
    } catch (error) {
      // One that cannot be erased now does not keep the others; it is tried again with the next run.
      faults += 1;
      log.error({ err: error, event: 'erasure_failed' });
    }
  }
  const late = await accountRemains.removeLate(db);
  if (erased + late > 0) log.info({ event: 'accounts_erased', count: erased });
  return erased;
}
