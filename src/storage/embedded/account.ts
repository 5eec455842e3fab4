// PostgreSQL refuses to run as root, so that root lends it another account of the system.
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { OperatorError } from '../../errors.ts';

export interface SystemAccount {
  /** For child_process: empty unless we are root. */
  identity: { uid: number; gid: number } | Record<string, never>;
  /** True when the account may pass every folder on the way and enter (a folder) or run (a file) `path`. */
  reaches(path: string): boolean;
  /** Gives a folder and everything in it to the account. */
  own(folder: string): void;
}

/**
 * The account that runs PostgreSQL: ourselves or, when we are root, the owner of the existing data, else `postgres`, else `nobody`.
 * @throws OperatorError when root finds neither, or when the data belongs to somebody else.
 */
export function accountFor(cluster: string): SystemAccount {
  const owner = statSync(cluster, { throwIfNoEntry: false });
  const self = process.getuid?.();
  if (self !== 0) {
    if (owner && owner.uid !== self) {
      throw new OperatorError(
        `The development database in ${cluster} belongs to another user. Start as that user, remove the folder (its data is lost), or set DATABASE_URL`,
      );
    }
    return { identity: {}, reaches: () => true, own: () => {} };
  }
  return lent(owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : unprivileged());
}

function lent(identity: { uid: number; gid: number }): SystemAccount {
  return {
    identity,
    reaches: (path) => spawnSync('sh', ['-c', 'test -x "$1"', 'sh', path], { ...identity, cwd: '/' }).status === 0,
    own: (folder) => {
      const { status, stderr } = spawnSync('chown', ['-R', `${identity.uid}:${identity.gid}`, folder], { encoding: 'utf8' });
      if (status !== 0) throw new OperatorError(`Cannot hand ${folder} to the account that runs PostgreSQL: ${stderr}`);
    },
  };
}

function unprivileged(): { uid: number; gid: number } {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid && gid) return { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 };
  }
  throw new OperatorError(
    'PostgreSQL cannot run as root and there is no account "postgres" or "nobody". Start as another user, or set DATABASE_URL',
  );
}
