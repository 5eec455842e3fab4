// What people say of themselves on their profile page, as claims (OpenID Connect Core 5.1).
import { Refusal, type RefusalCode } from '../errors.ts';
import { type AccountClaims, isClaim } from './claims.ts';

/** As typed; '' is "nothing". */
export interface Profile {
  given_name: string;
  family_name: string;
  birthdate: string;
  phone_number: string;
  locale: string;
}

export const profileFields = ['given_name', 'family_name', 'birthdate', 'phone_number', 'locale'] as const;

type Field = (typeof profileFields)[number];

const refusalOf: Record<Field, RefusalCode> = {
  given_name: 'name_malformed',
  family_name: 'name_malformed',
  birthdate: 'birthdate_invalid',
  phone_number: 'phone_number_invalid',
  locale: 'locale_invalid',
};

/** The longest `name` (claims.ts). */
const WHOLE_NAME = 200;
const PART_OF_NAME = 100;

/**
 * The claims with the profile's in their place. What is emptied goes; what the page does not show stays.
 * `today` is YYYY-MM-DD: nobody was born after it.
 * @returns the claims and the names of those that changed. @throws Refusal with the field.
 */
export function changeProfile(before: AccountClaims, profile: Profile, today: string): { claims: AccountClaims; changed: string[] } {
  const said = Object.fromEntries(profileFields.map((field) => [field, plain(field, profile[field])])) as unknown as Profile;
  for (const field of profileFields) refuseUnfit(field, said[field], before, today);
  const claims: AccountClaims = { ...before };
  for (const field of profileFields) {
    if (said[field] === '') delete claims[field];
    else claims[field] = said[field];
  }
  if (claims.phone_number !== before.phone_number) delete claims.phone_number_verified;
  followName(claims, before);
  const names = Object.keys({ ...before, ...claims }) as (keyof AccountClaims)[];
  return { claims, changed: names.filter((name) => claims[name] !== before[name]).sort() };
}

/** Spaces and the like that mean nothing. */
function plain(field: Field, typed: string): string {
  const text = typed.normalize('NFC').trim();
  if (field === 'phone_number') return text.replace(/[\s()./-]|\p{Pd}|\p{Cf}/gu, '').replace(/^00/, '+');
  return field === 'birthdate' || field === 'locale' ? text : text.replace(/ +/g, ' ');
}

/** What stands there already may stay, however it came there. */
function refuseUnfit(field: Field, value: string, before: AccountClaims, today: string): void {
  if (value === '' || value === before[field]) return;
  if (field.endsWith('_name') && value.length > PART_OF_NAME)
    throw new Refusal('name_too_long', field, { params: { maximum: PART_OF_NAME } });
  if (!isClaim(field, value) || (field === 'birthdate' && value > today)) throw new Refusal(refusalOf[field], field);
}

/** A whole name that was made of its parts goes on being so; one of its own stays. */
function followName(claims: AccountClaims, before: AccountClaims): void {
  if ((before.name ?? '') !== wholeName(before)) return;
  const name = wholeName(claims);
  if (name === '') delete claims.name;
  else claims.name = name;
}

function wholeName({ given_name: given, family_name: family }: AccountClaims): string {
  return [given, family].filter(Boolean).join(' ').slice(0, WHOLE_NAME).trim();
}
