// What stands in the database, as digests: two equal fingerprints mean that nothing was written.
import type { TestDatabase } from './database.ts';

/** Rows and a digest of their content by table. Counters of limits are left out unless asked for: counting is what they are for. */
export async function fingerprint({ db }: Pick<TestDatabase, 'db'>, { limits = false } = {}): Promise<Record<string, string>> {
  const tables = await tablesOf(db.pool);
  const found: Record<string, string> = {};
  for (const table of tables) {
    if (table === 'portico.limits' && !limits) continue;
    const { rows } = await db.pool.query(
      `select count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' order by t::text)), '') as sum from ${table} t`,
    );
    found[table] = rows[0].sum;
  }
  return found;
}

/** Every row of our tables and of the jobs' as Postgres writes it, one a line, bytea in hexadecimal. */
export async function dump({ db }: Pick<TestDatabase, 'db'>): Promise<string[]> {
  const lines: string[] = [];
  for (const table of await tablesOf(db.pool)) {
    const { rows } = await db.pool.query(`select t::text as line from ${table} t`);
    lines.push(...rows.map(({ line }: { line: string }) => `${table} ${line}`));
  }
  return lines;
}

async function tablesOf(pool: TestDatabase['db']['pool']): Promise<string[]> {
  const { rows } = await pool.query(
    `select schemaname || '.' || tablename as name from pg_tables where schemaname in ('portico', 'graphile_worker') order by 1`,
  );
  return rows.map(({ name }: { name: string }) => name);
}
