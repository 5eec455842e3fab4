// What runs beside the requests, on any number of nodes: jobs from the outbox, retried until they succeed, and housekeeping.
import { EventEmitter } from 'node:events';
import { Logger, type Runner, run, type TaskList, type WorkerEvents } from 'graphile-worker';
import type { OidcDoor } from '../oidc/logout.ts';
import type { Services } from '../services.ts';
import type { Database } from '../storage/database.ts';
import { backchannelLogout } from './backchannel-logout.ts';
import { startHeartbeat } from './heartbeat.ts';
import { often, seldom, sweepAll } from './sweep.ts';

export interface RunningJobs {
  /** Lets running jobs finish and gives the others back. */
  stop(): Promise<void>;
}

// Minute by minute, and once an hour at a minute of its own; several nodes agree on one run each.
const crontab = '* * * * * sweep\n17 * * * * sweep_seldom';

export async function startJobs(services: Pick<Services, 'db' | 'log'>, pool: Database['pool'], oidc: OidcDoor): Promise<RunningJobs> {
  const { log } = services;
  const taskList: TaskList = {
    backchannel_logout: backchannelLogout(oidc),
    sweep: async () => void (await sweepAll(services, often)),
    sweep_seldom: async () => void (await sweepAll(services, seldom)),
  };
  const workers = new Set<string>();
  const events: WorkerEvents = new EventEmitter();
  events.on('worker:create', ({ worker }) => workers.add(worker.workerId));
  const runner: Runner = await run({
    pgPool: pool,
    taskList,
    crontab,
    events,
    concurrency: 2,
    pollInterval: 2_000,
    // Signals belong to main: it stops the server first and the jobs then.
    noHandleSignals: true,
    logger: new Logger(({ jobId, taskIdentifier }) => (level, _message) => {
      // Messages quote payloads and addresses; what failed and how often is enough.
      if (level === 'error') log.warn({ event: 'job_failed', job: jobId, task: taskIdentifier });
    }),
  });
  const heartbeat = await startHeartbeat(services, () => [...workers]);
  return {
    async stop() {
      await runner.stop();
      await heartbeat.stop();
    },
  };
}
