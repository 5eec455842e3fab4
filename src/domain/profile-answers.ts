// Puts answers where they belong: standard claims among the account's claims, the others beside them, each with who gave it and when.
import { Refusal } from '../errors.ts';
import { canonical } from './audit.ts';
import type { AccountClaims, Address } from './claims.ts';
import { type AnsweredBy, isAnswered, type ProfileAnswer, type ProfileAnswers, storedValue } from './profile-capture.ts';
import { builtInKeys, isClaimField, type ProfileField, partsOfType } from './profile-fields.ts';
import type { Reading } from './profile-texts.ts';
import { givenAnswer, type Typed, typedAnswer } from './profile-values.ts';

export interface Profile {
  claims: AccountClaims;
  answers: ProfileAnswers;
}

export interface AnswerSource {
  by: AnsweredBy;
  at: Date;
  clientId?: string | undefined;
}

/** What a form says of its fields; all that is wrong with it is told at once. */
export function readTyped(
  fields: readonly ProfileField[],
  typed: Typed,
  before: Profile,
  reading: Reading & { demands: (field: ProfileField) => boolean },
): { values: Map<ProfileField, unknown>; faults: Refusal[] } {
  const values = new Map<ProfileField, unknown>();
  const faults: Refusal[] = [];
  for (const field of fields) {
    try {
      const value =
        standsAlready(field, typed, before) && !isUnproved(field, before, reading)
          ? storedValue(field, before)
          : typedAnswer(field, typed, reading);
      if (field.required && reading.demands(field)) demand(field, value, reading);
      values.set(field, value);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      faults.push(error);
    }
  }
  return { values, faults };
}

/** What is shown may come back as it is, however it came there. */
function standsAlready(field: ProfileField, typed: Typed, before: Profile): boolean {
  const stored = storedValue(field, before);
  if (field.type === 'address') return stored !== undefined && isShownAddress(stored as Address, typed, field.key);
  if (field.type === 'multi_select') return stored !== undefined && isShownChoice(field, stored as string[], typed);
  return (typeof stored === 'string' || typeof stored === 'number') && (typed[field.key] ?? '').trim() === String(stored);
}

/** What is offered no more had no box. */
function isShownChoice({ key, options }: ProfileField, stored: readonly string[], typed: Typed): boolean {
  return options.every(({ value }) => stored.includes(value) === (typed[`${key}.${value}`] === 'yes'));
}

function isShownAddress({ street_address: street = '', ...parts }: Address, typed: Typed, at: string): boolean {
  const [street_address = '', ...rest] = street.split('\n');
  const shown: Record<string, string> = { ...parts, street_address, line2: rest.join(', ') };
  return partsOfType.address.every((part) => (typed[`${at}.${part}`] ?? '').trim() === (shown[part] ?? ''));
}

/** A date that stands may be too late, or none, where an age is demanded. */
function isUnproved(field: ProfileField, before: Profile, { today, demands }: Reading & { demands: (field: ProfileField) => boolean }) {
  return field.minimumAge !== null && demands(field) && !isAnswered(field, before, new Date(`${today}T00:00:00Z`));
}

/** @throws Refusal answer_required at the first input of what is missing. */
function demand(field: ProfileField, value: unknown, { today }: Reading): void {
  const profile = { claims: {}, answers: { [field.key]: { value } } };
  // Asked of the value alone, whether it is a claim or not.
  if (isAnswered({ ...field, keep: 'age', minimumAge: null }, profile, new Date(`${today}T00:00:00Z`))) return;
  throw new Refusal('answer_required', firstMissing(field, value));
}

function firstMissing({ key, type, options }: ProfileField, value: unknown): string {
  const parts = { name: ['given_name', 'family_name'], address: ['street_address', 'postal_code', 'locality', 'country'] }[type as 'name'];
  const given = (value ?? {}) as Record<string, unknown>;
  if (parts) return `${key}.${parts.find((part) => !given[part]) ?? parts[0]}`;
  return type === 'multi_select' ? `${key}.${options[0]?.value}` : key;
}

/**
 * What an API says, by key. Only fields that are in use may be answered; null says nothing and takes nothing away.
 * Faults: field_unknown, field_disabled, and what is wrong with a value.
 */
export function readGiven(
  fields: readonly ProfileField[],
  given: Readonly<Record<string, unknown>>,
  reading: Reading,
): { values: Map<ProfileField, unknown>; faults: Refusal[] } {
  const values = new Map<ProfileField, unknown>();
  const faults: Refusal[] = [];
  for (const [key, value] of Object.entries(given)) {
    const field = fields.find((one) => one.key === key);
    if (!field?.enabled) {
      faults.push(new Refusal(field ? 'field_disabled' : 'field_unknown', key, { params: { field: key } }));
      continue;
    }
    try {
      const read = givenAnswer(field, value, reading);
      if (read !== undefined) values.set(field, read);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      faults.push(error);
    }
  }
  return { values, faults };
}

/** Claims that came with the account, each with who brought it and when. */
export function provenanceOf(claims: AccountClaims, { by, at, clientId }: AnswerSource): ProfileAnswers {
  const brought = Object.keys(claims).filter((name) => builtInKeys.includes(name));
  return Object.fromEntries(brought.map((name) => [name, { by, at: at.toISOString(), ...(clientId && { clientId }) }]));
}

/**
 * The profile with these answers. `erases`: an undefined value takes the old one away (a person emptied it on their own page);
 * otherwise it says nothing.
 * @returns the names of what changed, sorted: claims by their names, others by their keys.
 */
export function applyAnswers(
  before: Profile,
  values: ReadonlyMap<ProfileField, unknown>,
  source: AnswerSource,
  { erases = false } = {},
): Profile & { changed: string[] } {
  const claims: AccountClaims = structuredClone(before.claims);
  const answers: Record<string, ProfileAnswer> = { ...before.answers };
  for (const [field, value] of values) {
    if (value === undefined && !erases) continue;
    if (canonical(storedValue(field, before)) === canonical(value) && !isMore(field, value)) continue;
    write(field, value, claims, answers, source, erases);
  }
  if (claims.phone_number !== before.claims.phone_number) delete claims.phone_number_verified;
  followName(claims, before.claims);
  return { claims, answers, changed: changedNames(before, { claims, answers }) };
}

/** A whole date stands where only the age is to be kept. */
function isMore({ keep }: ProfileField, value: unknown): boolean {
  return keep === 'age' && typeof value === 'string';
}

function write(
  field: ProfileField,
  value: unknown,
  claims: AccountClaims,
  answers: Record<string, ProfileAnswer>,
  { by, at, clientId }: AnswerSource,
  erases: boolean,
): void {
  const provenance = { by, at: at.toISOString(), ...(clientId && { clientId }) };
  if (value === undefined) delete answers[field.key];
  else if (isClaimField(field)) answers[field.key] = provenance;
  else answers[field.key] = { value: minimised(field, value), ...provenance };
  if (isClaimField(field)) writeClaim(field.key, value, claims, { erases, ownCountry: answers.country !== undefined });
  // A date that was kept before goes when only the age is to be kept.
  else if (field.key === 'birthdate') delete claims.birthdate;
}

/** Of a birthday only what is needed (GDPR 5.1 c). */
function minimised({ type, keep, minimumAge }: ProfileField, value: unknown): unknown {
  return type === 'birth_date' && keep === 'age' ? { minimum_age: minimumAge } : value;
}

/** `ownCountry`: the country is an answer of its own, which an emptied address leaves. */
function writeClaim(
  key: string,
  value: unknown,
  claims: AccountClaims,
  { erases, ownCountry }: { erases: boolean; ownCountry: boolean },
): void {
  switch (key) {
    case 'name': {
      const { given_name: given, family_name: family } = (value ?? {}) as { given_name?: string; family_name?: string };
      if (given !== undefined || erases) put(claims, 'given_name', given);
      if (family !== undefined || erases) put(claims, 'family_name', family);
      return;
    }
    case 'country':
      return putAddress(claims, { ...claims.address, country: value as string });
    case 'address': {
      const country = (value as Address | undefined)?.country ?? (value || ownCountry ? claims.address?.country : undefined);
      return putAddress(claims, { ...(value as Address | undefined), ...(country && { country }) });
    }
    default:
      put(claims, key as 'nickname', value as string | undefined);
  }
}

function putAddress(claims: AccountClaims, address: Address): void {
  const said = Object.entries(address).filter(([, part]) => part !== undefined);
  put(claims, 'address', said.length > 0 ? (Object.fromEntries(said) as Address) : undefined);
}

function put<Key extends keyof AccountClaims>(claims: AccountClaims, key: Key, value: AccountClaims[Key] | undefined): void {
  if (value === undefined) delete claims[key];
  else claims[key] = value;
}

/** The longest `name` (claims.ts). */
const WHOLE_NAME = 200;

/** A whole name that was made of its parts goes on being so; one of its own stays. */
function followName(claims: AccountClaims, before: AccountClaims): void {
  if ((before.name ?? '') !== wholeName(before)) return;
  put(claims, 'name', wholeName(claims) || undefined);
}

function wholeName({ given_name: given, family_name: family }: AccountClaims): string {
  return [given, family]
    .filter(Boolean)
    .join(' ')
    .slice(0, WHOLE_NAME)
    .replace(/[\ud800-\udbff]$/, '')
    .trim();
}

function changedNames(before: Profile, after: Profile): string[] {
  const of = ({ claims, answers }: Profile): Record<string, unknown> => ({
    ...Object.fromEntries(Object.entries(answers).map(([key, { value }]) => [key, value])),
    ...claims,
  });
  const [old, now] = [of(before), of(after)];
  return Object.keys({ ...old, ...now })
    .filter((name) => canonical(old[name]) !== canonical(now[name]))
    .sort();
}

const DAY = 86_400_000;

/** Asked and not answered: asked again after the brand's snooze, or never. What did not fit on the page waits for tomorrow. */
export function snooze(
  answers: ProfileAnswers,
  skipped: readonly ProfileField[],
  waiting: readonly ProfileField[],
  now: Date,
): ProfileAnswers {
  const after = (days: number) => new Date(now.getTime() + days * DAY).toISOString();
  const entries = [
    ...skipped.map((field) => [field.key, field.snoozeDays === 0 ? null : after(field.snoozeDays)] as const),
    ...waiting.map(({ key }) => [key, after(1)] as const),
  ];
  return { ...answers, ...Object.fromEntries(entries.map(([key, again]) => [key, { ...answers[key], again }])) };
}
