// A person takes their data with them, or an operator hands it over. It is written down, and the person is told by mail.
import type { Account } from '../domain/accounts.ts';
import type { Brand } from '../domain/brands.ts';
import { type DataExport, dataExport, type PersonalData } from '../domain/data-export.ts';
import { isAdmitted, noticeAttempt } from '../domain/limits.ts';
import { newSecureLink } from '../domain/secure-account.ts';
import { type Source, seen } from '../domain/sources.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import * as accounts from '../storage/accounts.ts';
import * as auditEvents from '../storage/audit-events.ts';
import * as consents from '../storage/consents.ts';
import type { Db } from '../storage/database.ts';
import * as federatedIdentities from '../storage/federated-identities.ts';
import * as limits from '../storage/limits.ts';
import * as oneTimeCodes from '../storage/one-time-codes.ts';
import * as outbox from '../storage/outbox.ts';
import * as personalData from '../storage/personal-data.ts';
import { traced } from '../traced.ts';

export interface ExportAccount {
  accountId: string;
  /** The person's own request; absent for an operator's, who answers a letter and tells them otherwise. */
  source?: Source | undefined;
}

const HISTORY = 10_000;

type Doors = Pick<Services, 'db' | 'keyring'>;

/** Whoever calls it has made sure that the person signed in of late. @throws Refusal not_found when there is no such account. */
export const exportAccount = traced(async function exportAccount(
  { db, keyring }: Doors,
  brand: Brand,
  { accountId, source }: ExportAccount,
): Promise<DataExport> {
  return db.transaction(async (db) => {
    const account = await accounts.find(db, brand.id, accountId);
    if (!account) throw new Refusal('not_found');
    await auditEvents.record(db, brand.id, { event: 'data_exported', actor: source ? 'end_user' : 'operator', accountId, source });
    const now = new Date();
    const document = dataExport(brand, account, await read(db, brand, account), now);
    if (source) await tell(db, keyring, brand, account, source, now);
    return document;
  });
});

async function read(db: Db, brand: Brand, { id }: Account): Promise<PersonalData> {
  return {
    details: await personalData.detailsOf(db, brand.id, id),
    identifiers: await personalData.identifiersOf(db, brand.id, id),
    federatedIdentities: await federatedIdentities.listOf(db, brand.id, id),
    consents: await consents.listOf(db, brand.id, id),
    sessions: await personalData.sessionsOf(db, brand.id, id),
    access: await personalData.accessOf(db, brand.id, id),
    codes: await personalData.codesOf(db, brand.id, id),
    history: await personalData.historyOf(db, brand.id, id, HISTORY),
  };
}

/** Whoever was in their account without them took everything: the owner hears of it, and how to shut the door. Of many the first few. */
async function tell(db: Db, keyring: Doors['keyring'], brand: Brand, account: Account, source: Source, now: Date): Promise<void> {
  if (!isAdmitted(await limits.reserve(db, brand.id, noticeAttempt(keyring, brand, account.id, 'data_exported')))) return;
  const { row, link } = newSecureLink(keyring, brand, account.id);
  await oneTimeCodes.insert(db, row);
  const params = { link, seen: seen(source), when: now.toISOString() };
  await outbox.addMail(db, keyring, brand.id, {
    name: 'data_exported',
    params,
    to: account.email,
    locale: source.locale,
    seconds: row.seconds,
  });
}
