// Work that must follow a change: enqueued in the change's own transaction, done by src/jobs. Rolled back, it never was.
import { type Mail, mailTask, recipientTag, type SealedMail, sealMail } from '../domain/mails.ts';
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
export async function addMail(db: Db, keyring: MailKeyring, brandId: number, mail: Mail): Promise<void> {
  const sealed = sealMail(keyring, brandId, mail, new Date());
  const key = mailKey(recipientTag(keyring, brandId, mail.to ?? sealed.id), sealed.id);
  await db.run(sql`
    select graphile_worker.add_job(${mailTask(mail.name)}, payload => ${JSON.stringify(sealed)}::json, job_key => ${key},
      max_attempts => ${ATTEMPTS})`);
}

/** What waits for an address is not sent any more. One that is being sent this moment is. @returns how many went. */
export async function forgetMailsTo(db: Db, keyring: MailKeyring, brandId: number, address: string): Promise<number> {
  const row = await db.row<{ count: number }>(sql`
    select count(*)::int as count
    from graphile_worker.complete_jobs(array(
      select id
      from graphile_worker.jobs
      where starts_with(key, ${mailKey(recipientTag(keyring, brandId, address), '')})
    ))`);
  return row?.count ?? 0;
}

type MailKeyring = Parameters<typeof sealMail>[0] & Parameters<typeof recipientTag>[0];

/** A name by which its owner's mails are found while they wait; the address itself is sealed. */
function mailKey(tag: string, id: string): string {
  return `mail/${tag}/${id}`;
}

/** Retried with growing pauses for about a day (graphile-worker's exponential back-off). */
const ATTEMPTS = 16;

/** Jobs that failed for the last time, a week later: until then an operator may look at them. */
export async function deleteFailed(db: Db, batch: number): Promise<number> {
  const row = await db.row<{ count: number }>(sql`
    select count(*)::int as count
    from graphile_worker.complete_jobs(array(
      select id
      from graphile_worker.jobs
      where attempts >= max_attempts and locked_at is null and updated_at < now() - interval '7 days'
      limit ${batch}
    ))`);
  return row?.count ?? 0;
}

export interface Backlog {
  task: string;
  /** Due, or tried in vain and to be tried again; those that failed for good are not among them. */
  waiting: number;
  /** Seconds since the first of them was due. */
  lag: number;
}

/** What should have been done by now, by task. A job that failed is not due before its pause is over, and late all the same. */
export async function backlog(db: Db): Promise<Backlog[]> {
  return db.rows<Backlog>(sql`
    select task_identifier as task, count(*)::int as waiting,
      extract(epoch from now() - min(case when failed then created_at else run_at end))::float8 as lag
    from (
      select task_identifier, run_at, created_at, locked_at,
        case when locked_at is null then attempts > 0 else attempts > 1 end as failed
      from graphile_worker.jobs
      where attempts < max_attempts or locked_at is not null
    ) as jobs
    where failed or (locked_at is null and run_at <= now())
    group by task_identifier`);
}

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
