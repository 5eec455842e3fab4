// A person signs in with an e-mail address and a password.
// A wrong password, an unknown address and a disabled account run the same statements, cost one hash and get the same answer.
import type { Account } from '../domain/accounts.ts';
import type { Brand } from '../domain/brands.ts';
import { parseEmail } from '../domain/email.ts';
import { identifierDigest, openIdentifierKey } from '../domain/identifiers.ts';
import { knowsDevice, rememberDevice } from '../domain/known-devices.ts';
import { type Budget, loginAttempt, refuseExceeded } from '../domain/limits.ts';
import { networkOf } from '../domain/networks.ts';
import { normalizePassword } from '../domain/passwords.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import * as accounts from '../storage/accounts.ts';
import * as identifiers from '../storage/identifiers.ts';
import * as limits from '../storage/limits.ts';
import * as passwords from '../storage/passwords.ts';

export interface Login {
  email: string;
  password: string;
  /** The end-user's address as the trusted proxies tell it. */
  ip: string;
  deviceCookie?: string | undefined;
  /** Fires when the person hangs up: a hash nobody waits for is not computed. */
  signal?: AbortSignal | undefined;
}

type Doors = Pick<Services, 'db' | 'hasher' | 'keyring'>;

/** @throws Refusal email_required, email_invalid, password_required, wrong_credentials, too_many_attempts, overloaded. */
export async function login(services: Doors, brand: Brand, input: Login): Promise<{ account: Account; deviceCookie: string }> {
  const { db, hasher, keyring } = services;
  const { canonical } = parseEmail(input.email);
  if (input.password === '') throw new Refusal('password_required', 'password');
  const password = normalizePassword(input.password);
  if (password === undefined) throw wrong();

  const digest = identifierDigest(openIdentifierKey(keyring, brand), 'email', canonical);
  const deviceId = knowsDevice(keyring.key('devices'), input.deviceCookie, digest);
  const attempt = loginAttempt(keyring, brand, { digest, network: networkOf(input.ip), deviceId });
  refuseExceeded(await limits.reserve(db, brand.id, attempt));

  const accountId = await identifiers.find(db, brand.id, digest);
  const hash = await passwords.findUsable(db, brand.id, accountId);
  const matches = await verify(services, brand, attempt, hash, password, input.signal);
  if (!matches || !accountId || !hash) throw wrong();

  const renewed = hasher.needsRehash(hash) ? await rehash(services, password) : undefined;
  const account = await db.transaction(async (db) => {
    const account = await accounts.touchLogin(db, brand.id, accountId);
    if (!account) throw wrong();
    if (renewed) await passwords.rehash(db, brand.id, accountId, { from: hash, to: renewed });
    await limits.succeed(db, brand.id, attempt);
    return account;
  });
  return { account, deviceCookie: rememberDevice(keyring.key('devices'), input.deviceCookie, digest) };
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
