// What the database server says of itself, for those who look after it.
import { type Db, sql } from './database.ts';

export interface ServerFacts {
  /** As in 170004. */
  version: number;
  encoding: string;
  fsync: boolean;
  /** off, local, on, remote_write or remote_apply. */
  synchronousCommit: string;
  maxConnections: number;
  writable: boolean;
  /** Milliseconds since 1970. */
  now: number;
}

export async function read(db: Db): Promise<ServerFacts> {
  const row = await db.row<ServerFacts>(sql`
    select current_setting('server_version_num')::int as "version",
      current_setting('server_encoding') as "encoding",
      current_setting('fsync')::bool as "fsync",
      current_setting('synchronous_commit') as "synchronousCommit",
      current_setting('max_connections')::int as "maxConnections",
      not pg_is_in_recovery() as "writable",
      (extract(epoch from clock_timestamp()) * 1000)::float8 as "now"`);
  return row as ServerFacts;
}

/** The applied migrations in order; none in a database that was never migrated. */
export async function appliedMigrations(db: Db): Promise<{ id: number; name: string; breaking: boolean }[]> {
  const known = await db.row<{ exists: boolean }>(sql`select to_regclass('portico.migrations') is not null as exists`);
  if (!known?.exists) return [];
  return db.rows(sql`select id, name, breaking from portico.migrations order by id`);
}
