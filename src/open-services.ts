// Opens the doors to the outside in the order they depend on each other: database, schema, services. Used by main and the CLI.
import type { Config } from './config.ts';
import { OperatorError } from './errors.ts';
import { createHasher } from './hasher.ts';
import { createKeyring } from './keyring.ts';
import { createLog } from './log.ts';
import { metrics } from './metrics.ts';
import type { Services } from './services.ts';
import { type Database, isDatabaseAway, openDatabase } from './storage/database.ts';
import { startEmbeddedPostgres } from './storage/embedded.ts';
import { check } from './storage/health.ts';
import { migrate } from './storage/migrate.ts';
import { withoutLimits } from './storage/session-limits.ts';

export interface OpenedServices {
  services: Services;
  /** Past a transaction pooler: for LISTEN. */
  directUrl: string;
  /** For the job runner, which brings its own SQL and its own LISTEN: past a transaction pooler. */
  jobsPool: Database['pool'];
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Tells a person at a terminal what takes a moment. */
  say?: (line: string) => void;
  /** Brings the schema up to date first, as a start of the server does. The embedded database always is. */
  migrates?: boolean;
}

/** @throws OperatorError naming the remedy when the database cannot be used as it is set up. */
export async function openServices(config: Config, { say = () => {}, migrates = true }: OpenOptions = {}): Promise<OpenedServices> {
  const log = createLog(config.logLevel);
  const embedded = config.databaseUrl ? undefined : await startEmbeddedPostgres({ dataFolder: config.dataFolder, log: say });
  const url = config.databaseUrl ?? (embedded?.url as string);
  const directUrl = config.databaseDirectUrl ?? url;
  const { db, jobs, close } = openPools(config, { url, directUrl, log });
  try {
    if (migrates || embedded) await bringUpToDate(directUrl, log).catch(explainAway(directUrl));
    await check(db).catch(explainPooler).catch(explainAway(url));
  } catch (error) {
    await close();
    await embedded?.stop();
    throw error;
  }
  const hasher = createHasher({ concurrency: config.hashConcurrency });
  await hasher.ready();
  const services: Services = { config, log, db, hasher, keyring: createKeyring(config.secret) };
  const closeAll = async () => {
    hasher.close();
    await close();
    await embedded?.stop();
  };
  return { services, directUrl, jobsPool: jobs.pool, close: closeAll };
}

/**
 * The LISTEN of jobs and of mails, and what their workers need to take and to finish them. Beside the pool of the requests:
 * a burst of mails must not make a person wait for a connection.
 */
const JOB_CONNECTIONS = 6;

function openPools(config: Config, { url, directUrl, log }: { url: string; directUrl: string; log: Services['log'] }) {
  const onError = (error: Error) => log.warn({ err: error }, 'database connection lost');
  const pooled = config.databasePooled;
  const db = openDatabase({ url, max: config.databasePool, pooled, onError, timed: config.metrics && metrics.statement });
  // A pool connects when it is first used: one that nobody uses costs nothing.
  const jobs = openDatabase({ url: directUrl, max: JOB_CONNECTIONS, name: 'portico jobs', onError });
  const close = async () => {
    await jobs.close();
    await db.close();
  };
  return { db, jobs, close };
}

async function bringUpToDate(url: string, log: Services['log']): Promise<void> {
  const { applied } = await migrate({ url: withoutLimits(url) }).catch(explainPooler);
  if (applied.length > 0) log.info({ event: 'migrated', applied });
}

const refusedByServer: Readonly<Record<string, string>> = {
  '28P01': 'does not take the password',
  '28000': 'does not let this user in',
  '3D000': 'has no database of this name',
};

/** Names the place and never the password. @throws OperatorError when it was the database that did not answer, else the error as it is. */
function explainAway(url: string): (error: Error & { code?: string }) => never {
  return (error) => {
    const { code = '', message } = error;
    const no = refusedByServer[code] ?? (isDatabaseAway(error) ? `cannot be reached (${code || message})` : undefined);
    if (!no) throw error;
    const { hostname, port } = new URL(url);
    throw new OperatorError(
      `The database at ${hostname || 'localhost'}:${port || 5432} ${no}. Check DATABASE_URL, and that PostgreSQL runs and lets this machine in`,
      { cause: error },
    );
  };
}

/**
 * PgBouncer refuses what it cannot keep for each of its clients, as a violation of the protocol.
 * @throws OperatorError with the remedy then, else the error as it is.
 */
export function explainPooler(error: Error & { code?: string }): never {
  if (error.code !== '08P01' || !/startup parameter/.test(error.message)) throw error;
  throw new OperatorError(
    'DATABASE_URL leads to a transaction pooler. Set DATABASE_DIRECT_URL to the address of PostgreSQL itself, for migrations, jobs and notifications; README.md says what the pooler needs',
  );
}
