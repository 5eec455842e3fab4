// Seals the audit trail: rows that were written side by side, without waiting for each other, become links of a chain.
// Several nodes may seal at once; each row ends up in one batch.
import { type AuditBatch, type AuditPlace, BEGINNING, sealBatch } from '../domain/audit-chain.ts';
import type { Services } from '../services.ts';
import * as auditBatches from '../storage/audit-batches.ts';
import { type Db, isUniqueViolation } from '../storage/database.ts';
import { hasTime, type Pace } from './budget.ts';

type Doors = Pick<Services, 'db' | 'log'>;

// Well below what a statement may take (storage/session-limits.ts).
const BATCH = 2_000;
const BUDGET_MS = 20_000;

/** Until all is sealed or the time is up; the next run goes on. @returns how many rows were sealed. */
export async function sealAudit(services: Doors, { batch = BATCH, budget = BUDGET_MS, leaving }: Pace = {}): Promise<number> {
  const goesOn = hasTime(budget, leaving);
  let total = 0;
  for (const place of await auditBatches.listWaiting(services.db)) {
    let sealed = batch;
    while (sealed === batch && goesOn()) {
      sealed = await sealNext(services, place, batch);
      total += sealed;
    }
  }
  return total;
}

/** @returns 0 also when another sealer was quicker: what it left is for the next run. */
async function sealNext({ db, log }: Doors, place: AuditPlace, limit: number): Promise<number> {
  try {
    const batch = await db.transaction((db) => seal(db, place, limit));
    if (!batch) return 0;
    // Logs are kept elsewhere: whoever makes the whole chain anew would have to change them too.
    log.info({ event: 'audit_sealed', ...place, batch: batch.number, digest: batch.digest.toString('hex') });
    return batch.events;
  } catch (error) {
    if (isUniqueViolation(error)) return 0;
    throw error;
  }
}

async function seal(db: Db, place: AuditPlace, limit: number): Promise<AuditBatch | undefined> {
  const rows = await auditBatches.lockWaiting(db, place, limit);
  if (rows.length === 0) return undefined;
  const { batch, digests } = sealBatch(place, (await auditBatches.findLast(db, place)) ?? BEGINNING, rows);
  await auditBatches.insert(db, place, batch);
  await auditBatches.seal(db, place.brandId, batch.number, rows, digests);
  return batch;
}
