// A named pipe in the data folder. Every process that uses the server holds it open for writing, the watchdog reads it:
// the kernel closes it for the dead, so that not even SIGKILL of all of them leaves an orphan.
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from './cluster.ts';

function leasePath({ folder }: Cluster): string {
  return join(folder, 'portico.lease');
}

/** Both ends of the pipe, for a server about to start. Opening one end alone would wait for the other. */
export function openLease(cluster: Cluster): { lease: number; watched: number } {
  const opener = openSync(leasePath(cluster), constants.O_RDONLY | constants.O_NONBLOCK);
  const lease = openSync(leasePath(cluster), constants.O_WRONLY);
  const watched = openSync(leasePath(cluster), constants.O_RDONLY);
  closeSync(opener);
  return { lease, watched };
}

/** A file descriptor that keeps the server alive; undefined when no watchdog reads. */
export function takeLease(cluster: Cluster): number | undefined {
  try {
    return openSync(leasePath(cluster), constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') return undefined;
    throw error;
  }
}

/** False once the watchdog has let go of the pipe: the server is stopping, or will never be stopped. */
export function isWatched(cluster: Cluster): boolean {
  const lease = takeLease(cluster);
  if (lease !== undefined) closeSync(lease);
  return lease !== undefined;
}
