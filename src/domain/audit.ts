// Who did what to whom, when, from where, by which client. What tells a person stands apart, under a salted digest, so that it can be
// erased while the chain of digests stays whole.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { type Seen, type Source, seen } from './sources.ts';

/** In the order of the alphabet; a name stands in stored rows and never changes its meaning. */
export const auditEvents = [
  'access_withdrawn',
  'account_disabled',
  'account_enabled',
  'account_erased',
  'account_imported',
  'account_registered',
  'account_secured',
  'brand_applied',
  'client_changed',
  'client_created',
  'client_disabled',
  'client_enabled',
  'client_secret_rotated',
  'consent_answered',
  'consent_requested',
  'consents_published',
  'data_exported',
  'deletion_cancelled',
  'deletion_requested',
  'email_change_requested',
  'email_change_undone',
  'email_changed',
  'email_verified',
  'login_failed',
  'login_locked',
  'login_succeeded',
  'password_changed',
  'password_reset',
  'password_reset_requested',
  'profile_changed',
  'registration_requested',
  'sessions_ended',
  'signing_keys_rotated',
  'unlock_requested',
  'unlocked',
] as const;

export type AuditEvent = (typeof auditEvents)[number];

export interface AuditEntry {
  event: AuditEvent;
  actor: 'end_user' | 'operator' | 'system';
  /** To whom; absent where nobody is known. */
  accountId?: string | undefined;
  /** From where and by which client. */
  source?: Pick<Source, 'ip' | 'userAgent' | 'clientId'> | undefined;
  /** Plain facts that tell nobody: names of fields, counts, ids of clients. */
  details?: Readonly<Record<string, string | number | boolean>> | undefined;
}

export interface AuditRow {
  id: string;
  event: AuditEvent;
  actor: AuditEntry['actor'];
  accountId: string | null;
  clientId: string | null;
  details: Readonly<Record<string, string | number | boolean>>;
  personal: Seen | null;
  salt: Buffer | null;
  commitment: Buffer;
}

export function auditRow({ event, actor, accountId, source, details = {} }: AuditEntry): AuditRow {
  const personal = source ? seen(source) : null;
  const salt = personal && randomBytes(16);
  return {
    id: randomUUID(),
    event,
    actor,
    accountId: accountId ?? null,
    clientId: source?.clientId ?? null,
    details,
    personal,
    salt,
    commitment: commitmentOf(personal, salt),
  };
}

/** True when what still stands there is what was written; erased, there is nothing to tell. Fields without a salt were put there later. */
export function isCommitted({ personal, salt, commitment }: Pick<AuditRow, 'personal' | 'salt' | 'commitment'>): boolean {
  return personal === null || (salt !== null && commitmentOf(personal, salt).equals(commitment));
}

/** sha256 over salt and fields; of nothing at all where a row has none. */
export function commitmentOf(personal: Seen | null, salt: Buffer | null): Buffer {
  const hash = createHash('sha256');
  if (personal && salt) hash.update(salt).update(canonical(personal));
  return hash.digest();
}

/** Names of the members in which two records differ; their values may be nobody's business. */
export function changedMembers(before: object, after: object): string[] {
  const [old, now] = [before, after] as Record<string, unknown>[];
  return Object.keys({ ...before, ...after }).filter((name) => canonical(old?.[name]) !== canonical(now?.[name]));
}

/** JSON with sorted members: the same bytes whoever wrote it, Postgres included. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}
