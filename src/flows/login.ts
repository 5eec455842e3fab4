// A person signs in with an e-mail address and a password.
// A wrong password, an unknown address and a disabled account run the same statements, cost one hash and get the same answer.
import type { Account } from '../domain/accounts.ts';
import type { Brand } from '../domain/brands.ts';
import { parseEmail } from '../domain/email.ts';
import { identifierDigest, openIdentifierKey } from '../domain/identifiers.ts';
import { knowsDevice, rememberDevice } from '../domain/known-devices.ts';
import { type Budget, firstExceeded, isAdmitted, loginAttempt, noticeAttempt, refuseExceeded } from '../domain/limits.ts';
import { networkOf } from '../domain/networks.ts';
import { normalizePassword } from '../domain/passwords.ts';
import { newSecureLink } from '../domain/secure-account.ts';
import { type Source, seen } from '../domain/sources.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import * as accounts from '../storage/accounts.ts';
import * as auditEvents from '../storage/audit-events.ts';
import type { Db } from '../storage/database.ts';
import * as identifiers from '../storage/identifiers.ts';
import * as limits from '../storage/limits.ts';
import * as oneTimeCodes from '../storage/one-time-codes.ts';
import * as outbox from '../storage/outbox.ts';
import * as passwords from '../storage/passwords.ts';
import { traced } from '../traced.ts';

export interface Login {
  email: string;
  password: string;
  source: Source;
  deviceCookie?: string | undefined;
  /** Fires when the person hangs up: a hash nobody waits for is not computed. */
  signal?: AbortSignal | undefined;
}

type Doors = Pick<Services, 'db' | 'hasher' | 'keyring'>;

/** @throws Refusal email_required, email_invalid, password_required, wrong_credentials, too_many_attempts, overloaded. */
export const login = traced(async function login(
  services: Doors,
  brand: Brand,
  input: Login,
): Promise<{ account: Account; deviceCookie: string }> {
  const { db, hasher, keyring } = services;
  const { source } = input;
  const { canonical } = parseEmail(input.email);
  if (input.password === '') throw new Refusal('password_required', 'password');
  const password = normalizePassword(input.password);
  if (password === undefined) throw wrong();

  const digest = identifierDigest(openIdentifierKey(keyring, brand), 'email', canonical);
  const deviceId = knowsDevice(keyring.key('devices'), input.deviceCookie, digest);
  const attempt = loginAttempt(keyring, brand, { digest, network: networkOf(source.ip), deviceId });
  await admit(db, brand, attempt, { digest, source });

  const accountId = await identifiers.find(db, brand.id, digest);
  const hash = await passwords.findUsable(db, brand.id, accountId);
  const matches = await verify(services, brand, attempt, hash, password, input.signal);
  if (!matches || !accountId || !hash) return fail(db, brand, accountId, source);

  const renewed = hasher.needsRehash(hash) ? await rehash(services, password) : undefined;
  const enter = (checked: string) =>
    db.transaction(async (db) => {
      const account = await accounts.touchLogin(db, brand.id, accountId, checked);
      if (!account) return undefined;
      if (renewed) await passwords.rehash(db, brand.id, accountId, { from: hash, to: renewed });
      await auditEvents.record(db, brand.id, { event: 'login_succeeded', actor: 'end_user', accountId, source });
      if (!deviceId && !account.firstLogin) await tellOwner(db, keyring, brand, account, source);
      await limits.succeed(db, brand.id, attempt);
      return account;
    });
  const account = (await enter(hash)) ?? (await enterAgain(services, brand, { accountId, hash, password }, enter));
  if (!account) return fail(db, brand, accountId, source);
  return { account, deviceCookie: rememberDevice(keyring.key('devices'), input.deviceCookie, digest) };
});

/** From a browser this account was never signed in with. Of many within an hour only the first few are told. */
async function tellOwner(db: Db, keyring: Doors['keyring'], brand: Brand, { id, email, lastLoginAt }: Account, source: Source) {
  if (email === null) return;
  if (!isAdmitted(await limits.reserve(db, brand.id, noticeAttempt(keyring, brand, id)))) return;
  const { row, link } = newSecureLink(keyring, brand, id);
  await oneTimeCodes.insert(db, row);
  const params = { link, seen: seen(source), when: lastLoginAt.toISOString() };
  await outbox.addMail(db, keyring, brand.id, { name: 'new_device', to: email, locale: source.locale, params, seconds: row.seconds });
}

/** The attempt that reaches the limit is noted, those that go on knocking are not: the trail is no place to flood. */
async function admit(db: Db, brand: Brand, attempt: Budget[], { digest, source }: { digest: Buffer; source: Source }): Promise<void> {
  const reserved = await limits.reserve(db, brand.id, attempt);
  const limit = firstExceeded(reserved);
  if (limit) {
    const accountId = await identifiers.find(db, brand.id, digest);
    await auditEvents.record(db, brand.id, { event: 'login_locked', actor: 'end_user', accountId, source, details: { limit } });
  }
  refuseExceeded(reserved);
}

/** The same for a wrong password and for an unknown address. */
async function fail(db: Db, brand: Brand, accountId: string | undefined, source: Source): Promise<never> {
  await auditEvents.record(db, brand.id, { event: 'login_failed', actor: 'end_user', accountId, source });
  throw wrong();
}

/** A sign-in at the same moment may have renewed the hash: the same password then, which a change of it would not let in. */
async function enterAgain<Entered>(
  { db, hasher }: Doors,
  brand: Brand,
  { accountId, hash, password }: { accountId: string; hash: string; password: string },
  enter: (checked: string) => Promise<Entered | undefined>,
): Promise<Entered | undefined> {
  const current = await passwords.findUsable(db, brand.id, accountId);
  if (!current || current === hash || !(await hasher.verify(current, password))) return undefined;
  return enter(current);
}

/** An attempt that was not evaluated (overload, hung up) was none. */
async function verify(
  { db, hasher }: Doors,
  brand: Brand,
  attempt: Budget[],
  hash: string | undefined,
  password: string,
  signal?: AbortSignal,
) {
  try {
    return await hasher.verify(hash, password, signal);
  } catch (error) {
    await limits.giveBack(db, brand.id, attempt);
    throw error;
  }
}

/** A hash made with weaker parameters is renewed now that the password is known; under load another day will do. */
async function rehash({ hasher }: Doors, password: string): Promise<string | undefined> {
  try {
    return await hasher.hash(password);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function wrong(): Refusal {
  return new Refusal('wrong_credentials', 'password');
}
