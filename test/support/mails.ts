// What waits in the outbox, read as the job would read it: for tests of flows, without a mail server.
import { setTimeout } from 'node:timers/promises';
import { type Mail, openMail, type SealedMail } from '../../src/domain/mails.ts';
import { createInbox } from '../../src/mail/inbox.ts';
import type { Services } from '../../src/services.ts';
import type { Browser, Page } from './http-browser.ts';

export type WaitingMail = Mail & { id: string; brandId: number };

/** Oldest first. A mail to nobody (`to: null`) stands there too. */
export async function waitingMails({ db, keyring }: Pick<Services, 'db' | 'keyring'>): Promise<WaitingMail[]> {
  const { rows } = await db.pool.query<{ payload: SealedMail }>(
    `select payload from graphile_worker._private_jobs jobs
     join graphile_worker._private_tasks tasks on tasks.id = jobs.task_id
     where tasks.identifier like 'mail%' order by jobs.id`,
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

/** A newcomer on the page that waits for the code types what was mailed. */
export function typeCode(browser: Browser, page: Page, digits: string): Promise<Page> {
  const form = page.form();
  return browser.submit(page, { ...form, fields: { csrf: form.fields.csrf ?? '' } }, { code: digits });
}

/** The digits a newcomer was mailed, from the outbox. */
export async function mailedDigits(services: Pick<Services, 'db' | 'keyring'>, to: string): Promise<string> {
  return (await mailTo(services, to, 'confirm_registration')).params.digits;
}

/** The newest digits to this address in the inbox of a Portico that runs in another process. @throws when none come within 20 s. */
export async function keptDigits(folder: string, to: string): Promise<string> {
  for (let tries = 0; tries < 200; tries += 1) {
    const found = (await createInbox(folder).list()).find((mail) => mail.to === to && mail.digits);
    if (found?.digits) return found.digits;
    await setTimeout(100);
  }
  throw new Error(`no digits were mailed to ${to}`);
}
