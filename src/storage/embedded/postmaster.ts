// Who runs the cluster in a folder, as PostgreSQL itself notes it in postmaster.pid.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, realpathSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface Postmaster {
  pid: number;
  port: number;
  ready: boolean;
}

/** The live postmaster of a cluster. A stale note (dead, zombie, or the number of another program by now) is removed. */
export function livePostmaster(cluster: string): Postmaster | undefined {
  const noted = readNote(cluster);
  if (!noted) return undefined;
  if (noted === 'unfinished') return { pid: 0, port: 0, ready: false };
  if (isPostmasterOf(noted.pid, cluster)) return noted;
  // PostgreSQL would take the number of another program for a running server and refuse to start.
  const again = readNote(cluster);
  if (again && again !== 'unfinished' && again.pid === noted.pid) rmSync(join(cluster, 'postmaster.pid'), { force: true });
  return undefined;
}

/** Line 1 is the process, line 4 the port, line 8 the state (PostgreSQL, src/include/utils/pidfile.h). */
function readNote(cluster: string): Postmaster | 'unfinished' | undefined {
  const file = join(cluster, 'postmaster.pid');
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    const pid = Number(lines[0]);
    if (pid > 0) return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
    // Empty for an instant while a server starts; for ever after a crash of the machine.
    if (Date.now() - statSync(file).mtimeMs < 2_000) return 'unfinished';
    rmSync(file, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return undefined;
}

/** A postmaster works in its data folder; a zombie has no folder. Where there is no /proc, its name must do. */
function isPostmasterOf(pid: number, cluster: string): boolean {
  if (!existsSync('/proc/self/cwd')) {
    const { stdout } = spawnSync('ps', ['-o', 'stat=,command=', '-p', String(pid)], { encoding: 'utf8' });
    return /^[^Z]\S*\s+\S*postgres\b/.test(stdout.trim());
  }
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(cluster);
  } catch {
    return false;
  }
}
