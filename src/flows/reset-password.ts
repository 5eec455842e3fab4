// Somebody shows the code or link we mailed and sets a new password.
// Everyone is signed out everywhere: a reset is often the answer to a theft.
import type { Account } from '../domain/accounts.ts';
import type { Brand } from '../domain/brands.ts';
import { parseEmail } from '../domain/email.ts';
import { identifierDigest, openIdentifierKey } from '../domain/identifiers.ts';
import { knowsDevice, rememberDevice } from '../domain/known-devices.ts';
import { loginAttempt } from '../domain/limits.ts';
import { openRemembered, readShown, type ShownCode } from '../domain/one-time-codes.ts';
import { acceptablePassword, accountPasswordContext } from '../domain/passwords.ts';
import type { RememberedReset } from '../domain/reset-links.ts';
import { newSecureLink } from '../domain/secure-account.ts';
import { type Source, seen } from '../domain/sources.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import * as accountAccess from '../storage/account-access.ts';
import * as accounts from '../storage/accounts.ts';
import * as auditEvents from '../storage/audit-events.ts';
import { type Db, isForeignKeyViolation } from '../storage/database.ts';
import * as limits from '../storage/limits.ts';
import * as oneTimeCodes from '../storage/one-time-codes.ts';
import * as outbox from '../storage/outbox.ts';
import * as passwords from '../storage/passwords.ts';
import { traced } from '../traced.ts';

export interface ResetPassword {
  shown: ShownCode;
  password: string;
  source: Source;
  deviceCookie?: string | undefined;
  /** The app they come from: its name is no password. */
  clientName?: string | undefined;
}

export interface Recovered {
  account: Account;
  /** Makes this browser a known device of the account. */
  deviceCookie: string | undefined;
}

type Doors = Pick<Services, 'db' | 'hasher' | 'keyring'>;
type Proved = { place: Parameters<typeof oneTimeCodes.take>[1]; proof: oneTimeCodes.StoredProof; row: oneTimeCodes.OneTimeCode };

/**
 * A refused password leaves code and link as they were, and costs no hash.
 * A code that is wrong, dead, or nobody's gets one answer: which it was would tell whether somebody has an account.
 * @throws Refusal code_required, code_wrong; code_used when it was right but is spent; password_*, overloaded.
 */
export const resetPassword = traced(async function resetPassword(services: Doors, brand: Brand, input: ResetPassword): Promise<Recovered> {
  const { db, hasher, keyring } = services;
  const proved = await prove(services, brand, input);
  const account = await accounts.find(db, brand.id, proved.row.accountId);
  if (!account || account.disabledAt) throw wrong();
  const context = accountPasswordContext(brand, account, input.clientName);
  const password = acceptablePassword(input.password, { minimum: brand.settings.passwordMinimum, context });
  const hash = proved.row.consumedAt ? undefined : await hasher.hash(password);
  const recovered = hash && (await db.transaction((db) => reset(db, keyring, brand, input, proved, hash)).catch(nothingIfSpent));
  // A second press of the same form: the first one has set this very password.
  if (!recovered && !(await isJustSet(services, brand, proved, password))) throw used();
  return { account: recovered || account, deviceCookie: knownDevice(keyring, brand, account, input) };
});

/** The row the proof opens, or has opened a moment ago. */
async function prove({ db, keyring }: Doors, brand: Brand, { shown }: ResetPassword): Promise<Proved> {
  const { key, proof } = readShown(keyring, brand.id, shown);
  const place = { brandId: brand.id, purpose: 'reset_password', key } as const;
  const row = (await oneTimeCodes.check(db, place, proof)) ?? (await oneTimeCodes.findSpent(db, place, proof));
  if (!row) throw wrong();
  return { place, proof, row };
}

/** @throws Refusal code_used when somebody was quicker with the same proof. */
async function reset(
  db: Db,
  keyring: Doors['keyring'],
  brand: Brand,
  { source, shown, deviceCookie }: ResetPassword,
  { place, proof, row }: Proved,
  hash: string,
): Promise<Account> {
  const { email, mailed = false } = openRemembered<RememberedReset>(keyring, brand.id, 'reset_password', place.key, row.sealed);
  const { accountId } = row;
  // Password, account, code: locked in the order everybody takes them, so that of two one waits, never both.
  await passwords.save(db, brand.id, accountId, hash);
  const account = await accounts.recover(db, brand.id, accountId, { email, mailed });
  if (!account) throw wrong();
  if (!(await oneTimeCodes.take(db, place, proof))) throw used();
  await accountAccess.endAll(db, brand.id, accountId);
  await oneTimeCodes.endAllOf(db, brand.id, accountId, ['reset_password', 'unlock', 'verify_email', 'change_email', 'secure_account']);
  await limits.clear(db, brand.id, budgetsOf(keyring, brand, account, deviceCookie));
  await auditEvents.record(db, brand.id, {
    event: 'password_reset',
    actor: 'end_user',
    accountId,
    source,
    details: { by: 'token' in shown ? 'link' : 'code' },
  });
  await notify(db, keyring, brand, account, source);
  return account;
}

/** The person hears of it in any case; whoever it was not them shuts everybody out by its link. */
async function notify(db: Db, keyring: Doors['keyring'], brand: Brand, account: Account, source: Source): Promise<void> {
  const { row, link } = newSecureLink(keyring, brand, account.id);
  await oneTimeCodes.insert(db, row);
  const params = { how: 'recovered', link, seen: seen(source), when: new Date().toISOString() } as const;
  await outbox.addMail(db, keyring, brand.id, {
    name: 'password_changed',
    params,
    to: account.email,
    locale: source.locale,
    seconds: row.seconds,
  });
}

/** Whoever owns the mailbox starts afresh, also in a browser whose own budget was used up. */
function budgetsOf(keyring: Doors['keyring'], brand: Brand, account: Account, deviceCookie: string | undefined) {
  const digest = digestOf(keyring, brand, account);
  if (!digest) return [];
  const deviceId = knowsDevice(keyring.key('devices'), deviceCookie, digest);
  const everywhere = loginAttempt(keyring, brand, { digest, network: '', deviceId: undefined });
  const here = deviceId ? loginAttempt(keyring, brand, { digest, network: '', deviceId }) : [];
  return [...everywhere, ...here].filter(({ onSuccess }) => onSuccess === 'clear');
}

function knownDevice(keyring: Doors['keyring'], brand: Brand, account: Account, { deviceCookie }: ResetPassword): string | undefined {
  const digest = digestOf(keyring, brand, account);
  return digest && rememberDevice(keyring.key('devices'), deviceCookie, digest);
}

function digestOf(keyring: Doors['keyring'], brand: Brand, { email }: Account): Buffer | undefined {
  return email === null ? undefined : identifierDigest(openIdentifierKey(keyring, brand), 'email', parseEmail(email).canonical);
}

/** Within so many milliseconds a second press is the same press. */
const SAME_PRESS = 30_000;

async function isJustSet({ db, hasher }: Doors, brand: Brand, { row }: Proved, password: string): Promise<boolean> {
  if (row.consumedAt && Date.now() - row.consumedAt.getTime() > SAME_PRESS) return false;
  return hasher.verify(await passwords.findUsable(db, brand.id, row.accountId), password);
}

function nothingIfSpent(error: unknown): undefined {
  // The account was erased this very moment.
  if (isForeignKeyViolation(error)) throw wrong();
  if (!(error instanceof Refusal) || error.code !== 'code_used') throw error;
}

function used(): Refusal {
  return new Refusal('code_used', 'code');
}

function wrong(): Refusal {
  return new Refusal('code_wrong', 'code');
}
