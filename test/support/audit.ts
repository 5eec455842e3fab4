// The audit trail as tests need it: rows that say little, sealed and verified without any clock.
import type { AuditEntry } from '../../src/domain/audit.ts';
import type { Brand } from '../../src/domain/brands.ts';
import { newAccountId } from '../../src/domain/slices.ts';
import { type AuditReport, verifyAudit } from '../../src/flows/admin/verify-audit.ts';
import { sealAudit } from '../../src/jobs/seal-audit.ts';
import { createLog } from '../../src/log.ts';
import * as auditEvents from '../../src/storage/audit-events.ts';
import type { Database } from '../../src/storage/database.ts';

const log = createLog('silent', { write: () => {} });

/** An event about somebody whose chain is the first of the eight. */
export function someEvent(more: Partial<AuditEntry> = {}): AuditEntry {
  const accountId = newAccountId({ homeSlice: 7, slices: 1 });
  const source = { ip: '203.0.113.77', userAgent: 'Mozilla/5.0 (Windows NT 10.0) Chrome/140.0', clientId: 'shop' };
  return { event: 'login_succeeded', actor: 'end_user', accountId, source, details: { step: 1 }, ...more };
}

/** That many, each in a transaction of its own. */
export async function recordSome(db: Database, brand: Brand, count: number, more: Partial<AuditEntry> = {}): Promise<void> {
  for (let index = 0; index < count; index += 1) await auditEvents.record(db, brand.id, someEvent(more));
}

/** Other tests' transactions run on the same server: rows are sealed as soon as theirs let them be. */
export async function sealAll(db: Database, options: { batch?: number } = {}): Promise<number> {
  await forgetTransactions(db);
  let total = 0;
  for (let sealed = -1; sealed !== 0; total += sealed) sealed = await sealAudit({ db, log }, options);
  return total;
}

/** As if what is written so far were older than every running transaction. */
export async function forgetTransactions(db: Database): Promise<void> {
  await db.pool.query("update portico.audit_events set recorded_at = now() - interval '2 days' where batch is null");
}

export function seal(db: Database, options: { batch?: number; budget?: number } = {}): Promise<number> {
  return sealAudit({ db, log }, options);
}

/** What is wrong, as `fault range/batch`, and the row where one is named. */
export function faultsOf({ faults }: AuditReport): string[] {
  return faults.map(({ fault, range, batch, id }) => [fault, `${range}/${batch}`, id].filter(Boolean).join(' ')).sort();
}

export const verified = async (db: Database, brand: Brand) => faultsOf(await verifyAudit({ db }, brand));
