// A person creates an account with an e-mail address and a password, and has it at once. A known address says so, but only after the
// same work as for a new one; where nobody may learn that, a mail comes first (flows/begin-registration.ts).
import type { Account } from '../domain/accounts.ts';
import type { Brand } from '../domain/brands.ts';
import { noConsents } from '../domain/consents.ts';
import { identifierDigest, openIdentifierKey } from '../domain/identifiers.ts';
import { rememberDevice } from '../domain/known-devices.ts';
import { mailAttempt, refuseExceeded, registerAttempt } from '../domain/limits.ts';
import { networkOf } from '../domain/networks.ts';
import { codeLifetimes, newOneTimeCode, sealRemembered } from '../domain/one-time-codes.ts';
import { type NewcomerForm, type RegistrationAnswers, readNewcomer } from '../domain/registration-forms.ts';
import { newAccountId } from '../domain/slices.ts';
import type { Source } from '../domain/sources.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import * as accountConsents from '../storage/account-consents.ts';
import * as accounts from '../storage/accounts.ts';
import * as auditEvents from '../storage/audit-events.ts';
import type { Db } from '../storage/database.ts';
import * as identifiers from '../storage/identifiers.ts';
import * as limits from '../storage/limits.ts';
import * as oneTimeCodes from '../storage/one-time-codes.ts';
import * as outbox from '../storage/outbox.ts';
import * as passwords from '../storage/passwords.ts';
import { traced } from '../traced.ts';

export interface Register extends NewcomerForm {
  emailVerified?: boolean | undefined;
  /** Below the issuer: where the link of a brand that verifies afterwards leads. */
  confirmPath?: string | undefined;
  deviceCookie?: string | undefined;
  /** Fires when the person hangs up: a hash nobody waits for is not computed. */
  signal?: AbortSignal | undefined;
  /** An operator makes the account: neither limited nor stopped by a closed registration. */
  byOperator?: boolean | undefined;
}

type Doors = Pick<Services, 'db' | 'hasher' | 'keyring'>;

export interface Registered {
  account: Account;
  deviceCookie: string;
  /** Where the address is to be verified afterwards: names the mailed code, for this browser. */
  handle?: string | undefined;
}

/**
 * What is only a slip of the pen is refused before anything is counted or written.
 * @throws Refusal registration_closed, email_*, password_*, consent_*, answer_* and the like, under_age, too_many_attempts, overloaded,
 * email_taken.
 */
export const register = traced(async function register(services: Doors, brand: Brand, input: Register): Promise<Registered> {
  const { db, hasher, keyring } = services;
  if (!brand.settings.registration && !input.byOperator) throw new Refusal('registration_closed');
  const { email, password, said } = readNewcomer(brand, input, new Date());
  if (!input.byOperator) await admit(services, brand, input.source);
  const hash = await hasher.hash(password, input.signal);
  const digest = identifierDigest(openIdentifierKey(keyring, brand), 'email', email.canonical);
  const account = {
    brandId: brand.id,
    id: newAccountId(brand),
    email: email.address,
    emailVerified: input.emailVerified ?? false,
    entering: !input.byOperator,
  };
  const asks = brand.settings.emailVerification.pages === 'after' && !input.byOperator && !account.emailVerified;
  const admitted = await admittedMails(services, brand, { digest, source: input.source }, Number(asks) + said.optIns.length);
  // The address comes first: without it nothing of theirs is found again.
  const mail = asks ? { ...input, mailed: admitted > 0 } : undefined;
  const mails = admitted - Number(asks);
  const created = await db.transaction(async (db) => {
    const actor = input.byOperator ? 'operator' : 'end_user';
    const created = await create(db, services, brand, { account, said, digest, hash, mails, source: input.source, actor });
    await auditEvents.record(db, brand.id, { event: 'account_registered', actor, accountId: created.id, source: input.source });
    return { account: created, handle: mail && (await mailVerification(db, services, brand, { ...mail, account })) };
  });
  return { ...created, deviceCookie: rememberDevice(keyring.key('devices'), input.deviceCookie, digest) };
});

/** A missing address counts as an unknown one: forgetting it in a caller limits, it does not open. */
async function admit({ db, keyring }: Doors, brand: Brand, source?: Source): Promise<void> {
  refuseExceeded(await limits.reserve(db, brand.id, registerAttempt(keyring, brand, networkOf(source?.ip ?? ''))));
}

async function admittedMails(
  { db, keyring }: Doors,
  brand: Brand,
  { digest, source }: { digest: Buffer; source: Source | undefined },
  wanted: number,
): Promise<number> {
  const attempt = mailAttempt(keyring, brand, { digest, network: networkOf(source?.ip ?? '') });
  return limits.reserveSome(db, brand.id, attempt, wanted);
}

interface Making {
  account: Omit<accounts.NewAccount, 'claims'> & { email: string };
  said: RegistrationAnswers;
  digest: Buffer;
  hash: string;
  /** How many mailings may be asked about at once. */
  mails: number;
  source: Source | undefined;
  actor: 'operator' | 'end_user';
}

async function create(
  db: Db,
  { keyring }: Doors,
  brand: Brand,
  { account, said, digest, hash, mails, source, actor }: Making,
): Promise<Account> {
  const claimed = await identifiers.claim(db, { brandId: brand.id, digest, kind: 'email', accountId: account.id });
  if (!claimed) throw new Refusal('email_taken', 'email');
  const agreed = { accountId: account.id, before: noConsents, lines: said.consents, optIns: said.optIns };
  const consents = accountConsents.foresee(keyring, brand, agreed);
  const created = await accounts.insert(db, { ...account, claims: said.claims, answers: said.answers, consents });
  await passwords.save(db, brand.id, account.id, hash);
  await accountConsents.writeFirst(db, keyring, brand, { ...agreed, email: account.email, mails, source, actor });
  return created;
}

interface Verification extends Pick<Register, 'source' | 'confirmPath'> {
  account: { id: string; email: string };
  mailed: boolean;
}

async function mailVerification(
  db: Db,
  { keyring }: Doors,
  brand: Brand,
  { account: { id, email }, mailed, source, confirmPath }: Verification,
): Promise<string> {
  const code = newOneTimeCode(keyring, brand.id, id);
  const seconds = codeLifetimes.verify_email;
  const sealed = sealRemembered(keyring, brand.id, 'verify_email', code.key, { email });
  // Where nobody is told the code, nobody can guess it either.
  const digits = mailed ? code.code : undefined;
  await oneTimeCodes.insert(db, { ...code, code: digits, brandId: brand.id, purpose: 'verify_email', accountId: id, sealed, seconds });
  const params = { digits: code.digits, link: `${brand.issuer}${confirmPath ?? '/confirm-email'}?token=${code.token}` };
  const locale = source?.locale ?? brand.settings.locale;
  await outbox.addMail(db, keyring, brand.id, { name: 'verify_email', params, to: mailed ? email : null, locale, seconds });
  return code.handle;
}
