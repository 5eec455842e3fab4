// A job runner that comes back. graphile-worker ends a whole runner when one of its workers could not note what became of its job, as when
// the database goes away at that moment: the process would live on and post no mail any more.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Runner, type RunnerOptions, run, type WorkerEvents } from 'graphile-worker';
import type { Services } from '../services.ts';
import { isDatabaseAway } from '../storage/database.ts';

export interface KeptRunner {
  /** Lets running jobs finish and gives the others back; nothing is started any more. */
  stop(): Promise<void>;
}

const PAUSE_MS = 1_000;

/** `names`: under which jobs are locked by runners that live, of this process. @throws when the first start fails for another reason than a database that is away. */
export async function keepRunner(
  { log }: Pick<Services, 'log'>,
  names: Set<string>,
  options: RunnerOptions & { events: WorkerEvents },
): Promise<KeptRunner> {
  let stopping = false;
  let alive = false;
  let name = '';
  let current: Promise<Runner | undefined> = Promise.resolve(undefined);
  // Jobs are locked in the name of the pool, not of the worker that does them.
  options.events.on('pool:create', ({ workerPool }) => {
    name = workerPool.id;
    names.add(name);
  });

  async function start(): Promise<Runner> {
    const runner = await run({ ...options, preset: caught });
    alive = true;
    void runner.promise.catch(() => {}).then(ended);
    return runner;
  }

  function ended(): void {
    alive = false;
    if (stopping) return;
    // What it could not note is locked in its name: without further signs of life it is freed within a minute.
    names.delete(name);
    log.warn({ event: 'jobs_ended' }, 'the jobs ended with the database, and are started again');
    current = again();
  }

  async function again(): Promise<Runner | undefined> {
    for (;;) {
      await sleep(PAUSE_MS, undefined, { ref: false });
      if (stopping) return undefined;
      try {
        return await start();
      } catch (error) {
        log.warn({ err: error, event: 'jobs_not_started' });
      }
    }
  }

  await start().then(
    (runner) => {
      current = Promise.resolve(runner);
    },
    (error: unknown) => {
      // The server listens already: that the database went away meanwhile is no reason to end.
      if (!isDatabaseAway(error)) throw error;
      current = again();
    },
  );
  return {
    async stop() {
      stopping = true;
      const runner = await current;
      // One that has just ended by itself has nothing to be stopped.
      if (alive) await runner?.stop();
    },
  };
}

/**
 * By itself the library throws where nobody could catch it, which ends the process: when a worker ends, and when it notes a job without
 * waiting for the note. What it notes in batches, be they of one, it looks after.
 */
const caught: GraphileConfig.Preset = {
  worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 },
  plugins: [
    {
      name: 'ends-quietly',
      version: '1.0.0',
      worker: {
        middleware: {
          poolWorkerPrematureExit: (_next, { workerPool }) => void Promise.resolve(workerPool.gracefulShutdown()).catch(() => {}),
        },
      },
    },
  ],
};
