// Looks after the server while a process uses it. Killed, or out of memory, it comes back at the same address with all that was committed.
import { closeSync } from 'node:fs';

/** A server in use. */
export interface Joined {
  pid: number;
  port: number;
  /** The file descriptor that keeps it alive. */
  lease: number;
}

export interface Keeper {
  /** Starts nothing any more. @returns what is in use now. */
  stop(): Promise<Joined>;
}

const LOOK_MS = 200;
/** Between two tries to start a server that does not start. */
const PAUSE_MS = 5_000;

/** `joinAgain` finds the server that somebody else started meanwhile, or starts one. */
export function keepRunning(first: Joined, joinAgain: () => Promise<Joined>, log: (line: string) => void): Keeper {
  let current = first;
  let pausedUntil = 0;
  let mending: Promise<void> | undefined;

  async function mend(): Promise<void> {
    try {
      const { lease } = current;
      current = await joinAgain();
      closeSync(lease);
      log(
        current.port === first.port
          ? 'The embedded database ended unexpectedly. It runs again, with everything that was committed.'
          : `The embedded database ended unexpectedly, and port ${first.port} belongs to another program now. Start Portico again.`,
      );
    } catch (error) {
      pausedUntil = Date.now() + PAUSE_MS;
      log(`The embedded database ended unexpectedly. ${(error as Error).message}`);
    }
  }

  const timer = setInterval(() => {
    if (mending || Date.now() < pausedUntil || isAlive(current.pid)) return;
    mending = mend().finally(() => {
      mending = undefined;
    });
  }, LOOK_MS).unref();

  return {
    async stop() {
      clearInterval(timer);
      await mending;
      return current;
    },
  };
}

/** Five times a second, so that nothing is read or started to find out. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
