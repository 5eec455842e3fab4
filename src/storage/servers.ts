// Which servers live on this database: each keeps one connection open that hears of changed brands, whatever else it does.
import { type Db, sql } from './database.ts';

/** How many there are now. The kernel closes the connection of the dead, so that a killed one is gone within moments. */
export async function countLiving(db: Db): Promise<number> {
  const row = await db.row<{ count: number }>(sql`
    select count(*)::int as count
    from pg_stat_activity
    where datname = current_database() and application_name = 'portico brand watch'`);
  return row?.count ?? 0;
}
