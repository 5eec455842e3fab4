// Everything a consent leaves in the tables: lines of the ledger, what the account's row knows of it, mails of a double opt-in, the news.

import type { AuditEntry } from '../domain/audit.ts';
import type { Brand } from '../domain/brands.ts';
import { appendLines, type NewConsentLine } from '../domain/consent-ledger.ts';
import { awaiting, newOptIn } from '../domain/consent-opt-in.ts';
import type { AccountConsents } from '../domain/consents.ts';
import { type Source, seen } from '../domain/sources.ts';
import { partsOf, textIn } from '../domain/texts.ts';
import * as accountProfiles from './account-profiles.ts';
import * as auditEvents from './audit-events.ts';
import * as consents from './consents.ts';
import type { Db } from './database.ts';
import * as oneTimeCodes from './one-time-codes.ts';
import * as outbox from './outbox.ts';

export interface SaidConsents {
  accountId: string;
  /** What the account's row knew before; the caller holds the account, or makes it. */
  before: AccountConsents;
  lines: readonly NewConsentLine[];
  /** Ticked, and to be confirmed by mail: one each to `email`, but `mails` at most; the others can be mailed later. */
  optIns: readonly NewConsentLine[];
  email: string | null;
  mails: number;
  source: Source | undefined;
  actor: AuditEntry['actor'];
}

type Keyring = Parameters<typeof appendLines>[0] & Parameters<typeof newOptIn>[0] & Parameters<typeof outbox.addMail>[1];

/** Of an account that was made in this very transaction: what its row is to know is inserted with it (`foresee`). */
export async function writeFirst(db: Db, keyring: Keyring, brand: Brand, said: SaidConsents): Promise<void> {
  await leave(db, keyring, brand, said, appended(keyring, brand, said).lines);
}

/** What the row of a new account is to know. */
export function foresee(
  keyring: Keyring,
  brand: Brand,
  said: Pick<SaidConsents, 'accountId' | 'before' | 'lines' | 'optIns'>,
): AccountConsents {
  return appended(keyring, brand, said).consents;
}

/** Of an account whose row the caller holds. @returns what the row knows now. */
export async function write(db: Db, keyring: Keyring, brand: Brand, said: SaidConsents): Promise<AccountConsents> {
  if (said.lines.length === 0 && said.optIns.length === 0) return said.before;
  const { consents: after, lines } = appended(keyring, brand, said);
  await accountProfiles.saveConsents(db, brand.id, said.accountId, after);
  await leave(db, keyring, brand, said, lines);
  return after;
}

function appended(
  keyring: Keyring,
  brand: Brand,
  { accountId, before, lines, optIns }: Pick<SaidConsents, 'accountId' | 'before' | 'lines' | 'optIns'>,
) {
  const written = appendLines(keyring, { brandId: brand.id, accountId }, before, lines);
  return { ...written, consents: awaiting(written.consents, optIns) };
}

async function leave(
  db: Db,
  keyring: Keyring,
  brand: Brand,
  { accountId, optIns, email, mails, source, actor }: SaidConsents,
  lines: ReturnType<typeof appendLines>['lines'],
): Promise<void> {
  await consents.append(db, brand.id, accountId, lines);
  for (const [at, line] of optIns.entries()) await mail(db, keyring, brand, { accountId, line, email: at < mails ? email : null, source });
  const common = { actor, accountId, source };
  const answered = lines.map(({ document, version, answer, number }) => ({ document, version, answer, line: number }));
  const requested = optIns.map(({ document, version }) => ({ document, version }));
  const entries = [
    ...answered.map((details) => ({ event: 'consent_answered' as const, ...common, details })),
    ...requested.map((details) => ({ event: 'consent_requested' as const, ...common, details })),
  ];
  if (entries.length > 0) await auditEvents.record(db, brand.id, ...entries);
}

interface Mailing extends Pick<SaidConsents, 'accountId' | 'email' | 'source'> {
  line: NewConsentLine;
}

async function mail(db: Db, keyring: Keyring, brand: Brand, { accountId, line, email, source }: Mailing): Promise<void> {
  const { row, link } = newOptIn(keyring, brand, accountId, { line, email });
  await oneTimeCodes.insert(db, row);
  const texts = brand.consents.find(({ name }) => name === line.document)?.versions.find(({ version }) => version === line.version)?.texts;
  const statement = partsOf(textIn(texts ?? {}, line.locale, brand.settings.locale).text)
    .map(({ words }) => words)
    .join('');
  const params = { statement, link, seen: seen(source ?? { ip: '' }) };
  const locale = source?.locale ?? brand.settings.locale;
  await outbox.addMail(db, keyring, brand.id, { name: 'confirm_consent', params, to: email, locale, seconds: row.seconds });
}
