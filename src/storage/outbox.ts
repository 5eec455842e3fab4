// Work that must follow a change: enqueued in the change's own transaction, done by src/jobs. Rolled back, it never was.
import { type Mail, type SealedMail, sealMail } from '../domain/mails.ts';
import { type Db, sql } from './database.ts';

/** Tell a client that a session at the provider has ended (OpenID Connect Back-Channel Logout 1.0). */
export interface BackchannelLogoutJob {
  brandId: number;
  clientId: string;
  accountId: string;
  sid?: string | undefined;
}

export interface Jobs {
  backchannel_logout: BackchannelLogoutJob;
  mail: SealedMail;
}

/** A mail that is sent when the transaction commits, and not otherwise. One to nobody costs the same and goes nowhere. */
export function addMail(db: Db, keyring: Parameters<typeof sealMail>[0], brandId: number, mail: Mail): Promise<void> {
  return add(db, 'mail', [sealMail(keyring, brandId, mail)]);
}

/** Retried with growing pauses for about a day (graphile-worker's exponential back-off). */
const ATTEMPTS = 16;

export async function add<Task extends keyof Jobs>(db: Db, task: Task, payloads: Jobs[Task][]): Promise<void> {
  if (payloads.length === 0) return;
  await db.run(sql`
    select graphile_worker.add_job(${task}, payload => item, max_attempts => ${ATTEMPTS})
    from json_array_elements(${JSON.stringify(payloads)}::json) as item`);
}

/** The same as an expression of a larger statement: the job exists only if the whole statement succeeds. */
export function jobExpression(task: string, payload: object, parameter: (value: unknown, type: string) => string): string {
  const job = `${parameter(task, 'text')}, payload => ${parameter(JSON.stringify(payload), 'json')}, max_attempts => ${ATTEMPTS}`;
  return `(graphile_worker.add_job(${job})).id`;
}
