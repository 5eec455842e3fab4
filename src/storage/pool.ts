// Connections to Postgres that nobody waits for longer than a person waits for a page.
import pg from 'pg';
import { SILENCE, sessionLimits } from './session-limits.ts';

export interface PoolOptions {
  url: string;
  max?: number;
  /** `url` leads to a transaction pooler, which takes no settings of the session. */
  pooled?: boolean;
  /** How long one may wait for a connection, in milliseconds: a second by default. */
  patience?: number;
  /** What the server lists the connections as. */
  name?: string;
}

export function openPool({ url, max = 10, pooled = false, patience = 1_000, name = 'portico' }: PoolOptions): pg.Pool {
  return new pg.Pool({
    connectionString: url,
    max,
    application_name: name,
    // Fail fast instead of hanging for ever when Postgres is away or the pool is exhausted.
    connectionTimeoutMillis: patience,
    idleTimeoutMillis: 30_000,
    // The server's own limits do not help when the server, or the way to it, is gone without a word.
    query_timeout: SILENCE,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...(pooled ? {} : sessionLimits),
  });
}

/** As the driver says it when a statement is not answered within `query_timeout`. */
export const SILENT = 'Query read timeout';

/** A connection that went silent is cut: what follows on it fails at once, and the pool drops it when it is given back. */
export async function ask(client: pg.Pool | pg.PoolClient, query: string | pg.QueryConfig): Promise<pg.QueryResult> {
  try {
    return await client.query(query);
  } catch (error) {
    if ((error as Error).message === SILENT && client instanceof pg.Client) void client.end();
    throw error;
  }
}
