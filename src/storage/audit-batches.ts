// Batches of sealed audit rows, one chain for each brand and range of 4096 slices (domain/audit-chain.ts).
import { AUDIT_RANGES, type AuditBatch, type AuditPlace, type StoredAuditRow } from '../domain/audit-chain.ts';
import { type Db, sql } from './database.ts';

/** Chains with rows that no batch holds, from one to the next by the index: a long backlog does not slow it. In no order, so that none is always last. */
export function listWaiting(db: Db): Promise<AuditPlace[]> {
  return db.rows<AuditPlace>(sql`
    with recursive waiting as (
      (select brand_id, slice / 4096 as range
       from portico.audit_events
       where batch is null
       order by brand_id, slice / 4096
       limit 1)
      union all
      (select e.brand_id, e.range
       from waiting w,
         lateral (
           select brand_id, slice / 4096 as range
           from portico.audit_events
           where batch is null and (brand_id, slice / 4096) > (w.brand_id, w.range)
           order by brand_id, slice / 4096
           limit 1
         ) e)
    )
    select brand_id as "brandId", range
    from waiting
    order by random()`);
}

/**
 * The oldest unsealed rows, locked. It waits for nobody: what another sealer or an erasure holds is for a later batch.
 * Only rows older than the oldest running transaction, so that none of their time is still on its way. In a restored copy the counter
 * of transactions began anew; there the day tells.
 */
export function lockWaiting(db: Db, { brandId, range }: AuditPlace, limit: number): Promise<StoredAuditRow[]> {
  return db.rows<StoredAuditRow>(sql`
    select slice, id, to_char(at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, event, actor, account_id as "accountId",
      client_id as "clientId", details, personal, salt, commitment, digest
    from portico.audit_events e
    where brand_id = ${brandId} and slice / 4096 = ${range} and batch is null
      and (xid < pg_snapshot_xmin(pg_current_snapshot()) or recorded_at < now() - interval '1 day')
    order by e.at, id
    limit ${limit}
    for update skip locked`);
}

export function findLast(db: Db, { brandId, range }: AuditPlace): Promise<Pick<AuditBatch, 'number' | 'digest'> | undefined> {
  return db.row(sql`
    select number, digest
    from portico.audit_batches
    where brand_id = ${brandId} and range = ${range}
    order by number desc
    limit 1`);
}

/** The primary key refuses a number that another sealer took meanwhile. */
export async function insert(db: Db, { brandId, range }: AuditPlace, { number, events, previous, digest }: AuditBatch): Promise<void> {
  await db.run(sql`
    insert into portico.audit_batches (brand_id, range, number, events, previous, digest)
    values (${brandId}, ${range}, ${number}, ${events}, ${previous}, ${digest})`);
}

/** `digests` in the order of `rows`. */
export function seal(
  db: Db,
  brandId: number,
  number: number,
  rows: readonly StoredAuditRow[],
  digests: readonly Buffer[],
): Promise<number> {
  return db.run(sql`
    update portico.audit_events e
    set batch = ${number}, digest = sealed.digest
    from unnest(${rows.map(({ slice }) => slice)}::smallint[], ${rows.map(({ id }) => id)}::uuid[], ${digests}::bytea[])
      as sealed (slice, id, digest)
    where e.brand_id = ${brandId} and e.slice = sealed.slice and e.id = sealed.id and e.batch is null`);
}

export type BatchWithRows = AuditBatch & { pruned: boolean; rows: StoredAuditRow[] };

/** About this many rows at once: a batch is never split. */
const PAGE = { batches: 100, rows: 2_000 };

/** The next batches of a chain and what rows they have, as of one moment: sealing and pruning go on beside it. */
export async function listAfter(db: Db, { brandId, range }: AuditPlace, number: number): Promise<BatchWithRows[]> {
  type Row = AuditBatch & { pruned: boolean; row: StoredAuditRow & { rowDigest: Buffer | null; id: string | null } };
  const rows = await db.rows<Omit<Row, 'row'> & Row['row']>(sql`
    with next as (
      select number, events, previous, digest, pruned_at
      from portico.audit_batches
      where brand_id = ${brandId} and range = ${range} and number > ${number}
      order by number
      limit ${PAGE.batches}
    ), page as (
      select number, events, previous, digest, pruned_at, sum(events) over (order by number) - events as before
      from next
    )
    select b.number, b.events, b.previous, b.digest, b.pruned_at is not null as pruned,
      e.slice, e.id, to_char(e.at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, e.event, e.actor, e.account_id as "accountId",
      e.client_id as "clientId", e.details, e.personal, e.salt, e.commitment, e.digest as "rowDigest"
    from page b
    left join portico.audit_events e on e.brand_id = ${brandId} and e.slice / 4096 = ${range} and e.batch = b.number
    where b.before < ${PAGE.rows}
    order by b.number, e.id`);
  const batches = new Map<number, BatchWithRows>();
  for (const { number, events, previous, digest, pruned, rowDigest, ...row } of rows) {
    const batch = batches.get(number) ?? { number, events, previous, digest, pruned, rows: [] };
    batches.set(number, batch);
    if (row.id !== null) batch.rows.push({ ...row, digest: rowDigest });
  }
  return [...batches.values()];
}

/** Batches that rows name but that do not exist, outside of the numbers that were walked; as of one moment, as above. */
export async function listOrphaned(db: Db, { brandId, range }: AuditPlace, last: number): Promise<number[]> {
  const rows = await db.rows<{ batch: number }>(sql`
    select distinct batch
    from portico.audit_events e
    where brand_id = ${brandId} and slice / 4096 = ${range} and (batch > ${last} or batch < 1)
      and not exists (
        select from portico.audit_batches b
        where b.brand_id = e.brand_id and b.range = e.slice / 4096 and b.number = e.batch)
    order by batch
    limit 1000`);
  return rows.map(({ batch }) => batch);
}

/** Chains whose oldest rows are past the retention of their brand, of `usual` days where it has none of its own. */
export function listDue(db: Db, usual: number): Promise<(AuditPlace & { days: number })[]> {
  return db.rows(sql`
    select b.id as "brandId", r.range, days
    from portico.brands b
    cross join lateral (select coalesce((b.settings ->> 'auditDays')::int, ${usual}) as days) setting
    cross join generate_series(0, ${AUDIT_RANGES - 1}::int) as r (range)
    cross join lateral (
      select sealed_at
      from portico.audit_batches
      where brand_id = b.id and range = r.range and pruned_at is null
      order by number
      limit 1
    ) oldest
    where oldest.sealed_at < portico.now() - make_interval(days => days)
    order by random()`);
}

/**
 * Removes the rows of batches that are older than `days`, oldest first and about `limit` rows at once. A chain loses its beginning only,
 * so that nobody hides a gap by calling it pruned. @returns how many rows went.
 */
export function prune(db: Db, { brandId, range }: AuditPlace, { days, limit }: { days: number; limit: number }): Promise<number> {
  return db.run(sql`
    with oldest as (
      select number, events, sealed_at
      from portico.audit_batches
      where brand_id = ${brandId} and range = ${range} and pruned_at is null
      order by number
      limit 1000
    ), old as (
      select number, sum(events) over (order by number) - events as before,
        bool_and(sealed_at < portico.now() - make_interval(days => ${days})) over (order by number) as due
      from oldest
    ), pruned as (
      update portico.audit_batches b
      set pruned_at = portico.now()
      from old
      where b.brand_id = ${brandId} and b.range = ${range} and b.number = old.number and b.pruned_at is null
        and old.due and old.before < ${limit}
      returning b.number
    )
    delete from portico.audit_events e
    using pruned
    where e.brand_id = ${brandId} and e.slice / 4096 = ${range} and e.batch = pruned.number`);
}
