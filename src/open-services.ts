// Opens the doors to the outside in the order they depend on each other: database, schema, services. Used by main and the CLI.
import type { Config } from './config.ts';
import { createHasher } from './hasher.ts';
import { createKeyring } from './keyring.ts';
import { createLog } from './log.ts';
import type { Services } from './services.ts';
import { type Database, openDatabase } from './storage/database.ts';
import { startEmbeddedPostgres } from './storage/embedded.ts';
import { migrate } from './storage/migrate.ts';

export interface OpenedServices {
  services: Services;
  /** Past a transaction pooler: for LISTEN. */
  directUrl: string;
  /** For the job runner, which brings its own SQL. */
  pool: Database['pool'];
  close(): Promise<void>;
}

/** `say` tells a person at a terminal what takes a moment. */
export async function openServices(config: Config, say: (line: string) => void = () => {}): Promise<OpenedServices> {
  const log = createLog(config.logLevel);
  const embedded = config.databaseUrl ? undefined : await startEmbeddedPostgres({ dataFolder: config.dataFolder, log: say });
  const url = config.databaseUrl ?? (embedded?.url as string);
  const db = await connect(config, url, log).catch(async (error) => {
    await embedded?.stop();
    throw error;
  });
  const hasher = createHasher({ concurrency: config.hashConcurrency });
  await hasher.ready();
  const services: Services = { config, log, db, hasher, keyring: createKeyring(config.secret) };
  const close = async () => {
    hasher.close();
    await db.close();
    await embedded?.stop();
  };
  return { services, directUrl: config.databaseDirectUrl ?? url, pool: db.pool, close };
}

async function connect(config: Config, url: string, log: Services['log']) {
  const { applied } = await migrate({ url: config.databaseDirectUrl ?? url });
  if (applied.length > 0) log.info({ event: 'migrated', applied });
  return openDatabase({ url, max: config.databasePool, onError: (error) => log.warn({ err: error }, 'database connection lost') });
}
