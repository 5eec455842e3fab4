// The database as it is: reached, not migrated. For what looks at it before anything else may.
import type { Config } from '../config.ts';
import { startEmbeddedPostgres } from '../storage/embedded.ts';

export interface ReachedDatabase {
  url: string;
  /** True for the development database that Portico brings along. */
  embedded: boolean;
  stop(): Promise<void>;
}

/** DATABASE_URL (`direct`: DATABASE_DIRECT_URL when given), else the embedded database, started or joined. */
export async function reachDatabase(config: Config, { direct = false } = {}): Promise<ReachedDatabase> {
  const url = direct ? config.databaseDirectUrl : config.databaseUrl;
  if (url) return { url, embedded: false, stop: async () => {} };
  const embedded = await startEmbeddedPostgres({ dataFolder: config.dataFolder, log: () => {} });
  return { url: embedded.url, embedded: true, stop: () => embedded.stop() };
}
