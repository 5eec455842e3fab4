// How a process leaves without anybody noticing: balancers are told first, then nobody new is let in, then what is open is finished.
import type { Logger } from 'pino';

export interface Lifecycle {
  /** It is about to go: /readyz says so, and connections end with their answers. */
  leaving: boolean;
}

export interface Leaving {
  lifecycle: Lifecycle;
  log: Logger;
  /** How long a balancer gets to look elsewhere, in milliseconds. */
  drainMs: number;
  /** Ends the jobs: those that run are finished or given back. */
  stopJobs(): Promise<void>;
  /** Stops listening and waits for the requests. Idle connections get `idleMs`, everything ends after `graceMs`. */
  closeServer(times: { graceMs: number; idleMs: number }): Promise<void>;
  /** What requests and jobs needed: pools, listeners, the embedded database. */
  closeDoors(): Promise<void>;
}

// Container platforms kill ten seconds after they asked.
const WHOLE_MS = 10_000;
// For what comes after the requests; and for the process itself to end.
const DOORS_MS = 1_200;
const LAST_MS = 300;
// After its answer a connection stays open for 5 s and a buffer of one (server.ts): then whoever kept it has let go of it too.
const IDLE_MS = 6_300;

/** @returns the exit code: 0, or 1 when something did not end in time. */
export async function leave({ lifecycle, log, drainMs, stopJobs, closeServer, closeDoors }: Leaving): Promise<0 | 1> {
  lifecycle.leaving = true;
  const whole = Math.max(WHOLE_MS, drainMs + WHOLE_MS - 2_000);
  const late = pause(whole - LAST_MS).then(() => 'late' as const);
  const work = (async () => {
    // Others take over what is to be done while requests are still served.
    const jobs = stopJobs();
    // What it says is heard below, when the requests are done.
    jobs.catch(() => {});
    if (drainMs > 0) await pause(drainMs);
    const idleMs = drainMs > 0 ? Math.max(0, IDLE_MS - drainMs) : 0;
    await closeServer({ graceMs: whole - drainMs - DOORS_MS - LAST_MS, idleMs });
    await jobs;
    await closeDoors();
    return 'gone' as const;
  })();
  const end = await Promise.race([work, late]).catch((error: unknown) => {
    log.error({ err: error, event: 'stop_failed' });
    return 'failed' as const;
  });
  if (end === 'late') log.error({ event: 'stop_forced' });
  return end === 'gone' ? 0 : 1;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
