// The development database: a real PostgreSQL that starts with us, is shared by every process started on the same data folder,
// and stops when the last of them is gone, however it went.
import { closeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { OperatorError } from '../errors.ts';
import { type Cluster, lastWords, passwordOf, prepareCluster } from './embedded/cluster.ts';
import { type Joined, keepRunning } from './embedded/keeper.ts';
import { type Launch, launch } from './embedded/launch.ts';
import { isWatched, takeLease } from './embedded/lease.ts';
import { livePostmaster } from './embedded/postmaster.ts';

export interface EmbeddedPostgresOptions {
  /** The cluster is kept in `<dataFolder>/postgres`. */
  dataFolder: string;
  log: (line: string) => void;
  /** For tests: no fsync and 200 connections. A crash of the machine loses the data. */
  throwaway?: boolean;
}

export interface EmbeddedPostgres {
  /** postgres://… of the database `portico`, on 127.0.0.1, with the password. */
  url: string;
  /** Gives the server back; it stops when nobody else uses it. */
  stop(): Promise<void>;
}

const DATABASE = 'portico';

/**
 * Starts PostgreSQL in `dataFolder`, or joins the one that runs there. When it ends under us it is started again, at the same address.
 * @throws OperatorError with the reason and the remedy when it cannot.
 */
export async function startEmbeddedPostgres({ dataFolder, log, throwaway = false }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const cluster = await prepareCluster(dataFolder, log, throwaway);
  const joined = await join(cluster);
  const keeper = keepRunning(joined, () => join(cluster), log);
  const giveBack = async () => {
    const { lease, pid } = await keeper.stop();
    await stop(cluster, lease, pid);
  };
  return { url: urlOf(cluster, joined.port), stop: giveBack };
}

async function join(cluster: Cluster): Promise<Joined> {
  const launches: Launch[] = [];
  try {
    const deadline = Date.now() + 60_000;
    while (Date.now() < deadline) {
      const joined = await step(cluster, launches);
      if (joined) return joined;
      await sleep(10);
    }
    throw new OperatorError(`The embedded database did not start within a minute. ${lastWords(cluster)}`);
  } finally {
    for (const launch of launches) closeSync(launch.lease);
  }
}

/** One look at the cluster: launch it when nobody runs it, join it when it is ready. Undefined: look again. */
async function step(cluster: Cluster, launches: Launch[]): Promise<Joined | undefined> {
  const running = livePostmaster(cluster.folder);
  if (!running) {
    if (launches.some(({ server }) => server.exitCode === null && server.signalCode === null)) return undefined;
    if (launches.length === 5) throw new OperatorError(`The embedded database does not start. ${lastWords(cluster)}`);
    // After a crash the old server's last processes hold its shared memory for a moment.
    await sleep(200 * launches.length);
    launches.push(await launch(cluster));
    return undefined;
  }
  if (!running.ready) return undefined;
  const lease = takeLease(cluster);
  if (lease === undefined) {
    endUnwatched(running.pid);
    return undefined;
  }
  const { pid, port } = running;
  if ((await answers(urlOf(cluster, port))) && isWatched(cluster)) return { pid, port, lease };
  closeSync(lease);
  return undefined;
}

/** Its watchdog was killed, or has just seen the last of its users go: nobody else would end this server. */
function endUnwatched(pid: number): void {
  try {
    process.kill(pid, 'SIGINT');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The watchdog goes first when the last lease is given back; while it stays, somebody else still uses the server. */
async function stop(cluster: Cluster, lease: number, pid: number): Promise<void> {
  closeSync(lease);
  for (let look = 0; look < 20 && isWatched(cluster); look += 1) await sleep(10);
  if (isWatched(cluster)) return;
  const deadline = Date.now() + 10_000;
  while (livePostmaster(cluster.folder)?.pid === pid && Date.now() < deadline) await sleep(10);
}

function urlOf(cluster: Cluster, port: number): string {
  return `postgres://postgres:${passwordOf(cluster)}@127.0.0.1:${port}/${DATABASE}`;
}

/** True when a connection succeeds; makes our database on the first start. */
async function answers(url: string): Promise<boolean> {
  try {
    await once(url, 'select 1');
    return true;
  } catch (error) {
    if ((error as { code?: string }).code !== '3D000') return false;
  }
  const system = new URL(url);
  system.pathname = '/postgres';
  // Of two starts at once one makes it; the other finds it at its next look.
  await once(system.href, `create database ${DATABASE}`).catch(() => {});
  return false;
}

async function once(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query(statement);
  } finally {
    await client.end().catch(() => {});
  }
}
