// What runs beside the requests, on any number of nodes: jobs from the outbox, retried until they succeed, and housekeeping.
import { EventEmitter } from 'node:events';
import { Logger, type RunnerOptions, type TaskList, type WorkerEvents } from 'graphile-worker';
import { mailTasks } from '../domain/mails.ts';
import type { Mailer } from '../mail/mailer.ts';
import { metrics } from '../metrics.ts';
import type { OidcDoor } from '../oidc/logout.ts';
import type { Services } from '../services.ts';
import type { Database } from '../storage/database.ts';
import { backchannelLogout } from './backchannel-logout.ts';
import { eraseAccounts } from './erase-accounts.ts';
import { startHeartbeat } from './heartbeat.ts';
import { type KeptRunner, keepRunner } from './kept-runner.ts';
import { mail } from './mail.ts';
import { pruneAudit } from './prune-audit.ts';
import { sealAudit } from './seal-audit.ts';
import { often, seldom, sweepAll } from './sweep.ts';

export interface RunningJobs {
  /** Lets running jobs finish and gives the others back. */
  stop(): Promise<void>;
}

// Minute by minute, and once an hour at a minute of its own; several nodes agree on one run each.
const crontab = '* * * * * sweep\n* * * * * erase_accounts\n17 * * * * sweep_seldom\n*/5 * * * * seal_audit\n47 * * * * prune_audit';

const MAILS_AT_A_TIME = 3;
// How long a stop waits for mails on their way; what is given up then is sent by the next process.
const GRACE_MS = 4_000;

export interface JobDoors {
  /** Its connections are the jobs' own. */
  pool: Database['pool'];
  oidc: OidcDoor;
  mailer: Mailer;
}

type Needs = Pick<Services, 'db' | 'keyring' | 'log'>;

export async function startJobs(services: Needs, { pool, oidc, mailer }: JobDoors): Promise<RunningJobs> {
  const going = new AbortController();
  const pace = { leaving: going.signal };
  const taskList: TaskList = {
    backchannel_logout: backchannelLogout(oidc),
    erase_accounts: async () => void (await eraseAccounts(services, pace)),
    sweep: async () => void (await sweepAll(services, often, pace)),
    seal_audit: async () => void (await sealAudit(services, pace)),
    prune_audit: async () => void (await pruneAudit(services, pace)),
    sweep_seldom: async () => void (await sweepAll(services, seldom, pace)),
  };
  const pools = new Set<string>();
  // Mail has workers of its own: a mail server that hangs keeps no relying party waiting for a logout.
  const runners = [
    await startRunner(services, pools, { pgPool: pool, taskList, crontab, concurrency: 2 }),
    await startRunner(services, pools, { pgPool: pool, taskList: tasksOfMail(mailer), concurrency: MAILS_AT_A_TIME }),
  ];
  const heartbeat = await startHeartbeat(services, () => [...pools]);
  return {
    async stop() {
      going.abort();
      const impatient = setTimeout(mailer.close, GRACE_MS);
      await Promise.all(runners.map((runner) => runner.stop()));
      clearTimeout(impatient);
      mailer.close();
      await heartbeat.stop();
    },
  };
}

function tasksOfMail(mailer: Mailer): TaskList {
  return Object.fromEntries(mailTasks.map((name) => [name, mail(mailer)]));
}

function startRunner({ log }: Needs, pools: Set<string>, options: RunnerOptions): Promise<KeptRunner> {
  const events: WorkerEvents = new EventEmitter();
  const began = new Map<string, number>();
  events.on('job:start', ({ job }) => began.set(job.id, performance.now()));
  events.on('job:complete', ({ job, error }) => {
    metrics.job(job.task_identifier, error ? 'failed' : 'ok', performance.now() - (began.get(job.id) ?? performance.now()));
    began.delete(job.id);
  });
  return keepRunner({ log }, pools, {
    ...options,
    events,
    pollInterval: 2_000,
    // Signals belong to main: it stops the server first and the jobs then.
    noHandleSignals: true,
    logger: new Logger(({ jobId, taskIdentifier }) => (level, _message) => {
      // Messages quote payloads and addresses; what failed and how often is enough.
      if (level === 'error') log.warn({ event: 'job_failed', job: jobId, task: taskIdentifier });
    }),
  });
}
