// The audit trail. Rows are only ever added; the job in src/jobs seals them (storage/audit-batches.ts).
import { randomBytes } from 'node:crypto';
import { type AuditEntry, auditRow } from '../domain/audit.ts';
import { sliceOfAccount, sliceOfDigest } from '../domain/slices.ts';
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
