// Too many tries have closed the sign-in to an address. A mail lets its owner's browser in beside that: it becomes a known device, with
// tries of its own. Nothing is cleared, so whoever burnt the others gains nothing.
import type { Account } from '../domain/accounts.ts';
import type { Brand } from '../domain/brands.ts';
import { type Email, parseEmail } from '../domain/email.ts';
import { identifierDigest, openIdentifierKey } from '../domain/identifiers.ts';
import { knowsDevice, rememberDevice } from '../domain/known-devices.ts';
import { isAdmitted, mailAttempt } from '../domain/limits.ts';
import { networkOf } from '../domain/networks.ts';
import { nobodyFor } from '../domain/nobody.ts';
import { newLink, openRemembered, readShown } from '../domain/one-time-codes.ts';
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

export interface RequestUnlock {
  email: string;
  source: Source;
  /** Path below the issuer, such as `/interaction/<uid>`, where the link leads. */
  under?: string | undefined;
}

/** What an `unlock` row remembers: the account's address when it was mailed. */
interface RememberedUnlock {
  email: string;
}

type Doors = Pick<Services, 'db' | 'keyring'>;

/**
 * Mails a link, good for an hour; an older one is dead from then on. For an address without an account the same work is done.
 * @throws Refusal email_required, email_invalid.
 */
export const requestUnlock = traced(async function requestUnlock(
  { db, keyring }: Doors,
  brand: Brand,
  input: RequestUnlock,
): Promise<void> {
  const email = parseEmail(input.email);
  const digest = digestOf(keyring, brand, email);
  const attempt = mailAttempt(keyring, brand, { digest, network: networkOf(input.source.ip) });
  const admitted = isAdmitted(await limits.reserve(db, brand.id, attempt));
  const nobody = nobodyFor(keyring, brand, digest);
  const account = await accounts.find(db, brand.id, (await identifiers.find(db, brand.id, digest)) ?? nobody);
  const reader = admitted && account?.email && !account.disabledAt ? account : undefined;
  await db.transaction((db) => ask(db, keyring, brand, input, { owner: reader?.id ?? nobody, account, to: reader?.email ?? null }));
});

interface Asked {
  owner: string;
  account: Account | undefined;
  to: string | null;
}

async function ask(db: Db, keyring: Doors['keyring'], brand: Brand, { source, under = '' }: RequestUnlock, { owner, account, to }: Asked) {
  const remembered: RememberedUnlock = { email: to ?? '' };
  const { row, token } = newLink(keyring, brand.id, 'unlock', owner, remembered);
  await oneTimeCodes.endAllOf(db, brand.id, owner, ['unlock']);
  await oneTimeCodes.insert(db, row);
  const params = { link: `${brand.issuer}${under}/unlock?token=${token}`, seen: seen(source) };
  await outbox.addMail(db, keyring, brand.id, { name: 'unlock', params, to, locale: source.locale, seconds: row.seconds });
  await auditEvents.record(db, brand.id, { event: 'unlock_requested', actor: 'end_user', accountId: account?.id, source });
}

export interface Unlock {
  token: string;
  deviceCookie?: string | undefined;
  source: Source;
}

/**
 * The link was used: this browser is a known device of the account.
 * @returns the cookie that says so, and the account's address.
 * @throws Refusal code_wrong: used, too old, for something else, or made up.
 */
export const unlock = traced(async function unlock(
  { db, keyring }: Doors,
  brand: Brand,
  input: Unlock,
): Promise<{ deviceCookie: string; email: string }> {
  const { key, proof } = readShown(keyring, brand.id, { token: input.token });
  return db.transaction(async (db) => {
    const row = await oneTimeCodes.take(db, { brandId: brand.id, purpose: 'unlock', key }, proof);
    const account = row && (await accounts.find(db, brand.id, row.accountId));
    if (!row || !account?.email || account.disabledAt || account.email !== mailedTo(keyring, brand, key, row.sealed)) throw dead();
    await auditEvents.record(db, brand.id, { event: 'unlocked', actor: 'end_user', accountId: account.id, source: input.source });
    return {
      email: account.email,
      deviceCookie: freshDevice(keyring, input.deviceCookie, digestOf(keyring, brand, parseEmail(account.email))),
    };
  });
});

function mailedTo(keyring: Doors['keyring'], brand: Brand, key: Parameters<typeof openRemembered>[3], sealed: Buffer): string {
  return openRemembered<RememberedUnlock>(keyring, brand.id, 'unlock', key, sealed).email;
}

/** A browser that was known already has used up its own tries: it begins as another device. */
function freshDevice(keyring: Doors['keyring'], cookie: string | undefined, digest: Buffer): string {
  const key = keyring.key('devices');
  return rememberDevice(key, knowsDevice(key, cookie, digest) ? undefined : cookie, digest);
}

function digestOf(keyring: Doors['keyring'], brand: Brand, { canonical }: Email): Buffer {
  return identifierDigest(openIdentifierKey(keyring, brand), 'email', canonical);
}

function dead(): Refusal {
  return new Refusal('code_wrong', 'code');
}
