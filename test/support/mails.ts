// What waits in the outbox, read as the job would read it: for tests of flows, without a mail server.
import { type Mail, openMail, type SealedMail } from '../../src/domain/mails.ts';
import type { Services } from '../../src/services.ts';

export type WaitingMail = Mail & { id: string; brandId: number };

/** Oldest first. A mail to nobody (`to: null`) stands there too. */
export async function waitingMails({ db, keyring }: Pick<Services, 'db' | 'keyring'>): Promise<WaitingMail[]> {
  const { rows } = await db.pool.query<{ payload: SealedMail }>(
    `select payload from graphile_worker._private_jobs jobs
     join graphile_worker._private_tasks tasks on tasks.id = jobs.task_id
     where tasks.identifier = 'mail' order by jobs.id`,
  );
  return rows.map(({ payload }) => ({ ...openMail(keyring, payload), id: payload.id, brandId: payload.brandId }));
}

/** The newest mail of this name to this address. @throws when there is none. */
export async function mailTo<Name extends Mail['name']>(
  services: Pick<Services, 'db' | 'keyring'>,
  to: string,
  name: Name,
): Promise<Extract<WaitingMail, { name: Name }>> {
  const found = (await waitingMails(services)).filter((mail) => mail.to === to && mail.name === name).at(-1);
  if (!found) throw new Error(`no mail ${name} to ${to} waits`);
  return found as Extract<WaitingMail, { name: Name }>;
}

export async function forgetMails({ db }: Pick<Services, 'db'>): Promise<void> {
  await db.pool.query('delete from graphile_worker._private_jobs');
}
