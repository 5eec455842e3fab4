// Which passwords we take: long enough, not guessable. No composition rules, no trimming, no truncation (ASVS 6.2, SP 800-63B-4 3.1.1.2).
import { Refusal } from '../errors.ts';
import type { Account } from './accounts.ts';
import { isCommonPassword } from './common-passwords.ts';

/** Code points, after normalisation. */
export const PASSWORD_MAXIMUM = 128;
const MAXIMUM_BYTES = 1_024;

export interface PasswordPolicy {
  /** The fewest code points. */
  minimum: number;
  /** Words of this brand and this person, from `passwordContext`; they add nothing to a password's length. */
  context: readonly string[];
}

/**
 * The password as it is hashed (NFKC), when it may be used.
 * @throws Refusal password_required, password_too_short, password_too_long, password_malformed, password_breached, password_contains_context.
 */
export function acceptablePassword(password: string, { minimum, context }: PasswordPolicy): string {
  if (password === '') throw new Refusal('password_required', 'password');
  if (isOversized(password)) throw tooLong();
  // Lone surrogates all encode to the same bytes: different passwords would become one.
  if (!password.isWellFormed()) throw new Refusal('password_malformed', 'password');
  const normal = password.normalize('NFKC');
  const length = codePoints(normal);
  if (length > PASSWORD_MAXIMUM || isOversized(normal)) throw tooLong();
  if (length < minimum) throw new Refusal('password_too_short', 'password', { params: { minimum } });
  // Context first: "contains your name" helps more than "too common" when both are true.
  if (leansOnContext(normal, minimum, context)) throw new Refusal('password_contains_context', 'password');
  if (isCommonPassword(normal)) throw new Refusal('password_breached', 'password');
  return normal;
}

/** The same normalisation for signing in; undefined when it cannot be anyone's password, so that nothing is hashed. */
export function normalizePassword(password: string): string | undefined {
  if (password === '' || isOversized(password) || !password.isWellFormed()) return undefined;
  const normal = password.normalize('NFKC');
  return codePoints(normal) > PASSWORD_MAXIMUM || isOversized(normal) ? undefined : normal;
}

/** Words an attacker tries first: the names of brand and app, the address, its local part, its domain without the ending, and their pieces. */
export function passwordContext(brand: { name: string; slug: string }, email: string | undefined, clientName = ''): string[] {
  const [local = '', domain = ''] = (email ?? '').split('@');
  const whole = [email ?? '', brand.name, brand.slug, clientName, local, domain, ...domain.split('.').slice(0, -1)];
  const pieces = [brand.name, clientName, local, domain]
    .flatMap((text) => text.split(/[^\p{L}\p{N}]+/u))
    .filter((piece) => piece.length >= 4);
  const words = [...whole, ...whole.map((text) => text.replace(/[^\p{L}\p{N}]+/gu, '')), ...pieces];
  return [...new Set(words.map((word) => word.normalize('NFKC').toLowerCase()))].filter((word) => codePoints(word) >= 3);
}

/** The same words for somebody we know, with the names they go by. */
export function accountPasswordContext(
  brand: { name: string; slug: string },
  { email, claims }: Pick<Account, 'email' | 'claims'>,
  clientName?: string,
): string[] {
  const { name, given_name, family_name, nickname, preferred_username } = claims;
  const names = [name, given_name, family_name, nickname, preferred_username].filter((text) => text !== undefined);
  return [
    ...new Set([
      ...passwordContext(brand, email ?? undefined, clientName),
      ...names.flatMap((text) => passwordContext(brand, undefined, text)),
    ]),
  ];
}

function tooLong(): Refusal {
  return new Refusal('password_too_long', 'password', { params: { maximum: PASSWORD_MAXIMUM } });
}

/** Cheap for a megabyte: the length in UTF-16 units is known without reading the text. */
function isOversized(password: string): boolean {
  return password.length > MAXIMUM_BYTES || Buffer.byteLength(password) > MAXIMUM_BYTES;
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** True when too little, or something common, is left once the words everybody knows are taken out. */
function leansOnContext(password: string, minimum: number, context: readonly string[]): boolean {
  const lower = password.toLowerCase();
  const longestFirst = [...context].sort((a, b) => b.length - a.length);
  const rest = longestFirst.reduce((text, word) => text.replaceAll(word, ''), lower);
  return rest !== lower && (codePoints(rest) < minimum || isCommonPassword(rest));
}
