// The audit trail. Rows are only ever added; the job in src/jobs seals them (storage/audit-batches.ts).
import { randomBytes } from 'node:crypto';
import { type AuditEntry, auditRow } from '../domain/audit.ts';
import { sliceOfAccount, sliceOfDigest } from '../domain/slices.ts';
import type { Seen } from '../domain/sources.ts';
import { type Db, sql } from './database.ts';

/** Written in the transaction of what it tells: both or neither. One statement, also for several. */
export async function record(db: Db, brandId: number, ...entries: readonly AuditEntry[]): Promise<void> {
  const rows = entries.map((entry) => {
    const { salt, commitment, accountId, ...row } = auditRow(entry);
    // What is about no account is spread, so that no slice collects an attack's worth of rows.
    const slice = accountId ? sliceOfAccount(accountId) : sliceOfDigest(randomBytes(2));
    return { ...row, slice, accountId, salt: salt?.toString('hex') ?? null, commitment: commitment.toString('hex') };
  });
  await db.run(sql`
    insert into portico.audit_events
      (brand_id, slice, id, event, actor, account_id, client_id, details, personal, salt, commitment)
    select ${brandId}::int, slice, id, event, actor, "accountId", "clientId", details, personal, decode(salt, 'hex'), decode(commitment, 'hex')
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as row (slice smallint, id uuid, event text, actor text, "accountId" uuid,
      "clientId" text, details jsonb, personal jsonb, salt text, commitment text)`);
}

/** A row as it is shown. `at` is ISO 8601 in UTC with microseconds. */
export interface ShownAuditEvent {
  id: string;
  at: string;
  event: string;
  actor: string;
  accountId: string | null;
  clientId: string | null;
  details: Record<string, string | number | boolean>;
  /** Erased with the account. */
  personal: Seen | null;
  /** Null until it is sealed. */
  batch: number | null;
}

export interface AuditPage {
  event?: string | undefined;
  since?: Date | undefined;
  /** The last row of the page before. */
  after?: Pick<ShownAuditEvent, 'at' | 'id'> | undefined;
  limit: number;
}

/** Newest first. */
export function list(db: Db, brandId: number, { event, since, after, limit }: AuditPage): Promise<ShownAuditEvent[]> {
  return db.rows<ShownAuditEvent>(sql`
    select id, to_char(at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, event, actor, account_id as "accountId",
      client_id as "clientId", details, personal, batch
    from portico.audit_events e
    where brand_id = ${brandId}
      and e.at >= coalesce(${since ?? null}::timestamptz, '-infinity')
      and (e.at, id) < (coalesce(${after?.at ?? null}::timestamptz, 'infinity'), ${after?.id ?? NIL}::uuid)
      and event = coalesce(${event ?? null}::text, event)
    order by e.at desc, id desc
    limit ${limit}`);
}

/** What happened to one account, newest first. */
export function listOf(db: Db, brandId: number, accountId: string, { event, since, after, limit }: AuditPage): Promise<ShownAuditEvent[]> {
  return db.rows<ShownAuditEvent>(sql`
    select id, to_char(at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, event, actor, account_id as "accountId",
      client_id as "clientId", details, personal, batch
    from portico.audit_events e
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId}
      and e.at >= coalesce(${since ?? null}::timestamptz, '-infinity')
      and (e.at, id) < (coalesce(${after?.at ?? null}::timestamptz, 'infinity'), ${after?.id ?? NIL}::uuid)
      and event = coalesce(${event ?? null}::text, event)
    order by e.at desc, id desc
    limit ${limit}`);
}

const NIL = '00000000-0000-0000-0000-000000000000';

export async function countUnsealed(db: Db, brandId: number): Promise<number> {
  const row = await db.row<{ count: number }>(sql`
    select count(*)::int as count
    from portico.audit_events
    where brand_id = ${brandId} and batch is null`);
  return row?.count ?? 0;
}
