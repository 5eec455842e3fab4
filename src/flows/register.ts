// A person creates an account with an e-mail address and a password.
// A known address says so until a mailed code can prove who asks, but only after the same work as for a new one.
import type { Account } from '../domain/accounts.ts';
import type { Brand } from '../domain/brands.ts';
import type { AccountClaims } from '../domain/claims.ts';
import { parseEmail } from '../domain/email.ts';
import { identifierDigest, openIdentifierKey } from '../domain/identifiers.ts';
import { rememberDevice } from '../domain/known-devices.ts';
import { refuseExceeded, registerAttempt } from '../domain/limits.ts';
import { networkOf } from '../domain/networks.ts';
import { acceptablePassword, passwordContext } from '../domain/passwords.ts';
import { newAccountId } from '../domain/slices.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import * as accounts from '../storage/accounts.ts';
import type { Db } from '../storage/database.ts';
import * as identifiers from '../storage/identifiers.ts';
import * as limits from '../storage/limits.ts';
import * as passwords from '../storage/passwords.ts';

export interface Register {
  email: string;
  password: string;
  claims?: AccountClaims | undefined;
  emailVerified?: boolean | undefined;
  ip?: string | undefined;
  deviceCookie?: string | undefined;
  /** The app they come from: its name is no password. */
  clientName?: string | undefined;
  /** Fires when the person hangs up: a hash nobody waits for is not computed. */
  signal?: AbortSignal | undefined;
  /** An operator makes the account: neither limited nor stopped by a closed registration. */
  byOperator?: boolean | undefined;
}

type Doors = Pick<Services, 'db' | 'hasher' | 'keyring'>;

/**
 * What is only a slip of the pen is refused before anything is counted or written.
 * @throws Refusal registration_closed, email_*, password_*, too_many_attempts, overloaded, email_taken.
 */
export async function register(services: Doors, brand: Brand, input: Register): Promise<{ account: Account; deviceCookie: string }> {
  const { db, hasher, keyring } = services;
  if (!brand.settings.registration && !input.byOperator) throw new Refusal('registration_closed');
  const email = parseEmail(input.email);
  const policy = { minimum: brand.settings.passwordMinimum, context: passwordContext(brand, email.address, input.clientName) };
  const password = acceptablePassword(input.password, policy);
  if (!input.byOperator) await admit(services, brand, input.ip);
  const hash = await hasher.hash(password, input.signal);
  const digest = identifierDigest(openIdentifierKey(keyring, brand), 'email', email.canonical);
  const account = {
    brandId: brand.id,
    id: newAccountId(brand),
    email: email.address,
    emailVerified: input.emailVerified ?? false,
    claims: input.claims ?? {},
  };
  const created = await db.transaction((db) => create(db, account, digest, hash));
  return { account: created, deviceCookie: rememberDevice(keyring.key('devices'), input.deviceCookie, digest) };
}

/** A missing address counts as an unknown one: forgetting it in a caller limits, it does not open. */
async function admit({ db, keyring }: Doors, brand: Brand, ip = ''): Promise<void> {
  refuseExceeded(await limits.reserve(db, brand.id, registerAttempt(keyring, brand, networkOf(ip))));
}

async function create(db: Db, account: accounts.NewAccount, digest: Buffer, hash: string): Promise<Account> {
  const claimed = await identifiers.claim(db, { brandId: account.brandId, digest, kind: 'email', accountId: account.id });
  if (!claimed) throw new Refusal('email_taken', 'email');
  const created = await accounts.insert(db, account);
  await passwords.save(db, account.brandId, account.id, hash);
  return created;
}
