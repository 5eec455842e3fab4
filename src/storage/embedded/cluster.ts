// The data folder of the embedded PostgreSQL: made on the first start, found on every later one.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OperatorError } from '../../errors.ts';
import { accountFor, type SystemAccount } from './account.ts';
import { type Binaries, embeddedBinaries, shelterFor } from './binaries.ts';

export interface Cluster {
  folder: string;
  account: SystemAccount;
  binaries: Binaries;
  logFile: string;
  throwaway: boolean;
}

export const ENVIRONMENT = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin' };

/** @throws OperatorError with the reason and the remedy when there is no place, no account or no binary to run PostgreSQL with. */
export async function prepareCluster(dataFolder: string, log: (line: string) => void, throwaway: boolean): Promise<Cluster> {
  mkdirSync(dataFolder, { recursive: true });
  const account = accountFor(join(dataFolder, 'postgres'));
  let home = dataFolder;
  const shelter = () => shelterFor(dataFolder);
  if (!account.reaches(dataFolder)) {
    home = shelter();
    log(
      `PostgreSQL cannot run as root, and the account it runs as cannot reach ${dataFolder}: the development database is kept in ${home}`,
    );
  }
  const folder = join(home, 'postgres');
  const binaries = await embeddedBinaries(account, shelter);
  const cluster = { folder, account, binaries, logFile: join(home, 'postgres.log'), throwaway };
  if (existsSync(folder)) adopt(cluster);
  else await initialize(cluster);
  return cluster;
}

/** Copied or unpacked by root, the data may belong to root. */
function adopt({ folder, account }: Cluster): void {
  if (account.identity.uid !== undefined && statSync(folder).uid !== account.identity.uid) account.own(folder);
}

/** Prepares the cluster beside its place and moves it there whole: a start that was killed half-way leaves nothing behind that counts. */
async function initialize({ folder, account, binaries, throwaway }: Cluster): Promise<void> {
  const half = `${folder}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const password = randomBytes(24).toString('base64url');
  mkdirSync(half, { mode: 0o700 });
  account.own(half);
  writeFileSync(`${half}.password`, password, { mode: 0o600 });
  account.own(`${half}.password`);
  const options =
    '--locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C -E UTF8 -U postgres -A scram-sha-256 --no-instructions'.split(' ');
  const command = [...options, `--pwfile=${half}.password`, '-D', half, ...(throwaway ? ['--no-sync'] : [])];
  try {
    await run(binaries.initdb, command, account);
    renameSync(`${half}.password`, join(half, 'portico.password'));
    await run('mkfifo', ['-m', '600', join(half, 'portico.lease')], account);
    renameSync(half, folder);
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    rmSync(`${half}.password`, { force: true });
    // A second start was quicker: its cluster is the one.
    if (!existsSync(join(folder, 'PG_VERSION'))) throw error;
  }
}

function run(command: string, args: string[], account: SystemAccount): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const child = spawn(command, args, { ...account.identity, cwd: '/', env: ENVIRONMENT, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const fail = (why: string) =>
    reject(
      new OperatorError(
        `The embedded database could not be created. Set DATABASE_URL to a PostgreSQL server instead, or mend this: ${why}`,
      ),
    );
  child.on('error', (error) => fail(error.message));
  child.on('close', (code) => (code === 0 ? resolve() : fail(said.trim())));
  return promise;
}

export function passwordOf({ folder }: Cluster): string {
  return readFileSync(join(folder, 'portico.password'), 'utf8');
}

/** Why the server did not start, in its own words. */
export function lastWords({ logFile }: Cluster): string {
  const said = existsSync(logFile) ? readFileSync(logFile, 'utf8').trim().split('\n').slice(-5).join('\n') : '';
  return `Set DATABASE_URL to a PostgreSQL server instead, or mend this (${logFile}):\n${said}`;
}
