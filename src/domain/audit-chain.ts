// What makes the audit trail tamper-evident: a digest for each row, and batches of rows of which each covers the one before.
// No digest covers personal fields, only the commitment to them: erasing them breaks nothing.
import { createHash } from 'node:crypto';
import { type AuditRow, canonical, isCommitted } from './audit.ts';
import { SLICES } from './slices.ts';

/** Chains per brand: several can be sealed side by side, on several machines one day. */
export const AUDIT_RANGES = 8;
/** The same number stands in the SQL of storage/audit-batches.ts and in its index. */
export const SLICES_PER_RANGE = SLICES / AUDIT_RANGES;

/** One chain. */
export interface AuditPlace {
  brandId: number;
  range: number;
}

/** A row as it stands; `at` is ISO 8601 in UTC with microseconds, which a Date would lose. */
export type StoredAuditRow = Omit<AuditRow, 'event' | 'actor'> & {
  event: string;
  actor: string;
  slice: number;
  at: string;
  digest: Buffer | null;
};

export interface AuditBatch {
  number: number;
  /** How many rows it holds, or held before they were pruned. */
  events: number;
  previous: Buffer;
  digest: Buffer;
}

/** What the first batch of a chain has before it. */
export const BEGINNING: Pick<AuditBatch, 'number' | 'digest'> = { number: 0, digest: Buffer.alloc(32) };

/** The next batch of the chain, and the digest of each row in the order given. */
export function sealBatch(
  place: AuditPlace,
  last: Pick<AuditBatch, 'number' | 'digest'>,
  rows: readonly StoredAuditRow[],
): { batch: AuditBatch; digests: Buffer[] } {
  const number = last.number + 1;
  const digests = rows.map((row) => rowDigest(place, number, row));
  const batch = { number, events: rows.length, previous: last.digest };
  return { batch: { ...batch, digest: batchDigest(batch, digests) }, digests };
}

export interface AuditFault {
  fault:
    | 'event_changed'
    | 'personal_changed'
    | 'events_missing'
    | 'events_added'
    | 'batch_changed'
    | 'batch_missing'
    | 'chain_broken'
    | 'pruned_early'
    | 'head_changed';
  range: number;
  batch: number;
  /** The row, where one can be named. */
  id?: string;
  /** How many rows; how many batches in a row, from `batch` on. */
  count?: number;
}

/** What is wrong with a batch and its rows. The rows of a pruned one are gone, and its digest is taken as it stands. */
export function checkBatch(
  place: AuditPlace,
  last: Pick<AuditBatch, 'number' | 'digest'>,
  batch: AuditBatch & { pruned: boolean },
  rows: readonly StoredAuditRow[],
): AuditFault[] {
  const where = { range: place.range, batch: batch.number };
  const gap = batch.number - last.number - 1;
  const faults: AuditFault[] = rows.flatMap((row) => checkRow(place, batch.number, row));
  const events = batch.pruned ? 0 : batch.events;
  if (rows.length < events) faults.push({ fault: 'events_missing', ...where, count: events - rows.length });
  else if (rows.length > events) faults.push({ fault: 'events_added', ...where, count: rows.length - events });
  else if (!batch.pruned && !batch.digest.equals(batchDigest(batch, rows.map(storedDigest))))
    faults.push({ fault: 'batch_changed', ...where });
  if (gap > 0) faults.push({ fault: 'batch_missing', range: place.range, batch: last.number + 1, count: gap });
  else if (gap < 0 || !batch.previous.equals(last.digest)) faults.push({ fault: 'chain_broken', ...where });
  return faults;
}

function checkRow(place: AuditPlace, batch: number, row: StoredAuditRow): AuditFault[] {
  const where = { range: place.range, batch, id: row.id };
  const faults: AuditFault[] = [];
  if (!rowDigest(place, batch, row).equals(storedDigest(row))) faults.push({ fault: 'event_changed', ...where });
  if (!isCommitted(row)) faults.push({ fault: 'personal_changed', ...where });
  return faults;
}

function storedDigest({ digest }: StoredAuditRow): Buffer {
  return digest ?? BEGINNING.digest;
}

/** sha256 over everything but what may be erased. The batch stands in it too: a row that was moved to another names itself. */
function rowDigest({ brandId }: AuditPlace, batch: number, row: StoredAuditRow): Buffer {
  const { slice, id, at, event, actor, accountId, clientId, details, commitment } = row;
  const fields = { brandId, batch, slice, id, at, event, actor, accountId, clientId, details, commitment: commitment.toString('hex') };
  return createHash('sha256').update(canonical(fields)).digest();
}

/** sha256 over the batch before, number and count (4 bytes each, big-endian) and the rows' digests in ascending order. */
function batchDigest({ previous, number, events }: Omit<AuditBatch, 'digest'>, digests: readonly Buffer[]): Buffer {
  const hash = createHash('sha256').update(previous).update(uint32(number)).update(uint32(events));
  for (const digest of [...digests].sort(Buffer.compare)) hash.update(digest);
  return hash.digest();
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}
