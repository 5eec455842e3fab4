// What runs beside the requests: jobs from the outbox, retried until they succeed, on any number of nodes.
import { Logger, type Runner, run, type TaskList } from 'graphile-worker';
import type { OidcDoor } from '../oidc/logout.ts';
import type { Services } from '../services.ts';
import type { Database } from '../storage/database.ts';
import { backchannelLogout } from './backchannel-logout.ts';

export interface RunningJobs {
  /** Lets running jobs finish and gives the others back. */
  stop(): Promise<void>;
}

export async function startJobs({ log }: Pick<Services, 'log'>, pool: Database['pool'], oidc: OidcDoor): Promise<RunningJobs> {
  const taskList: TaskList = { backchannel_logout: backchannelLogout(oidc) };
  const runner: Runner = await run({
    pgPool: pool,
    taskList,
    concurrency: 2,
    pollInterval: 2_000,
    // Signals belong to main: it stops the server first and the jobs then.
    noHandleSignals: true,
    logger: new Logger(({ jobId, taskIdentifier }) => (level, _message) => {
      // Messages quote payloads and addresses; what failed and how often is enough.
      if (level === 'error') log.warn({ event: 'job_failed', job: jobId, task: taskIdentifier });
    }),
  });
  return { stop: () => runner.stop() };
}
