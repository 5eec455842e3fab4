// The database: new enough, safe against a power cut, in step with our clock and our migrations.
import type { Config } from '../../config.ts';
import type { Db } from '../../storage/database.ts';
import * as serverFacts from '../../storage/server-facts.ts';
import * as sessionFacts from '../../storage/session-facts.ts';
import { sessionLimits } from '../../storage/session-limits.ts';
import { CALL } from '../help.ts';
import { type SchemaState, schemaState } from '../schema.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const OLDEST = 150_000;

export async function checkDatabase(
  db: Db,
  { databasePool, databasePooled, projectFolder }: Config,
  embedded: boolean,
): Promise<Finding[]> {
  const asked = Date.now();
  const facts = await serverFacts.read(db);
  const answered = Date.now();
  return [
    ...server(facts, embedded),
    ...durability(facts),
    ...connections(facts, databasePool),
    ...(databasePooled ? [pooler(await sessionFacts.read(db))] : []),
    clock(facts.now - (asked + answered) / 2),
    schema(await schemaState(db, projectFolder)),
  ];
}

function server({ version, encoding, writable }: serverFacts.ServerFacts, embedded: boolean): Finding[] {
  const name = `PostgreSQL ${Math.floor(version / 10_000)}.${version % 10_000}`;
  const findings: Finding[] = [];
  if (version < OLDEST) findings.push(fail('database', `${name} is too old.`, 'Use PostgreSQL 15 or newer.'));
  if (encoding !== 'UTF8')
    findings.push(
      fail('database', `The database's encoding is ${encoding}.`, 'Create the database with: create database portico encoding utf8'),
    );
  if (!writable) findings.push(fail('database', 'The database is a standby and takes no writes.', 'Point DATABASE_URL at the primary.'));
  if (findings.length > 0) return findings;
  return [ok('database', `${name} answers${embedded ? ' (the embedded development database)' : ''}, in UTF8.`)];
}

function durability({ fsync, synchronousCommit }: serverFacts.ServerFacts): Finding[] {
  const remedy = 'Remove that line from postgresql.conf and reload.';
  if (!fsync) return [fail('database', 'fsync is off: a power cut can destroy the database.', remedy)];
  if (synchronousCommit === 'off')
    return [fail('database', 'synchronous_commit is off: a crash can lose accounts that were just created.', remedy)];
  return [ok('database', 'What is committed survives a crash (fsync and synchronous_commit are on).')];
}

function connections({ maxConnections }: serverFacts.ServerFacts, pool: number): Finding[] {
  // Postgres keeps three for superusers, and an operator wants one to look.
  if (pool <= maxConnections - 5) return [];
  const remedy = 'Lower DATABASE_POOL, raise max_connections, or put a pooler in between.';
  return [warn('database', `DATABASE_POOL is ${pool}, and the server takes ${maxConnections} connections from everybody.`, remedy)];
}

/** Through a pooler a session's limits are the role's: nobody else can set them. */
function pooler(found: sessionFacts.SessionLimits): Finding {
  const wanted = Object.entries(sessionLimits);
  const missing = wanted.filter(([name]) => found[name as keyof sessionFacts.SessionLimits] === 0);
  if (missing.length === 0) return ok('database', 'Through the pooler too, the server ends what takes too long.');
  const commands = missing.map(
    ([name, milliseconds]) => `alter role <the role of DATABASE_URL> in database <its database> set ${name} = '${milliseconds}ms';`,
  );
  const says = `Through the pooler the server has no ${missing.map(([name]) => name).join(', no ')}: Portico gives up waiting, the server does not.`;
  return warn('database', says, commands.join('\n                   '));
}

function clock(ahead: number): Finding {
  const seconds = Math.abs(ahead) / 1_000;
  if (seconds < 1) return ok('clock', 'This machine and the database agree on the time.');
  const says = `This machine's clock is ${seconds.toFixed(1)} s ${ahead > 0 ? 'behind' : 'ahead of'} the database's.`;
  const remedy = 'Run an NTP client (chrony, systemd-timesyncd) on both.';
  // Client assertions and DPoP proofs are taken with 15 s of difference.
  return seconds < 10 ? warn('clock', says, remedy) : fail('clock', `${says} Tokens will be refused.`, remedy);
}

function schema({ newest, pending, foreign }: SchemaState): Finding {
  if (foreign)
    return fail(
      'schema',
      `A newer Portico migrated this database (${foreign}); this version cannot work with it.`,
      'Start the newer version.',
    );
  if (pending.length === 0) return ok('schema', `The schema is up to date (${newest}).`);
  return warn('schema', `Migrations are pending: ${pending.join(', ')}.`, `Run: ${CALL} migrate (each start of the server does it too).`);
}
