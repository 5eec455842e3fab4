// One round trip: the database answers and takes writes.
import { type Db, sql } from './database.ts';

/** The database's clock, in milliseconds since 1970. @throws when it is away. */
export async function check(db: Db): Promise<{ now: number; writable: boolean }> {
  const row = await db.row<{ now: number; writable: boolean }>(sql`
    select extract(epoch from clock_timestamp()) * 1000 as now, not pg_is_in_recovery() as writable`);
  return { now: Number(row?.now), writable: row?.writable ?? false };
}
