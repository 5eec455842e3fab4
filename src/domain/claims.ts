// Standard claims (OpenID Connect Core 5.1) and the scopes that release them (5.4).
import { z } from 'zod';
import { OperatorError } from '../errors.ts';
import type { Account } from './accounts.ts';

export interface Address {
  formatted?: string;
  street_address?: string;
  locality?: string;
  region?: string;
  postal_code?: string;
  country?: string;
}

export interface AccountClaims {
  name?: string;
  given_name?: string;
  family_name?: string;
  middle_name?: string;
  nickname?: string;
  preferred_username?: string;
  profile?: string;
  picture?: string;
  website?: string;
  gender?: string;
  birthdate?: string;
  zoneinfo?: string;
  locale?: string;
  phone_number?: string;
  phone_number_verified?: boolean;
  address?: Address;
}

export const claimsOfScope = {
  openid: ['sub'],
  profile: [
    'name',
    'family_name',
    'given_name',
    'middle_name',
    'nickname',
    'preferred_username',
    'profile',
    'picture',
    'website',
    'gender',
    'birthdate',
    'zoneinfo',
    'locale',
    'updated_at',
  ],
  email: ['email', 'email_verified'],
  phone: ['phone_number', 'phone_number_verified'],
  address: ['address'],
} as const;

export type Scope = keyof typeof claimsOfScope;

/** Scopes of ours and their one claim each: answers to the brand's documents, and to its questions. Never `profile`, which is a standard claim. */
export const ownClaims = { consents: ['consents'], profile_fields: ['profile_fields'] } as const;

/** A piece of text without control characters, which would end up in headers, logs and mails. */
const text = (maximum: number, forbidden = /\p{Cc}/u) =>
  z
    .string()
    .min(1, 'must not be empty')
    .max(maximum, `must have at most ${maximum} characters`)
    .refine((value) => value.isWellFormed() && !forbidden.test(value), 'must not contain control characters');

const address = z.strictObject({
  // Lines of a formatted address are parted by \n or \r\n (5.1.1).
  formatted: text(1_000, /(?![\r\n])\p{Cc}/u),
  street_address: text(500, /(?![\r\n])\p{Cc}/u),
  locality: text(200),
  region: text(200),
  postal_code: text(40),
  country: text(100),
});

const webAddress = text(2_000).refine(isWebAddress, 'must be an https address');

const schema = z.strictObject({
  name: text(200),
  given_name: text(100),
  family_name: text(100),
  middle_name: text(100),
  nickname: text(100),
  preferred_username: text(100),
  profile: webAddress,
  picture: webAddress,
  website: webAddress,
  gender: text(50),
  birthdate: z.string().refine(isBirthdate, 'must be YYYY-MM-DD, 0000-MM-DD without the year, or YYYY alone'),
  zoneinfo: text(100).refine(isTimeZone, 'must be a time zone such as Europe/Paris'),
  locale: text(35).refine(isLocale, 'must be a language tag such as en or de-CH'),
  phone_number: z.string().regex(/^\+[1-9]\d{6,14}(?:;ext=\d{1,10})?$/, 'must be in E.164 form such as +4930123456'),
  phone_number_verified: z.boolean(),
  address: address.partial(),
});

const claimsSchema = schema.partial().refine((claims) => claims.phone_number_verified === undefined || claims.phone_number !== undefined, {
  path: ['phone_number_verified'],
  message: 'needs a phone_number',
});

/**
 * Reads standard claims from outside, such as a file. Unknown members are refused, `__proto__` among them.
 * @throws OperatorError with a line per member that is wrong.
 */
export function parseClaims(input: unknown): AccountClaims {
  // A schema library may skip this key instead of refusing it.
  const hidden = typeof input === 'object' && input !== null && Object.hasOwn(input, '__proto__');
  const result = claimsSchema.safeParse(input);
  if (result.success && !hidden) return result.data as AccountClaims;
  const issues = result.error?.issues ?? [];
  const lines = issues.map(({ path, message }) => `  ${path.join('.') || 'claims'}: ${message}`);
  if (hidden) lines.push('  __proto__: is no claim');
  throw new OperatorError(`These claims cannot be used:\n${lines.join('\n')}`);
}

/** True when the claim may have this value. */
export function isClaim(name: keyof AccountClaims, value: unknown): boolean {
  return schema.shape[name].safeParse(value).success;
}

const everyScope = Object.keys(claimsOfScope) as Scope[];

/**
 * What a relying party may learn about the subject: the claims of the scopes (5.4) and those asked for by name (5.5).
 * All of them when neither is given. Claims without a value are left out (5.3.2).
 */
export function claimsFor(
  account: Account,
  scopes: Iterable<string> = everyScope,
  requested: Iterable<string> = [],
): { sub: string } & Claims {
  const names = new Set<string>(requested);
  for (const scope of scopes) for (const name of claimsOf(scope)) names.add(name);
  const known = Object.entries(allClaims(account)).filter(([name, value]) => value !== undefined && names.has(name));
  return { ...Object.fromEntries(known), sub: account.id };
}

type Claims = Record<string, unknown>;

function claimsOf(scope: string): readonly string[] {
  return Object.hasOwn(claimsOfScope, scope) ? claimsOfScope[scope as Scope] : [];
}

function allClaims({ email, emailVerified, claims, updatedAt }: Account): Claims {
  const all: Claims = { updated_at: Math.floor(updatedAt.getTime() / 1_000) };
  for (const name of Object.keys(schema.shape) as (keyof AccountClaims)[]) if (Object.hasOwn(claims, name)) all[name] = claims[name];
  if (claims.phone_number !== undefined) all.phone_number_verified = claims.phone_number_verified ?? false;
  if (email !== null) Object.assign(all, { email, email_verified: emailVerified });
  return all;
}

function isWebAddress(value: string): boolean {
  const url = URL.parse(value);
  return url?.protocol === 'https:' && url.username === '' && url.password === '';
}

function isBirthdate(value: string): boolean {
  if (/^\d{4}$/.test(value)) return value !== '0000';
  const [, year = '', rest = ''] = /^(\d{4})-(\d{2}-\d{2})$/.exec(value) ?? [];
  // Without a year the 29th of February exists.
  const date = `${year === '0000' ? '2000' : year}-${rest}`;
  const read = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(read.getTime()) && read.toISOString().startsWith(date);
}

function isTimeZone(value: string): boolean {
  // A name of the tz database (5.1), not an offset.
  return /^[A-Za-z]/.test(value) && accepts(() => new Intl.DateTimeFormat('en', { timeZone: value }));
}

function isLocale(value: string): boolean {
  // Some write the separator as an underscore (5.1).
  return accepts(() => Intl.getCanonicalLocales(value.replaceAll('_', '-')));
}

function accepts(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}
