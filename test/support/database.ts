// A migrated database of its own for a test file: a copy of the run's template, about 30 ms.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { type Database, openDatabase } from '../../src/storage/database.ts';

export { resetClock, shiftClock } from './clock.ts';

export interface TestDatabase {
  db: Database;
  url: string;
  /** Every statement since the database was opened, `begin` and `commit` included; empty it with `statements.length = 0`. */
  statements: string[];
  /** Sets a run-time setting on every connection of the pool and on every later connection to this database, whoever opens it. */
  setForAllConnections(name: string, value: string): Promise<void>;
  /** Ends the pool and drops the database. */
  close(): Promise<void>;
}

export async function createTestDatabase(options: { max?: number } = {}): Promise<TestDatabase> {
  const { url, name, drop } = await createCopy(setting('PORTICO_TEST_TEMPLATE'));
  const statements: string[] = [];
  // A busy machine is not what these tests are about: those of exhausted pools and of databases that are away open pools of their own.
  const db = openDatabase({ url, max: options.max ?? 20, patience: 10_000, observe: (text) => statements.push(text) });
  const connections = connectionsOf(db.pool);
  return {
    db,
    url,
    statements,
    setForAllConnections: async (parameter, value) => {
      await onServer(`alter database ${name} set ${parameter} = '${value}'`);
      await Promise.all([...connections].map((connection) => connection.query(`set ${parameter} = '${value}'`).catch(unlessClosed)));
    },
    close: async () => {
      await db.close();
      await drop();
    },
  };
}

/** The pool may be closing an idle connection right now; it needs no setting any more. */
function unlessClosed(error: Error): void {
  if (!/closed|not queryable|terminated/i.test(error.message)) throw error;
}

function connectionsOf(pool: pg.Pool): Set<pg.PoolClient> {
  const connections = new Set<pg.PoolClient>();
  pool.on('connect', (connection) => connections.add(connection));
  pool.on('remove', (connection) => connections.delete(connection));
  return connections;
}

/** A database without any schema, for tests of migrations. */
export function createEmptyDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  return createCopy('template0');
}

async function createCopy(template: string): Promise<{ url: string; name: string; drop: () => Promise<void> }> {
  const name = `portico_test_${process.pid}_${randomBytes(6).toString('hex')}`;
  await onServer(`create database ${name} template ${template}`);
  const url = new URL(setting('PORTICO_TEST_SERVER'));
  url.pathname = `/${name}`;
  return { url: url.href, name, drop: () => onServer(`drop database if exists ${name} with (force)`) };
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: setting('PORTICO_TEST_SERVER') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is missing: start the tests with npm test`);
  return value;
}
