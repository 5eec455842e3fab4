// A newcomer asks for an account. It exists only once they have read the mail, so that nobody else learns whether it did before:
// a known address runs the same statements, costs the same hash and gets a mail as well, which says that there is an account.
import { randomBytes } from 'node:crypto';
import type { Brand } from '../domain/brands.ts';
import { parseEmail } from '../domain/email.ts';
import { identifierDigest, openIdentifierKey } from '../domain/identifiers.ts';
import { isAdmitted, mailAttempt, refuseExceeded, registerAttempt } from '../domain/limits.ts';
import { networkOf } from '../domain/networks.ts';
import { codeKey, codeLifetimes, codeRefusal, newOneTimeCode, openRemembered, sealRemembered } from '../domain/one-time-codes.ts';
import type { PendingRegistration } from '../domain/pending-registrations.ts';
import { type NewcomerForm, readNewcomer } from '../domain/registration-forms.ts';
import { newAccountId } from '../domain/slices.ts';
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
import { traced } from '../traced.ts';

/** From where, and where the mailed link leads: a path below the issuer. */
interface Asked {
  source: Source;
  confirmPath: string;
}

export interface BeginRegistration extends Asked, NewcomerForm {
  source: Source;
  /** Handle of what this browser has begun before. */
  pending?: string | undefined;
  /** Fires when the person hangs up: a hash nobody waits for is not computed. */
  signal?: AbortSignal | undefined;
}

type Doors = Pick<Services, 'db' | 'hasher' | 'keyring'>;
type Sealer = Pick<Services, 'keyring'>;

/** Within so many milliseconds a second press is the same press: no second mail. */
const SAME_PRESS = 30_000;

/**
 * @returns the handle that names the registration, for the browser that began it.
 * @throws Refusal registration_closed, email_*, password_*, consent_*, answer_* and the like, under_age, too_many_attempts, overloaded.
 * None tells whether the address is known.
 */
export const beginRegistration = traced(async function beginRegistration(
  services: Doors,
  brand: Brand,
  input: BeginRegistration,
): Promise<{ handle: string }> {
  const { db, hasher, keyring } = services;
  if (!brand.settings.registration) throw new Refusal('registration_closed');
  const { email, password, said } = readNewcomer(brand, input, new Date());
  refuseExceeded(await limits.reserve(db, brand.id, registerAttempt(keyring, brand, networkOf(input.source.ip))));
  const hash = await hasher.hash(password, input.signal);
  // `claims` for an older version that confirms it while a new one is on its way in.
  const registration = { email: email.address, hash, said, claims: said.claims, seen: seen(input.source) };

  const before = await findBegun(services, brand, input.pending, email.address);
  const samePress = before !== undefined && Date.now() - before.createdAt.getTime() < SAME_PRESS;
  const mailed = !samePress && (await isMailAdmitted(services, brand, email.canonical, input.source));
  return db.transaction(async (db) => {
    await auditEvents.record(db, brand.id, { event: 'registration_requested', actor: 'end_user', source: input.source });
    // Where no mail goes out the one before stays good, for the password that was chosen last.
    if (before && !mailed && (await reseal(db, services, brand, before.handle, registration))) return { handle: before.handle };
    if (before) await oneTimeCodes.endAllOf(db, brand.id, before.accountId, ['register']);
    return issue(db, services, brand, { ...input, registration, mailed, accountId: newAccountId(brand) });
  });
});

/**
 * Another mail with another code; links that were mailed before stay good. Where the limits do not admit it nothing goes out, and nothing shows.
 * @throws Refusal code_expired.
 */
export const mailRegistrationAgain = traced(async function mailRegistrationAgain(
  services: Pick<Services, 'db' | 'keyring'>,
  brand: Brand,
  { handle, ...asked }: Asked & { handle: string },
): Promise<{ handle: string }> {
  const { db, keyring } = services;
  const begun = await findBegun(services, brand, handle);
  if (!begun) throw codeRefusal(undefined);
  const registration = openRemembered<PendingRegistration>(keyring, brand.id, 'register', begun.key, begun.sealed);
  const { canonical } = parseEmail(registration.email);
  const mailed = await isMailAdmitted(services, brand, canonical, asked.source);
  return db.transaction(async (db) => {
    const issued = await issue(db, services, brand, { ...asked, registration, mailed, accountId: begun.accountId });
    return mailed ? issued : { handle };
  });
});

interface Issue extends Asked {
  registration: PendingRegistration;
  accountId: string;
  mailed: boolean;
}

/** One row and one mail, whoever the address belongs to. Where nobody is told the code, nobody can guess it either. */
async function issue(db: Db, { keyring }: Sealer, brand: Brand, { registration, accountId, mailed, source, confirmPath }: Issue) {
  const code = newOneTimeCode(keyring, brand.id, accountId);
  const owner = await findOwner(db, { keyring }, brand, registration.email);
  const unheard = owner !== undefined || !mailed;
  await oneTimeCodes.insert(db, {
    brandId: brand.id,
    purpose: 'register',
    key: code.key,
    accountId,
    secret: unheard ? randomBytes(32) : code.secret,
    code: unheard ? randomBytes(32) : code.code,
    sealed: sealRemembered(keyring, brand.id, 'register', code.key, registration),
    seconds: codeLifetimes.register,
  });
  const newcomer = { digits: code.digits, link: `${brand.issuer}${confirmPath}?token=${code.token}`, seen: seen(source) };
  await outbox.addMail(db, keyring, brand.id, {
    ...(owner
      ? { name: 'account_exists', params: { link: `${brand.issuer}/account`, seen: seen(source) } }
      : { name: 'confirm_registration', params: newcomer }),
    to: mailed ? (owner?.email ?? registration.email) : null,
    locale: source.locale,
    seconds: codeLifetimes.register,
  });
  return { handle: code.handle };
}

/** The same two statements for an address nobody has. */
async function findOwner(db: Db, { keyring }: Sealer, brand: Brand, address: string) {
  const digest = identifierDigest(openIdentifierKey(keyring, brand), 'email', parseEmail(address).canonical);
  const accountId = await identifiers.find(db, brand.id, digest);
  const account = await accounts.find(db, brand.id, accountId ?? newAccountId(brand));
  return accountId ? { email: account?.email } : undefined;
}

function reseal(db: Db, { keyring }: Sealer, brand: Brand, handle: string, registration: PendingRegistration): Promise<boolean> {
  const key = codeKey(handle)!;
  const sealed = sealRemembered(keyring, brand.id, 'register', key, registration);
  return oneTimeCodes.reseal(db, { brandId: brand.id, purpose: 'register', key }, sealed);
}

/** What this browser waits for, when it still does; with an address, only for that one. */
async function findBegun({ db, keyring }: Pick<Services, 'db' | 'keyring'>, brand: Brand, handle: string | undefined, address?: string) {
  const key = handle ? codeKey(handle) : undefined;
  const row = key && (await oneTimeCodes.find(db, { brandId: brand.id, purpose: 'register', key }));
  if (!handle || !key || !row || row.consumedAt) return undefined;
  const { email } = openRemembered<PendingRegistration>(keyring, brand.id, 'register', key, row.sealed);
  return address === undefined || address === email ? { ...row, handle, key } : undefined;
}

async function isMailAdmitted({ db, keyring }: Pick<Services, 'db' | 'keyring'>, brand: Brand, canonical: string, { ip }: Source) {
  const digest = identifierDigest(openIdentifierKey(keyring, brand), 'email', canonical);
  return isAdmitted(await limits.reserve(db, brand.id, mailAttempt(keyring, brand, { digest, network: networkOf(ip) })));
}
