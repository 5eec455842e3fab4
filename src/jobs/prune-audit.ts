// The audit trail is kept for as many days as its brand says. The digests of what is gone stay, so that the chain can still be verified.
import { defaultSettings } from '../domain/brands.ts';
import type { Services } from '../services.ts';
import * as auditBatches from '../storage/audit-batches.ts';
import { hasTime, type Pace } from './budget.ts';

const BATCH = 5_000;
const BUDGET_MS = 20_000;

/** @returns how many rows went. */
export async function pruneAudit({ db }: Pick<Services, 'db'>, { batch = BATCH, budget = BUDGET_MS, leaving }: Pace = {}): Promise<number> {
  const goesOn = hasTime(budget, leaving);
  let total = 0;
  for (const { days, ...place } of await auditBatches.listDue(db, defaultSettings.auditDays)) {
    let removed = batch;
    while (removed > 0 && goesOn()) {
      removed = await auditBatches.prune(db, place, { days, limit: batch });
      total += removed;
    }
  }
  return total;
}
