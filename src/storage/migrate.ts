// Brings the schema up to date, forward only. Several processes may start at once: one migrates, the others wait and find the work done.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Logger, runMigrations } from 'graphile-worker';
import pg from 'pg';
import { OperatorError } from '../errors.ts';

export interface MigrateOptions {
  /** A direct connection: a transaction pooler does not keep session locks. */
  url: string;
  log?: (line: string) => void;
  /** Where the files `NNNN_topic.sql` are. */
  folder?: string;
}

interface Migration {
  id: number;
  name: string;
  breaking: boolean;
  text: string;
}

// Any number would do, as long as nobody else uses it.
const LOCK = 7_406_871;
// A migration that waits for a table makes everybody queue behind it, so that it gives way soon and tries again.
const LOCK_TIMEOUT = '2s';
const ATTEMPTS = 15;

const ledger = `
  create schema if not exists portico;
  create table if not exists portico.migrations (
    id integer primary key,
    name text not null,
    breaking boolean not null,
    applied_at timestamptz not null default now()
  );`;

/**
 * Applies what is missing from db/migrations, each file in its own transaction, and graphile-worker's own schema.
 * @returns the names of the applied migrations, in order.
 * @throws OperatorError when the database holds a breaking migration this version does not know, or when a migration fails.
 */
export async function migrate({ url, log = () => {}, folder = defaultFolder() }: MigrateOptions): Promise<{ applied: string[] }> {
  const known = readMigrations(folder);
  const client = new pg.Client({ connectionString: url, application_name: 'portico migrate', connectionTimeoutMillis: 5_000 });
  // The query in progress reports a lost connection; without a listener the event would end the process first.
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(`set lock_timeout = '${LOCK_TIMEOUT}'`);
    await patiently(() => client.query('select pg_advisory_lock($1)', [LOCK]), log, 'another process that migrates');
    return await migrateLocked(client, url, known, log);
  } finally {
    // The lock goes with its connection.
    await client.end();
  }
}

async function migrateLocked(client: pg.Client, url: string, known: Migration[], log: (line: string) => void) {
  await client.query(ledger);
  const { rows: present } = await client.query<{ id: number; name: string; breaking: boolean }>(
    'select id, name, breaking from portico.migrations order by id',
  );
  refuseUnknown(present, known);
  const missing = known.filter(({ id }) => !present.some((row) => row.id === id));
  for (const migration of missing) {
    await patiently(() => apply(client, migration), log, `a lock for ${migration.name}`);
    log(`migration ${migration.name} applied`);
  }
  await migrateJobs(url);
  return { applied: missing.map(({ name }) => name) };
}

/** The job queue's own schema. The pool is ours, so that its connections are gone for certain when this is over. */
async function migrateJobs(url: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  const lost = () => {};
  pool.on('error', lost);
  pool.on('connect', (connection) => connection.on('error', lost));
  try {
    await runMigrations({ pgPool: pool, schema: 'graphile_worker', logger: new Logger(() => () => {}) });
  } finally {
    await pool.end();
  }
}

async function apply(client: pg.Client, { id, name, breaking, text }: Migration): Promise<void> {
  try {
    await client.query('begin');
    await client.query(text);
    await client.query('insert into portico.migrations (id, name, breaking) values ($1, $2, $3)', [id, name, breaking]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    if (isLockTimeout(error)) throw error;
    throw new OperatorError(`Migration ${name} failed and left nothing behind: ${(error as Error).message}`, { cause: error });
  }
}

/** Expand/contract makes an older binary work with a newer schema, except where a migration says otherwise. */
function refuseUnknown(present: { id: number; name: string; breaking: boolean }[], known: Migration[]): void {
  const foreign = present.find((row) => row.breaking && !known.some(({ id }) => id === row.id));
  if (!foreign) return;
  throw new OperatorError(
    `The database was migrated by a newer Portico: "${foreign.name}" is unknown here and older versions cannot work with it. Start the newer version, or restore the backup taken before it`,
  );
}

async function patiently(work: () => Promise<unknown>, log: (line: string) => void, what: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
      if (attempt === ATTEMPTS) throw new OperatorError(`Migrating gave up waiting for ${what}. End long transactions and start again`);
      log(`migrating waits for ${what}`);
      await sleep(100 * attempt);
    }
  }
}

function isLockTimeout(error: unknown): boolean {
  return (error as { code?: string }).code === '55P03';
}

function readMigrations(folder: string): Migration[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  const migrations = names.sort().map((file) => readMigration(folder, file));
  const twice = migrations.find(({ id }, index) => migrations[index - 1]?.id === id);
  if (twice) throw new OperatorError(`Two migrations carry the number of ${twice.name}. Renumber one of them`);
  return migrations;
}

function readMigration(folder: string, file: string): Migration {
  const [, number] = /^(\d{4})_[a-z0-9_]+\.sql$/.exec(file) ?? [];
  if (!number) throw new OperatorError(`${file} in ${folder} is not named like a migration: NNNN_topic.sql`);
  const text = readFileSync(`${folder}/${file}`, 'utf8');
  return {
    id: Number(number),
    name: file.slice(0, -'.sql'.length),
    breaking: /^-- breaking\s*$/m.test(text.split('\n', 1)[0] ?? ''),
    text,
  };
}

function defaultFolder(): string {
  return fileURLToPath(new URL('../../db/migrations', import.meta.url));
}
