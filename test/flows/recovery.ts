// What the tests of recovery have in common: an account, its mails, and who it is that asks.
import type { Source } from '../../src/domain/sources.ts';
import { register } from '../../src/flows/register.ts';
import { sql } from '../../src/storage/database.ts';
import { mailTo, waitingMails } from '../support/mails.ts';
import type { TestBrand } from './test-brand.ts';

export const oldPassword = 'correct horse battery staple';
export const newPassword = 'violet kettle on a roof 9';

let count = 0;

/** Another network each time, so that no test meets the limits of another. */
export function source(): Source {
  count += 1;
  return {
    ip: `10.${(count >> 16) & 255}.${(count >> 8) & 255}.${count & 255}`,
    userAgent: 'Mozilla/5.0 (Windows NT 10.0) Chrome/140.0',
    locale: 'en',
  };
}

export async function newAccount(at: TestBrand, email: string, password = oldPassword): Promise<string> {
  return (await register(at, at.brand, { email, password, byOperator: true })).account.id;
}

/** The newest mail for a new password. */
export async function resetMail(at: TestBrand, email: string) {
  const { params, ...mail } = await mailTo(at, email, 'reset_password');
  return { ...mail, digits: params.digits, link: params.link, token: new URL(params.link).searchParams.get('token') ?? '' };
}

export async function mailCount(at: TestBrand, name: string): Promise<number> {
  return (await waitingMails(at)).filter((mail) => mail.name === name && mail.to !== null).length;
}

/** The events of an account, or of nobody, oldest first. */
export async function eventsOf(at: TestBrand, accountId: string | null): Promise<string[]> {
  const rows = await at.db.rows<{ event: string }>(sql`
    select event from portico.audit_events
    where brand_id = ${at.brand.id} and account_id is not distinct from ${accountId}::uuid
    order by at, event`);
  return rows.map(({ event }) => event);
}

export function codeOf(attempt: Promise<unknown>): Promise<string> {
  return attempt.then(
    () => 'done',
    ({ code, message }) => code ?? message,
  );
}
