// How often something may be tried. Every attempt is counted before any work is done for it, so that parallel attempts cannot exceed a limit.
// There is no second counter in memory: with the database away nothing can be tried, since the account cannot be read either.
import { randomInt } from 'node:crypto';
import { Refusal } from '../errors.ts';
import type { Brand, Limit } from './brands.ts';

/** One counter an attempt uses up. */
export interface Budget extends Limit {
  /** A digest: neither addresses nor e-mails stand in the table. Its first byte is the kind, which fixes the order of locking. */
  key: Buffer;
  /** `attempts`: counted always. `admitted`: counted only when every budget of the first sort admits the attempt. */
  counts: 'attempts' | 'admitted';
  /** What a success does to it. */
  onSuccess: 'clear' | 'give_back' | 'keep';
}

export interface Reservation {
  key: Buffer;
  used: number;
  attempts: number;
  /** Seconds until the window ends. */
  secondsLeft: number;
}

interface Authenticator {
  mac(purpose: 'limits', context: string, data: string | Buffer): Buffer;
}

export type LimitedBrand = Pick<Brand, 'id'> & { settings: Pick<Brand['settings'], 'limits'> };

/** SP 800-63B-4 3.2.2: at most 100 consecutive failures. A day later they are forgotten, so nobody is locked out for ever. */
const hardStop: Limit = { attempts: 100, seconds: 86_400 };

/** A thief who signs in over and over does not bury the owner's mailbox. */
const notices: Limit = { attempts: 3, seconds: 3600 };

// Appending only: the numbers stand in stored keys. Budgets that count `admitted` attempts come last.
const kinds = {
  network: 1,
  identifier: 2,
  device: 3,
  register: 4,
  client: 5,
  user_code: 6,
  mail_network: 7,
  mail_identifier: 8,
  notice_account: 9,
  identifier_day: 128,
  device_day: 129,
  mail_identifier_day: 130,
} as const;

/** Subdivisions of a client's counter: a broken deployment of a large client would otherwise queue at one row. */
const CLIENT_PARTS = 8;

/**
 * A password is about to be checked. The owner's known device has budgets of its own instead of the identifier's:
 * whoever burns those from elsewhere does not lock the owner out.
 */
export function loginAttempt(
  keyring: Authenticator,
  { id, settings: { limits } }: LimitedBrand,
  { digest, network, deviceId }: { digest: Buffer; network: string; deviceId: string | undefined },
): Budget[] {
  const key = (kind: keyof typeof kinds, value: string | Buffer) => keyOf(keyring, id, kind, value);
  const tried = deviceId ? Buffer.concat([digest, Buffer.from(deviceId)]) : digest;
  return [
    { ...limits.loginPerNetwork, key: key('network', network), counts: 'attempts', onSuccess: 'give_back' },
    { ...limits.loginPerIdentifier, key: key(deviceId ? 'device' : 'identifier', tried), counts: 'attempts', onSuccess: 'clear' },
    // Refused attempts do not count here: nobody reaches the hard stop by knocking at a closed door.
    { ...hardStop, key: key(deviceId ? 'device_day' : 'identifier_day', tried), counts: 'admitted', onSuccess: 'clear' },
  ];
}

/** An account is about to be made. A success counts too: this is a limit on accounts, not on mistakes. */
export function registerAttempt(keyring: Authenticator, { id, settings: { limits } }: LimitedBrand, network: string): Budget[] {
  return [{ ...limits.registerPerNetwork, key: keyOf(keyring, id, 'register', network), counts: 'attempts', onSuccess: 'keep' }];
}

/**
 * A client has failed to authenticate. Call it after the failure only: a success costs no statement, and a client that knows its secret
 * (256 random bits, which no limit has to protect) cannot be locked out by those who do not.
 */
export function clientFailure(
  keyring: Authenticator,
  { id, settings: { limits } }: LimitedBrand,
  { clientId, network }: { clientId: string; network: string },
): Budget[] {
  const { attempts, seconds } = limits.clientFailures;
  const key = keyOf(keyring, id, 'client', JSON.stringify([clientId, network, randomInt(CLIENT_PARTS)]));
  return [{ attempts: Math.ceil(attempts / CLIENT_PARTS), seconds, key, counts: 'attempts', onSuccess: 'keep' }];
}

/** A user code of the device flow is about to be looked up (RFC 8628 5.1). */
export function userCodeAttempt(keyring: Authenticator, { id, settings: { limits } }: LimitedBrand, network: string): Budget[] {
  return [{ ...limits.userCodePerNetwork, key: keyOf(keyring, id, 'user_code', network), counts: 'attempts', onSuccess: 'give_back' }];
}

/**
 * A mail is about to be sent because somebody typed an address. Whoever exceeds it gets the same page and no mail:
 * neither a mailbox nor a network is flooded, and nothing shows. Mails the product sends by itself do not count.
 */
export function mailAttempt(
  keyring: Authenticator,
  { id, settings: { limits } }: LimitedBrand,
  { digest, network }: { digest: Buffer; network: string },
): Budget[] {
  const key = (kind: keyof typeof kinds, value: string | Buffer) => keyOf(keyring, id, kind, value);
  return [
    { ...limits.mailPerNetwork, key: key('mail_network', network), counts: 'attempts', onSuccess: 'keep' },
    { ...limits.mailPerIdentifier, key: key('mail_identifier', digest), counts: 'attempts', onSuccess: 'keep' },
    { ...limits.mailPerIdentifierDaily, key: key('mail_identifier_day', digest), counts: 'admitted', onSuccess: 'keep' },
  ];
}

/** What else an owner is told of. An address that nobody has proved may be a stranger's, whose mailbox is not to be flooded. */
type Notice = 'data_exported' | 'deletion_requested' | 'password_changed';

/** An account's owner is about to be told of a sign-in, or of something else: each has its own, so that neither silences the other. */
export function noticeAttempt(keyring: Authenticator, { id }: Pick<Brand, 'id'>, accountId: string, of?: Notice): Budget[] {
  const value = of ? `${accountId}/${of}` : accountId;
  return [{ ...notices, key: keyOf(keyring, id, 'notice_account', value), counts: 'attempts', onSuccess: 'keep' }];
}

/** Silence costs rows: a network that asks so many times as often as it may be mailed is told, as at every other door. */
const FLOOD = 4;

/**
 * True when the budgets admit the attempt; for what is dropped in silence.
 * @throws Refusal too_many_attempts when a network floods us, whoever it asks for.
 */
export function isAdmitted(reservations: readonly Reservation[]): boolean {
  refuseExceeded(
    reservations
      .filter(({ key }) => key[0] === kinds.mail_network)
      .map((reservation) => ({ ...reservation, attempts: reservation.attempts * FLOOD })),
  );
  return reservations.every(({ used, attempts }) => used <= attempts);
}

/** The budget that this very attempt is the first to exceed: once in each window, however many follow. */
export function firstExceeded(reservations: readonly Reservation[]): keyof typeof kinds | undefined {
  const first = reservations.find(({ used, attempts }) => used === attempts + 1);
  return first && (Object.keys(kinds) as (keyof typeof kinds)[]).find((kind) => kinds[kind] === first.key[0]);
}

/** @throws Refusal too_many_attempts, with the longest wait of the budgets that are used up. */
export function refuseExceeded(reservations: readonly Reservation[]): void {
  const waits = reservations.filter(({ used, attempts }) => used > attempts).map(({ secondsLeft }) => secondsLeft);
  if (waits.length === 0) return;
  const retryAfter = Math.max(1, ...waits);
  throw new Refusal('too_many_attempts', undefined, { retryAfter, params: { minutes: Math.ceil(retryAfter / 60) } });
}

function keyOf(keyring: Authenticator, brandId: number, kind: keyof typeof kinds, value: string | Buffer): Buffer {
  const digest = keyring.mac('limits', `${brandId}/${kind}`, value);
  return Buffer.concat([Buffer.from([kinds[kind]]), digest.subarray(0, 16)]);
}
