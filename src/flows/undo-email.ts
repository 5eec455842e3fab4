// "I did not change my email": the old mailbox takes the account back. Everyone is signed out, no password opens it any more,
// and this browser sets a new one at once. It undoes all that came after, whoever did it and however often.
import { randomBytes } from 'node:crypto';
import type { Brand } from '../domain/brands.ts';
import { parseEmail } from '../domain/email.ts';
import type { RememberedUndo } from '../domain/email-changes.ts';
import { identifierDigest, openIdentifierKey } from '../domain/identifiers.ts';
import { codeKey, codeRefusal, endedByOwner, newLink, openRemembered, readToken, secretDigest } from '../domain/one-time-codes.ts';
import type { RememberedReset } from '../domain/reset-links.ts';
import type { Source } from '../domain/sources.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import * as accountAccess from '../storage/account-access.ts';
import * as accounts from '../storage/accounts.ts';
import * as auditEvents from '../storage/audit-events.ts';
import type { Db } from '../storage/database.ts';
import * as identifiers from '../storage/identifiers.ts';
import * as oneTimeCodes from '../storage/one-time-codes.ts';
import * as passwords from '../storage/passwords.ts';
import { traced } from '../traced.ts';

export interface UndoEmail {
  /** Of the link. */
  token: string;
  source: Source;
}

type Doors = Pick<Services, 'db' | 'hasher' | 'keyring'>;

/** What the link is about, for its page. @returns undefined when it is used, too old, for something else or made up. */
export const findEmailUndo = traced(async function findEmailUndo(
  { db, keyring }: Doors,
  brand: Brand,
  token: string,
): Promise<RememberedUndo | undefined> {
  const shown = readLink(brand, token);
  const row = shown && (await oneTimeCodes.find(db, shown.place, shown.proof));
  return row && !row.consumedAt ? openRemembered<RememberedUndo>(keyring, brand.id, 'undo_email', shown.place.key, row.sealed) : undefined;
});

/**
 * Once. An account without a password stays without one.
 * @returns the token of a fresh link for a new password, for this browser; undefined where there is no password to set.
 * @throws Refusal code_wrong, code_used, code_expired, email_taken, account_unavailable, overloaded.
 */
export const undoEmailChange = traced(async function undoEmailChange(
  services: Doors,
  brand: Brand,
  { token, source }: UndoEmail,
): Promise<{ resetToken: string | undefined }> {
  const { db, hasher, keyring } = services;
  const shown = readLink(brand, token);
  if (!shown) throw new Refusal('code_wrong', 'code');
  const { place, proof } = shown;
  const row = await oneTimeCodes.check(db, place, proof);
  if (!row) throw codeRefusal(await oneTimeCodes.find(db, place));
  const { before } = openRemembered<RememberedUndo>(keyring, brand.id, 'undo_email', place.key, row.sealed);
  // Nobody knows it; with a hash in its place the account has a password that can be forgotten and set anew.
  const nobodys = await hasher.hash(randomBytes(32).toString('base64url'));
  return db.transaction(async (db) => {
    const hadPassword = await passwords.replace(db, brand.id, row.accountId, nobodys);
    const set = await accounts.setEmail(db, brand.id, row.accountId, before);
    if (!set) throw new Refusal('account_unavailable', undefined, { params: { brand: brand.name } });
    if (!(await oneTimeCodes.take(db, place, proof))) throw codeRefusal(await oneTimeCodes.find(db, place));
    await takeBack(db, services, brand, { row, before, now: set.before });
    await auditEvents.record(db, brand.id, { event: 'email_change_undone', actor: 'end_user', accountId: row.accountId, source });
    return { resetToken: hadPassword ? await letSetPassword(db, keyring, brand, row.accountId, before) : undefined };
  });
});

function readLink(brand: Brand, token: string) {
  const parts = readToken(token);
  const key = parts && codeKey(parts.handle);
  if (!key) return undefined;
  return { place: { brandId: brand.id, purpose: 'undo_email' as const, key }, proof: { secret: secretDigest(parts.secret) } };
}

interface Undone {
  row: oneTimeCodes.OneTimeCode;
  before: string;
  /** The account's address until this moment. */
  now: string | null;
}

/** What elder links remember stays theirs: a thief who changes the address twice and undoes the second change ends nothing of the first. */
async function takeBack(db: Db, { keyring }: Doors, brand: Brand, { row, before, now }: Undone): Promise<void> {
  const { accountId, createdAt, expiresAt } = row;
  const canonical = parseEmail(before).canonical;
  const digest = identifierDigest(openIdentifierKey(keyring, brand), 'email', canonical);
  const claim = { brandId: brand.id, kind: 'email' as const, accountId, digest };
  const hasIt = now !== null && parseEmail(now).canonical === canonical;
  if (!hasIt && !(await identifiers.claim(db, claim))) throw new Refusal('email_taken', 'code');
  // An address that was given up is held exactly as long as its undo link lives.
  await identifiers.releaseLater(db, claim, { heldBeyond: expiresAt });
  await accountAccess.endAll(db, brand.id, accountId);
  await accounts.clearEraseAfter(db, brand.id, accountId);
  await oneTimeCodes.endAllOf(db, brand.id, accountId, endedByOwner);
  await oneTimeCodes.endLaterOf(db, brand.id, accountId, { after: createdAt, purposes: ['secure_account', 'undo_email'] });
}

async function letSetPassword(db: Db, keyring: Services['keyring'], brand: Brand, accountId: string, email: string): Promise<string> {
  const remembered: RememberedReset = { email, mailed: true };
  const { row, token } = newLink(keyring, brand.id, 'reset_password', accountId, remembered);
  await oneTimeCodes.insert(db, row);
  return token;
}
