// A person wants another address. The new mailbox proves itself by a mailed code or link; the old one is told and can undo it for a week.
// Whether somebody else has the new address, only its mailbox learns.
import type { Account } from '../domain/accounts.ts';
import type { Brand } from '../domain/brands.ts';
import { type Email, maskEmail, parseEmail } from '../domain/email.ts';
import type { RememberedChange, RememberedUndo } from '../domain/email-changes.ts';
import { identifierDigest, openIdentifierKey } from '../domain/identifiers.ts';
import { rememberDevice } from '../domain/known-devices.ts';
import { type Budget, isAdmitted, mailAttempt } from '../domain/limits.ts';
import { networkOf } from '../domain/networks.ts';
import {
  type CodeKey,
  codeKey,
  codeLifetimes,
  codeRefusal,
  newLink,
  newOneTimeCode,
  openRemembered,
  readShown,
  type ShownCode,
  sealRemembered,
} from '../domain/one-time-codes.ts';
import { type Source, seen } from '../domain/sources.ts';
import { Refusal } from '../errors.ts';
import { checkPassword } from '../password-check.ts';
import type { Services } from '../services.ts';
import * as accountAccess from '../storage/account-access.ts';
import * as accounts from '../storage/accounts.ts';
import * as auditEvents from '../storage/audit-events.ts';
import type { Db } from '../storage/database.ts';
import * as identifiers from '../storage/identifiers.ts';
import * as limits from '../storage/limits.ts';
import * as oneTimeCodes from '../storage/one-time-codes.ts';
import * as outbox from '../storage/outbox.ts';
import * as passwords from '../storage/passwords.ts';
import { traced } from '../traced.ts';

type Doors = Pick<Services, 'db' | 'hasher' | 'keyring'>;

/** `again` is the handle of a request that was made already: the same once more, without the password. */
export type RequestEmailChange = ({ email: string; password: string } | { again: string }) & {
  accountId: string;
  source: Source;
  deviceCookie?: string | undefined;
  /** Fires when the person hangs up: a hash nobody waits for is not computed. */
  signal?: AbortSignal | undefined;
};

/**
 * The caller has made sure of a fresh sign-in. An account without a password needs no more than that.
 * @returns the handle of the row; the browser that asked keeps it. The same for an address that is somebody's.
 * @throws Refusal email_*, email_unchanged, password_required, password_wrong, too_many_attempts, overloaded, account_unavailable;
 * code_expired when there is nothing to repeat.
 */
export const requestEmailChange = traced(async function requestEmailChange(
  services: Doors,
  brand: Brand,
  input: RequestEmailChange,
): Promise<{ handle: string }> {
  const { db, keyring } = services;
  const { accountId, source } = input;
  const email = 'again' in input ? await repeated(services, brand, input) : parseEmail(input.email);
  const account = await accounts.find(db, brand.id, accountId);
  if (!account || account.disabledAt) throw new Refusal('account_unavailable', undefined, { params: { brand: brand.name } });
  if (account.email && parseEmail(account.email).canonical === email.canonical) throw new Refusal('email_unchanged', 'email');
  const shown = 'again' in input ? [] : await prove(services, brand, account, input);

  const digest = identifierDigest(openIdentifierKey(keyring, brand), 'email', email.canonical);
  const asked = mailAttempt(keyring, brand, { digest, network: networkOf(source.ip) });
  const admitted = isAdmitted(await limits.reserve(db, brand.id, asked));
  const holder = await identifiers.findHolder(db, brand.id, digest);
  const taken = holder !== undefined && holder !== accountId;
  const handle = await db.transaction(async (db) => {
    const sent = await send(db, services, brand, { accountId, email: email.address, taken, admitted, source });
    if (shown.length > 0) await limits.succeed(db, brand.id, shown);
    return sent;
  });
  // The limit is silent: what was mailed before still opens.
  return { handle: 'again' in input && !admitted ? input.again : handle };
});

async function repeated({ db, keyring }: Doors, brand: Brand, { again, accountId }: { again: string; accountId: string }): Promise<Email> {
  const key = codeKey(again);
  const row = key && (await oneTimeCodes.find(db, { brandId: brand.id, purpose: 'change_email', key }));
  if (!row || row.consumedAt || row.accountId !== accountId) throw new Refusal('code_expired', 'code');
  return parseEmail(openRemembered<RememberedChange>(keyring, brand.id, 'change_email', key as CodeKey, row.sealed).email);
}

async function prove(
  services: Doors,
  brand: Brand,
  account: Account,
  { password, source, deviceCookie, signal }: Extract<RequestEmailChange, { password: string }>,
): Promise<Budget[]> {
  const hash = await passwords.findUsable(services.db, brand.id, account.id);
  return hash ? checkPassword(services, brand, account, { password, hash, source, deviceCookie, signal }) : [];
}

interface Sending {
  accountId: string;
  email: string;
  taken: boolean;
  admitted: boolean;
  source: Source;
}

/** The same statements whoever has the address. A code that nobody was sent is none: it cannot be guessed either. */
async function send(db: Db, { keyring }: Doors, brand: Brand, { accountId, email, taken, admitted, source }: Sending): Promise<string> {
  const code = newOneTimeCode(keyring, brand.id, accountId);
  const { key, secret } = code;
  const sealed = sealRemembered(keyring, brand.id, 'change_email', key, { email, seen: seen(source) } satisfies RememberedChange);
  if (admitted) await oneTimeCodes.endAllOf(db, brand.id, accountId, ['change_email']);
  const digits = taken || !admitted ? undefined : code.code;
  const seconds = codeLifetimes.change_email;
  await oneTimeCodes.insert(db, { brandId: brand.id, purpose: 'change_email', key, accountId, secret, code: digits, sealed, seconds });
  const envelope = { to: admitted ? email : null, locale: source.locale, seconds };
  await outbox.addMail(
    db,
    keyring,
    brand.id,
    taken
      ? { name: 'address_taken', params: { link: `${brand.issuer}/account` }, ...envelope }
      : {
          name: 'change_email',
          params: { digits: code.digits, link: `${brand.issuer}/confirm-email?token=${code.token}` },
          ...envelope,
        },
  );
  await auditEvents.record(db, brand.id, { event: 'email_change_requested', actor: 'end_user', accountId, source });
  return code.handle;
}

export interface ConfirmEmailChange {
  /** The digits, typed where it was asked for, or the token of the link. */
  shown: ShownCode;
  /** Who types the digits, in which session; absent for a link, which may be opened anywhere. */
  by?: { accountId: string; sessionUid: string; deviceCookie?: string | undefined } | undefined;
  source: Source;
}

export interface ConfirmedEmailChange {
  accountId: string;
  email: string;
  /** For the browser that asked: it knows the account by the new address too. */
  deviceCookie?: string | undefined;
}

/**
 * Once. Typed in the account it ends the other sessions; a link, which signs nobody in, ends none.
 * @throws Refusal code_required, code_wrong, code_tries, code_used, code_expired; email_taken when somebody was quicker; account_unavailable.
 */
export const confirmEmailChange = traced(async function confirmEmailChange(
  services: Doors,
  brand: Brand,
  input: ConfirmEmailChange,
): Promise<ConfirmedEmailChange> {
  const { db, keyring } = services;
  const { key, proof } = readShown(keyring, brand.id, input.shown);
  const place = { brandId: brand.id, purpose: 'change_email' as const, key };
  const row = await oneTimeCodes.check(db, place, proof);
  if (!row) throw codeRefusal(await oneTimeCodes.find(db, place));
  if (input.by && input.by.accountId !== row.accountId) throw new Refusal('code_expired', 'code');
  const { email } = openRemembered<RememberedChange>(keyring, brand.id, 'change_email', key, row.sealed);
  await db.transaction(async (db) => {
    // The account before its codes, as everywhere: of the two one waits, never both.
    const set = await accounts.setEmail(db, brand.id, row.accountId, email);
    if (!set) throw new Refusal('account_unavailable', undefined, { params: { brand: brand.name } });
    if (!(await oneTimeCodes.take(db, place, proof))) throw codeRefusal(await oneTimeCodes.find(db, place));
    await change(db, services, brand, { accountId: row.accountId, before: set.before, email, ...input });
  });
  const digest = digestOf(keyring, brand, email);
  const deviceCookie = input.by && rememberDevice(keyring.key('devices'), input.by.deviceCookie, digest);
  return { accountId: row.accountId, email, deviceCookie };
});

type Change = { accountId: string; before: string | null; email: string } & Pick<ConfirmEmailChange, 'by' | 'source'>;

async function change(db: Db, { keyring }: Doors, brand: Brand, { accountId, before, email, by, source }: Change): Promise<void> {
  const claim = { brandId: brand.id, kind: 'email' as const, accountId };
  if (!(await identifiers.claim(db, { ...claim, digest: digestOf(keyring, brand, email) }))) throw new Refusal('email_taken', 'code');
  // What was mailed to the old address opens nothing; what takes the account back from a thief must outlive what thieves do.
  await oneTimeCodes.endAllOf(db, brand.id, accountId, [
    'change_email',
    'confirm_consent',
    'register',
    'reset_password',
    'unlock',
    'verify_email',
  ]);
  if (before) {
    await identifiers.hold(db, { ...claim, digest: digestOf(keyring, brand, before) }, { seconds: codeLifetimes.undo_email });
    await warn(db, keyring, brand, { accountId, before, email, source });
  }
  if (by) await accountAccess.endOthers(db, brand.id, accountId, by.sessionUid);
  await auditEvents.record(db, brand.id, { event: 'email_changed', actor: 'end_user', accountId, source });
}

async function warn(
  db: Db,
  keyring: Services['keyring'],
  brand: Brand,
  { accountId, before, email, source }: { accountId: string; before: string; email: string; source: Source },
): Promise<void> {
  const remembered: RememberedUndo = { before, email };
  const { row, token } = newLink(keyring, brand.id, 'undo_email', accountId, remembered);
  await oneTimeCodes.insert(db, row);
  const link = `${brand.issuer}/undo-email?token=${token}`;
  const params = { newEmail: maskEmail(email), link, seen: seen(source), when: new Date().toISOString() };
  await outbox.addMail(db, keyring, brand.id, { name: 'email_changed', params, to: before, locale: source.locale, seconds: row.seconds });
}

function digestOf(keyring: Services['keyring'], brand: Brand, email: string): Buffer {
  return identifierDigest(openIdentifierKey(keyring, brand), 'email', parseEmail(email).canonical);
}
