// What we mail for one use: six digits to type where it was asked for, and a link for everywhere else. Both are one row.
// Only digests are stored: a copy of the table opens nothing (ASVS 6.5.2, 11.5.1).
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { Refusal } from '../errors.ts';
import { carrySlice, sliceOfAccount, sliceOfId } from './slices.ts';

export type CodePurpose =
  | 'register'
  | 'verify_email'
  | 'reset_password'
  | 'unlock'
  | 'change_email'
  | 'undo_email'
  | 'secure_account'
  | 'keep_account'
  | 'confirm_consent';

const HOUR = 3600;
const DAY = 24 * HOUR;

/** What a thief may have had mailed: none of it opens anything once its owner has taken the account back. */
export const endedByOwner: readonly CodePurpose[] = [
  'change_email',
  'confirm_consent',
  'keep_account',
  'reset_password',
  'unlock',
  'verify_email',
];

/** Seconds. `keep_account` lives as long as the brand's cooling-off. */
export const codeLifetimes: Readonly<Record<CodePurpose, number>> = {
  register: DAY,
  verify_email: DAY,
  reset_password: HOUR,
  unlock: HOUR,
  change_email: HOUR,
  undo_email: 7 * DAY,
  secure_account: 7 * DAY,
  keep_account: 30 * DAY,
  confirm_consent: 7 * DAY,
};

/** After so many wrong ones the code is dead: five of a million. The link, which nobody can guess, lives on. */
export const CODE_TRIES = 5;

interface Keyring {
  mac(purpose: 'codes', context: string, data: string): Buffer;
  seal(purpose: 'codes', place: string, plain: string): Buffer;
  open(purpose: 'codes', place: string, sealed: Buffer): Buffer;
}

/** Where a row stands. */
export interface CodeKey {
  slice: number;
  id: Buffer;
}

/** What proves the mail was read: the digits typed, or the second half of the link's token. */
export type CodeProof = { digits: string } | { secret: string };

/** What somebody shows: digits, typed in the browser that holds the row's handle, or the token of a link. */
export type ShownCode = { handle: string; typed: string } | { token: string };

export interface NewCode {
  /** Names the row; for the browser that asked. Alone it opens nothing. */
  handle: string;
  /** For the link: handle and secret, 44 characters of base64url. */
  token: string;
  /** Six. */
  digits: string;
  key: CodeKey;
  /** Digests for the table. */
  secret: Buffer;
  code: Buffer;
}

const HALF = 22;

/** A fresh pair for an account (132 random bits each, of which the handle gives 15 to the account's slice). */
export function newOneTimeCode(keyring: Pick<Keyring, 'mac'>, brandId: number, accountId: string): NewCode {
  const half = () => randomBytes(17).toString('base64url').slice(0, HALF);
  const handle = carrySlice(half(), sliceOfAccount(accountId));
  const secret = half();
  const digits = String(randomInt(1_000_000)).padStart(6, '0');
  const key = codeKey(handle) as CodeKey;
  return { handle, token: handle + secret, digits, key, secret: sha256(secret), code: codeDigest(keyring, brandId, key, digits) };
}

/**
 * For a mail that holds a link and no digits: the link's token, and the row for storage/one-time-codes.ts.
 * `seconds` where it lives for another time than its purpose says.
 */
export function newLink(
  keyring: Pick<Keyring, 'mac' | 'seal'>,
  brandId: number,
  purpose: CodePurpose,
  accountId: string,
  remembered: object = {},
  seconds = codeLifetimes[purpose],
) {
  const { key, secret, token } = newOneTimeCode(keyring, brandId, accountId);
  const sealed = sealRemembered(keyring, brandId, purpose, key, remembered);
  return { token, row: { brandId, purpose, key, accountId, secret, sealed, seconds } };
}

/** @returns undefined for what is no handle. */
export function codeKey(handle: string): CodeKey | undefined {
  return /^[\w-]{22}$/.test(handle) ? { slice: sliceOfId(handle), id: sha256(handle) } : undefined;
}

/** The two halves of a link's token; undefined for what is none. */
export function readToken(token: string): { handle: string; secret: string } | undefined {
  return /^[\w-]{44}$/.test(token) ? { handle: token.slice(0, HALF), secret: token.slice(HALF) } : undefined;
}

/** Six digits, however they were typed (spaces, dashes, full-width ones); undefined for anything else. */
export function readDigits(typed: string): string | undefined {
  const plain = typed
    .slice(0, 60)
    .normalize('NFKC')
    .replace(/[\s\p{Pd}.]/gu, '');
  return /^\d{6}$/.test(plain) ? plain : undefined;
}

/**
 * The row a code or link may open, and the digest to compare.
 * @throws Refusal code_required, code_wrong: what is neither costs no statement and no try.
 */
export function readShown(
  keyring: Pick<Keyring, 'mac'>,
  brandId: number,
  shown: ShownCode,
): { key: CodeKey; proof: { code: Buffer } | { secret: Buffer } } {
  if ('token' in shown) {
    const token = readToken(shown.token);
    if (!token) throw new Refusal('code_wrong', 'code');
    return { key: codeKey(token.handle) as CodeKey, proof: { secret: sha256(token.secret) } };
  }
  if (shown.typed.trim() === '') throw new Refusal('code_required', 'code');
  const [key, digits] = [codeKey(shown.handle), readDigits(shown.typed)];
  if (!key || !digits) throw new Refusal('code_wrong', 'code');
  return { key, proof: { code: codeDigest(keyring, brandId, key, digits) } };
}

/** Why a row, or none, did not open: code_expired, code_used, code_tries, code_wrong. */
export function codeRefusal(row: { consumedAt: Date | null; tries: number } | undefined): Refusal {
  if (!row) return new Refusal('code_expired', 'code');
  if (row.consumedAt) return new Refusal('code_used', 'code');
  return new Refusal(row.tries >= CODE_TRIES ? 'code_tries' : 'code_wrong', 'code');
}

/** Digits are guessable, so their digest has a key of ours and belongs to one row. */
export function codeDigest(keyring: Pick<Keyring, 'mac'>, brandId: number, { id }: CodeKey, digits: string): Buffer {
  return keyring.mac('codes', String(brandId), `${id.toString('hex')}/${digits}`);
}

export function secretDigest(secret: string): Buffer {
  return sha256(secret);
}

/** What the row remembers, such as the address to be; readable for its purpose, brand and row alone. */
export function sealRemembered(
  keyring: Pick<Keyring, 'seal'>,
  brandId: number,
  purpose: CodePurpose,
  { id }: CodeKey,
  value: object,
): Buffer {
  return keyring.seal('codes', placeOf(brandId, purpose, id), JSON.stringify(value));
}

/** @throws when the bytes were not sealed for this place. */
export function openRemembered<Value>(
  keyring: Pick<Keyring, 'open'>,
  brandId: number,
  purpose: CodePurpose,
  { id }: CodeKey,
  sealed: Buffer,
): Value {
  return JSON.parse(keyring.open('codes', placeOf(brandId, purpose, id), sealed).toString('utf8')) as Value;
}

function placeOf(brandId: number, purpose: CodePurpose, id: Buffer): string {
  return `one_time_codes/${brandId}/${purpose}/${id.toString('hex')}`;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
