// An operator asks whether the audit trail is what was written: each chain is walked from its first batch, each row's digest made anew.

import { AUDIT_RANGES, type AuditFault, type AuditPlace, BEGINNING, checkBatch } from '../../domain/audit-chain.ts';
import type { Brand } from '../../domain/brands.ts';
import type { Services } from '../../services.ts';
import * as auditBatches from '../../storage/audit-batches.ts';
import * as auditEvents from '../../storage/audit-events.ts';
import { traced } from '../../traced.ts';

/** The end of a chain. Kept elsewhere and given later, it shows whether somebody has made the whole chain anew. */
export interface AuditHead {
  range: number;
  batch: number;
  /** Hexadecimal. */
  digest: string;
}

export interface AuditReport {
  /** Sealed rows that were read. */
  events: number;
  batches: number;
  /** Of these, without rows by now. */
  pruned: number;
  /** Rows that no batch holds yet: the job seals them within minutes. */
  unsealed: number;
  heads: AuditHead[];
  /** Nothing, or the first thousand of what is wrong. */
  faults: AuditFault[];
}

const MOST_FAULTS = 1_000;
/** No batch has a number below 1, unless somebody made it. */
const LOWEST = -(2 ** 31);

/** Reads on while rows are written, sealed and pruned. */
export const verifyAudit = traced(async function verifyAudit(
  { db }: Pick<Services, 'db'>,
  brand: Brand,
  known: readonly AuditHead[] = [],
): Promise<AuditReport> {
  const unsealed = await auditEvents.countUnsealed(db, brand.id);
  const report: AuditReport = { events: 0, batches: 0, pruned: 0, unsealed, heads: [], faults: [] };
  for (let range = 0; range < AUDIT_RANGES; range += 1) {
    const heads = known.filter((head) => head.range === range).map(({ batch, digest }) => [batch, digest] as const);
    await walk(db, { brandId: brand.id, range }, report, new Map(heads));
    report.faults.splice(MOST_FAULTS);
  }
  return report;
});

/** One chain, from its beginning to its end. What it passes of `known` is taken out. */
async function walk(db: Services['db'], place: AuditPlace, report: AuditReport, known: Map<number, string>): Promise<void> {
  let last = BEGINNING;
  let unpruned = false;
  for await (const batch of batchesOf(db, place)) {
    const where = { range: place.range, batch: batch.number };
    const faults = checkBatch(place, last, batch, batch.rows);
    // Retention takes the oldest first.
    if (batch.pruned && unpruned) faults.push({ fault: 'pruned_early', ...where });
    if ((known.get(batch.number) ?? hex(batch)) !== hex(batch)) faults.push({ fault: 'head_changed', ...where });
    known.delete(batch.number);
    unpruned ||= !batch.pruned;
    last = batch;
    count(report, batch, faults);
  }
  // A head that is found no more is a missing batch, like one that rows still name.
  const missing = new Set([...(await auditBatches.listOrphaned(db, place, last.number)), ...known.keys()]);
  for (const batch of missing) report.faults.push({ fault: 'batch_missing', range: place.range, batch, count: 1 });
  if (last.number !== 0) report.heads.push({ range: place.range, batch: last.number, digest: hex(last) });
}

async function* batchesOf(db: Services['db'], place: AuditPlace): AsyncGenerator<auditBatches.BatchWithRows> {
  let after = LOWEST;
  for (let page = await auditBatches.listAfter(db, place, after); page.length > 0; page = await auditBatches.listAfter(db, place, after)) {
    yield* page;
    after = page.at(-1)?.number ?? after;
  }
}

function count(report: AuditReport, batch: auditBatches.BatchWithRows, faults: AuditFault[]): void {
  report.events += batch.rows.length;
  report.batches += 1;
  report.pruned += batch.pruned ? 1 : 0;
  if (report.faults.length < MOST_FAULTS) report.faults.push(...faults);
}

function hex({ digest }: { digest: Buffer }): string {
  return digest.toString('hex');
}
