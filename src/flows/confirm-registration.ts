// The newcomer shows that they read the mail, and the account comes to be: by the digits in the browser where they began, or by the
// link anywhere. A link only confirms; the browser that began goes on by itself.
import type { Account } from '../domain/accounts.ts';
import type { Brand } from '../domain/brands.ts';
import { noConsents } from '../domain/consents.ts';
import { parseEmail } from '../domain/email.ts';
import { identifierDigest, openIdentifierKey } from '../domain/identifiers.ts';
import { rememberDevice } from '../domain/known-devices.ts';
import { codeKey, codeRefusal, openRemembered, readShown, type ShownCode } from '../domain/one-time-codes.ts';
import { answersOf, type PendingRegistration } from '../domain/pending-registrations.ts';
import type { Source } from '../domain/sources.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import * as accountConsents from '../storage/account-consents.ts';
import * as accounts from '../storage/accounts.ts';
import * as auditEvents from '../storage/audit-events.ts';
import type { Db } from '../storage/database.ts';
import * as identifiers from '../storage/identifiers.ts';
import * as oneTimeCodes from '../storage/one-time-codes.ts';
import * as passwords from '../storage/passwords.ts';
import { traced } from '../traced.ts';

export interface ConfirmRegistration {
  shown: ShownCode;
  source: Source;
  deviceCookie?: string | undefined;
}

export interface Entered {
  account: Account;
  deviceCookie: string;
}

type Doors = Pick<Services, 'db' | 'keyring'>;

/**
 * Of many proofs at once one makes the account.
 * @throws Refusal code_required, code_wrong, code_tries, code_expired, code_used; email_taken when the address has an account meanwhile.
 */
export const confirmRegistration = traced(async function confirmRegistration(
  { db, keyring }: Doors,
  brand: Brand,
  { shown, source, deviceCookie }: ConfirmRegistration,
): Promise<Entered> {
  if (!brand.settings.registration) throw new Refusal('registration_closed');
  const { key, proof } = readShown(keyring, brand.id, shown);
  const place = { brandId: brand.id, purpose: 'register', key } as const;
  if (!(await oneTimeCodes.check(db, place, proof))) throw codeRefusal(await oneTimeCodes.find(db, place));
  return db.transaction(async (db) => {
    const row = await oneTimeCodes.take(db, place, proof);
    if (!row) throw new Refusal('code_used', 'code');
    const registration = openRemembered<PendingRegistration>(keyring, brand.id, 'register', key, row.sealed);
    const digest = identifierDigest(openIdentifierKey(keyring, brand), 'email', parseEmail(registration.email).canonical);
    const account = await create(db, keyring, brand, { id: row.accountId, digest, registration, source, entering: !('token' in shown) });
    return { account, deviceCookie: rememberDevice(keyring.key('devices'), deviceCookie, digest) };
  });
});

/**
 * The browser that began goes on once the link was used somewhere else. It is let in by the password it chose: when that is not the
 * account's any more, or everything was signed out since, it has to sign in.
 * @throws Refusal code_expired, email_unconfirmed, code_used.
 */
export const enterConfirmed = traced(async function enterConfirmed(
  { db, keyring }: Doors,
  brand: Brand,
  { handle, deviceCookie }: { handle: string; deviceCookie?: string | undefined },
): Promise<Entered> {
  const key = codeKey(handle);
  const row = key && (await oneTimeCodes.find(db, { brandId: brand.id, purpose: 'register', key }));
  if (!row) throw codeRefusal(undefined);
  const { email, hash } = openRemembered<PendingRegistration>(keyring, brand.id, 'register', key, row.sealed);
  const account = await accounts.find(db, brand.id, row.accountId);
  if (!account) throw new Refusal('email_unconfirmed', 'code');
  const entered = account.signedOutAt ? undefined : await accounts.touchLogin(db, brand.id, row.accountId, hash);
  if (!entered) throw new Refusal('code_used', 'code');
  const digest = identifierDigest(openIdentifierKey(keyring, brand), 'email', parseEmail(email).canonical);
  return { account, deviceCookie: rememberDevice(keyring.key('devices'), deviceCookie, digest) };
});

interface Proved {
  id: string;
  /** The link signs nobody in. */
  entering: boolean;
  digest: Buffer;
  registration: PendingRegistration;
  source: Source;
}

async function create(
  db: Db,
  keyring: Doors['keyring'],
  brand: Brand,
  { id, digest, registration, source, entering }: Proved,
): Promise<Account> {
  const claimed = await identifiers.claim(db, { brandId: brand.id, digest, kind: 'email', accountId: id });
  if (!claimed) return already(db, brand, id, digest);
  const { email, hash } = registration;
  const { claims, answers, consents: lines, optIns } = answersOf(registration);
  const agreed = { accountId: id, before: noConsents, lines, optIns };
  const consents = accountConsents.foresee(keyring, brand, agreed);
  const account = await accounts.insert(db, { brandId: brand.id, id, email, emailVerified: true, claims, answers, consents, entering });
  await passwords.save(db, brand.id, id, hash);
  await accountConsents.writeFirst(db, keyring, brand, { ...agreed, email, mails: optIns.length, source, actor: 'end_user' });
  const common = { actor: 'end_user', accountId: id, source } as const;
  await auditEvents.record(db, brand.id, { event: 'account_registered', ...common }, { event: 'email_verified', ...common });
  return account;
}

/** Two mails of one registration: the other one has made the account. */
async function already(db: Db, brand: Brand, id: string, digest: Buffer): Promise<Account> {
  const owner = await identifiers.find(db, brand.id, digest);
  const account = owner === id ? await accounts.find(db, brand.id, id) : undefined;
  if (!account || account.disabledAt || account.signedOutAt) throw new Refusal('email_taken');
  return account;
}
