// Somebody has forgotten a password. Whether the address has an account, the same statements run, no hash is computed, and the answer
// is the same; only the mailbox learns more.
import type { Account } from '../domain/accounts.ts';
import type { Brand } from '../domain/brands.ts';
import { type Email, parseEmail } from '../domain/email.ts';
import { identifierDigest, openIdentifierKey } from '../domain/identifiers.ts';
import { isAdmitted, mailAttempt } from '../domain/limits.ts';
import type { Mail } from '../domain/mails.ts';
import { networkOf } from '../domain/networks.ts';
import { nobodyFor } from '../domain/nobody.ts';
import { codeLifetimes, type NewCode, newOneTimeCode, sealRemembered } from '../domain/one-time-codes.ts';
import { isRegisteredResetUrl, type RememberedReset, resetLink } from '../domain/reset-links.ts';
import { newAccountId } from '../domain/slices.ts';
import { type Source, seen } from '../domain/sources.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import * as accounts from '../storage/accounts.ts';
import * as auditEvents from '../storage/audit-events.ts';
import type { Db } from '../storage/database.ts';
import * as federatedIdentities from '../storage/federated-identities.ts';
import * as identifiers from '../storage/identifiers.ts';
import * as limits from '../storage/limits.ts';
import * as oneTimeCodes from '../storage/one-time-codes.ts';
import * as outbox from '../storage/outbox.ts';
import * as passwords from '../storage/passwords.ts';
import { traced } from '../traced.ts';

/** A client's own page for a new password, out of those it has registered. */
export interface ResetPage {
  resetUrl?: string | undefined;
  /** Its `reset_urls`. */
  registered?: readonly string[] | undefined;
}

export interface ForgotPassword extends ResetPage {
  email: string;
  source: Source;
  /** Path below the issuer, such as `/interaction/<uid>`, where the link leads. */
  under?: string | undefined;
  /** Of the code this browser waits for already, for the same address: where no new mail goes out, the old one stays good. */
  handle?: string | undefined;
}

type Doors = Pick<Services, 'db' | 'keyring'>;

/**
 * Mails a code and a link for a new password, good for an hour; what was mailed before is dead from then on.
 * @returns the handle that names the code, for the browser that asked.
 * @throws Refusal email_required, email_invalid, reset_url_unknown.
 */
export const forgotPassword = traced(async function forgotPassword(
  services: Doors,
  brand: Brand,
  input: ForgotPassword,
): Promise<{ handle: string }> {
  const { db, keyring } = services;
  const email = parseEmail(input.email);
  refuseUnregistered(input);
  const digest = identifierDigest(openIdentifierKey(keyring, brand), 'email', email.canonical);
  const attempt = mailAttempt(keyring, brand, { digest, network: networkOf(input.source.ip) });
  const admitted = isAdmitted(await limits.reserve(db, brand.id, attempt));
  const nobody = nobodyFor(keyring, brand, digest);
  const person = await findPerson(services, brand, digest, nobody);
  const way = wayBack(person, admitted);
  // A code nobody gets hangs on nobody, and where no mail may go out it ends none of those that did.
  const owner = !admitted ? newAccountId(brand) : way === 'password' ? (person.account as Account).id : nobody;
  const code = newOneTimeCode(keyring, brand.id, owner);
  const sent = { email, way, person, code };
  await db.transaction((db) => ask(db, keyring, brand, input, owner, sent));
  return { handle: (!admitted && input.handle) || code.handle };
});

interface Person {
  account: Account | undefined;
  hasPassword: boolean;
  providers: string[];
}

/** How the address gets back in: by a new password, through its identity providers, or not at all. */
type Way = 'password' | 'providers' | 'none';

interface Sent {
  email: Email;
  way: Way;
  person: Person;
  code: NewCode;
}

async function findPerson({ db }: Doors, brand: Brand, digest: Buffer, nobody: string): Promise<Person> {
  const id = (await identifiers.find(db, brand.id, digest)) ?? nobody;
  const account = await accounts.find(db, brand.id, id);
  const hash = await passwords.findUsable(db, brand.id, id);
  const identities = await federatedIdentities.listOf(db, brand.id, id);
  return { account, hasPassword: hash !== undefined, providers: [...new Set(identities.map(({ providerName }) => providerName))] };
}

function wayBack({ account, hasPassword, providers }: Person, admitted: boolean): Way {
  if (!admitted || !account?.email || account.disabledAt) return 'none';
  return hasPassword || providers.length === 0 ? 'password' : 'providers';
}

async function ask(db: Db, keyring: Doors['keyring'], brand: Brand, input: ForgotPassword, owner: string, sent: Sent): Promise<void> {
  const { person, code, way } = sent;
  const remembered = { email: person.account?.email ?? sent.email.address, mailed: true };
  await oneTimeCodes.endAllOf(db, brand.id, owner, ['reset_password']);
  await insertReset(db, keyring, brand, { owner, code, remembered });
  await outbox.addMail(db, keyring, brand.id, mailOf(brand, input, sent));
  await auditEvents.record(db, brand.id, {
    event: 'password_reset_requested',
    actor: 'end_user',
    accountId: person.account?.id,
    source: input.source,
    details: { way },
  });
}

function mailOf(brand: Brand, { source, under, resetUrl }: ForgotPassword, { email, way, person, code }: Sent): Mail {
  const to = way === 'none' ? null : (person.account?.email ?? null);
  const common = { to, locale: source.locale, seconds: codeLifetimes.reset_password };
  const from = seen(source);
  if (way === 'providers') {
    return { ...common, name: 'no_password', params: { providers: person.providers, link: `${brand.issuer}/account`, seen: from } };
  }
  const page = resetUrl === undefined ? undefined : { url: resetUrl, email: to ?? email.address };
  const link = resetLink(brand, code.token, { under, page });
  return { ...common, name: 'reset_password', params: { digits: code.digits, link, seen: from } };
}

export interface IssueResetLink extends ResetPage {
  accountId: string;
}

/**
 * The link without a mail, for an operator or a back end that sends its own: whoever gets it may set a password. Older ones are dead.
 * It proves no mailbox, since nobody knows how it is handed on. `seconds` is how long it lives.
 * @throws Refusal not_found (also for a disabled account), reset_url_unknown.
 */
export const issueResetLink = traced(async function issueResetLink(
  { db, keyring }: Doors,
  brand: Brand,
  { accountId, ...page }: IssueResetLink,
): Promise<{ token: string; link: string; seconds: number }> {
  refuseUnregistered(page);
  const code = newOneTimeCode(keyring, brand.id, accountId);
  const email = await db.transaction(async (db) => {
    const account = await accounts.find(db, brand.id, accountId);
    if (!account || account.disabledAt) throw new Refusal('not_found');
    const remembered = { email: account.email ?? undefined, mailed: false };
    await oneTimeCodes.endAllOf(db, brand.id, accountId, ['reset_password']);
    await insertReset(db, keyring, brand, { owner: accountId, code: { ...code, code: undefined }, remembered });
    await auditEvents.record(db, brand.id, { event: 'password_reset_requested', actor: 'operator', accountId, details: { way: 'link' } });
    return account.email ?? '';
  });
  const custom = page.resetUrl === undefined ? undefined : { url: page.resetUrl, email };
  return { token: code.token, link: resetLink(brand, code.token, { page: custom }), seconds: codeLifetimes.reset_password };
});

function refuseUnregistered({ resetUrl, registered }: ResetPage): void {
  if (resetUrl !== undefined && !isRegisteredResetUrl(registered, resetUrl)) throw new Refusal('reset_url_unknown');
}

type StoredCode = Pick<NewCode, 'key' | 'secret'> & { code: Buffer | undefined };

async function insertReset(
  db: Db,
  keyring: Doors['keyring'],
  brand: Brand,
  { owner, code, remembered }: { owner: string; code: StoredCode; remembered: RememberedReset },
): Promise<void> {
  await oneTimeCodes.insert(db, {
    brandId: brand.id,
    purpose: 'reset_password',
    key: code.key,
    accountId: owner,
    secret: code.secret,
    code: code.code,
    sealed: sealRemembered(keyring, brand.id, 'reset_password', code.key, remembered),
    seconds: codeLifetimes.reset_password,
  });
}
