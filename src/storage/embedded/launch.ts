// Starts the server under a watchdog that stops it when the last process using it is gone.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Cluster, ENVIRONMENT } from './cluster.ts';
import { openLease } from './lease.ts';

export interface Launch {
  server: ChildProcess;
  /** Our end of the watchdog's pipe. */
  lease: number;
}

// The server is its child, so that a number the system gave to another program is never signalled. Signals are ignored: Ctrl-C must
// not reach the server before the application has drained. It lets go of the pipe before it stops the server, so that nobody joins a
// server about to stop. When the server ends by itself the whole process group goes.
const WATCHDOG = `
  trap "" INT TERM HUP
  exec 3<&0 0</dev/null
  "$@" 3<&- & server=$!
  { exec 0<&3 3<&-; cat >/dev/null; exec 0</dev/null; kill -INT $server; } &
  exec 3<&-
  wait $server
  kill -9 0`;

/** Starts a server where the last one listened, so that whoever still asks there is answered, else on a free port. It may lose against another start on the same data folder; then it ends by itself. */
export async function launch(cluster: Cluster): Promise<Launch> {
  const last = lastPort(cluster);
  const port = (last && (await claim(last))) || (await claim(0));
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'log_checkpoints=off', 'timezone=UTC'];
  if (cluster.throwaway) settings.push('fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=200');
  const args = ['-D', cluster.folder, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  const { lease, watched } = openLease(cluster);
  const output = openSync(cluster.logFile, logIsLong(cluster) ? 'w' : 'a', 0o600);
  const options = { ...cluster.account.identity, cwd: '/', env: ENVIRONMENT, detached: true };
  const server = spawn('sh', ['-c', WATCHDOG, 'sh', cluster.binaries.postgres, ...args], { ...options, stdio: [watched, output, output] });
  server.on('error', () => {});
  server.unref();
  closeSync(watched);
  closeSync(output);
  return { server, lease };
}

/** As PostgreSQL notes the command it was last started with. */
function lastPort({ folder }: Cluster): number | undefined {
  const file = join(folder, 'postmaster.opts');
  const [, port] = (existsSync(file) && /"-p" "(\d+)"/.exec(readFileSync(file, 'utf8'))) || [];
  return port ? Number(port) : undefined;
}

/** The port when nobody listens there, 0 when somebody does; asked for 0, any free one. */
function claim(wanted: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const probe = createServer();
  probe.on('error', (error) => (wanted ? resolve(0) : reject(error)));
  probe.listen(wanted, '127.0.0.1', () => {
    const { port } = probe.address() as { port: number };
    probe.close(() => resolve(port));
  });
  return promise;
}

function logIsLong({ logFile }: Cluster): boolean {
  return (statSync(logFile, { throwIfNoEntry: false })?.size ?? 0) > 1_000_000;
}
