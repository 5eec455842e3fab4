// Every acknowledged request for a mail has become one: delivered, or waiting in the queue for its turn. Sent twice it is one mail still,
// by its Message-ID.
import { mailTasks, openMail, type SealedMail } from '../src/domain/mails.ts';
import type { Kind, Ledger } from './ledger.ts';
import type { Afterwards } from './verify.ts';

type Mailed = Pick<Afterwards, 'services' | 'brand' | 'smtp'>;

export async function missingMails({ people }: Pick<Ledger, 'people'>, afterwards: Mailed): Promise<string[]> {
  const ids = await mailsOf(afterwards);
  return people.flatMap(({ email, counts }) =>
    owedKinds(afterwards).flatMap((kind) => {
      const { sent, acknowledged } = counts[kind];
      const count = ids.get(`${kind} ${email}`)?.size ?? 0;
      return count < acknowledged || count > sent ? [`${email}: ${count} mails of "${kind}" for ${acknowledged} to ${sent}`] : [];
    }),
  );
}

/** Of what was acknowledged, so many mails have not arrived yet. */
export function awaitedMails({ people }: Pick<Ledger, 'people'>, afterwards: Pick<Mailed, 'brand' | 'smtp'>): number {
  const ids = new Map<string, Set<string>>();
  addDelivered(ids, afterwards.smtp);
  const awaited = people.flatMap(({ email, counts }) =>
    owedKinds(afterwards).map((kind) => Math.max(0, counts[kind].acknowledged - (ids.get(`${kind} ${email}`)?.size ?? 0))),
  );
  return awaited.reduce((sum, one) => sum + one, 0);
}

/** Of a newcomer's mail the one link that makes the account. */
export function isConfirmation(link: string): boolean {
  return new URL(link).pathname.endsWith('/confirm-email');
}

function owedKinds({ brand }: Pick<Mailed, 'brand'>): Kind[] {
  return brand.settings.emailVerification.pages === 'before' ? ['register', 'forgot'] : ['forgot'];
}

/** The ids of mails with a code, by what they are for and whom. */
async function mailsOf({ services: { db, keyring }, smtp }: Mailed): Promise<Map<string, Set<string>>> {
  const ids = new Map<string, Set<string>>();
  addDelivered(ids, smtp);
  const { rows } = await db.pool.query<{ payload: SealedMail }>(
    `select payload
     from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id
     where t.identifier = any($1) and attempts < max_attempts`,
    [mailTasks],
  );
  for (const { payload } of rows) {
    const { name, to } = openMail(keyring, payload);
    if (name === 'reset_password') add(ids, `forgot ${to}`, payload.id);
    if (name === 'confirm_registration') add(ids, `register ${to}`, payload.id);
  }
  return ids;
}

function addDelivered(ids: Map<string, Set<string>>, { mails }: Mailed['smtp']): void {
  for (const { to, digits, links, messageId } of mails) {
    const kind = links.some(isConfirmation) ? 'register' : 'forgot';
    if (digits) add(ids, `${kind} ${to[0]}`, messageId.split('@')[0] as string);
  }
}

function add(ids: Map<string, Set<string>>, name: string, id: string): void {
  ids.set(name, (ids.get(name) ?? new Set()).add(id));
}
