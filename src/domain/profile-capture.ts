// Which questions are due: enabled, for this client, unanswered, and their time has come. One rule for the form of a newcomer, the page
// after a sign-in, the profile page and APIs (the seeds' `shouldCaptureBeDisplayed`).
import type { AccountClaims, Address } from './claims.ts';
import { isClaimField, type ProfileField } from './profile-fields.ts';
import { dayOf, isDay, isOldEnough } from './profile-texts.ts';

/** Who gave an answer. */
export type AnsweredBy = 'person' | 'identity_provider' | 'api' | 'import' | 'operator';

export interface ProfileAnswer {
  /** Of a field that is no standard claim; those stand among the account's claims. */
  value?: unknown;
  by?: AnsweredBy;
  /** ISO 8601. */
  at?: string;
  clientId?: string | undefined;
  /** Skipped: not asked again before; null: never. ISO 8601. */
  again?: string | null;
}

/** By field. */
export type ProfileAnswers = Readonly<Record<string, ProfileAnswer>>;

export interface AskedPerson {
  claims: AccountClaims;
  answers: ProfileAnswers;
  /** How often they signed in; registering counts. */
  signIns: number;
}

export interface CaptureMoment {
  now: Date;
  clientId?: string | undefined;
}

/** What is stored for a field; undefined where nothing is. */
export function storedValue(field: ProfileField, { claims, answers }: Pick<AskedPerson, 'claims' | 'answers'>): unknown {
  if (!isClaimField(field)) {
    const value = Object.hasOwn(answers, field.key) ? answers[field.key]?.value : undefined;
    // A date from before only the age was to be kept proves it as well.
    if (value === undefined && field.key === 'birthdate') return claims.birthdate;
    return isOfType(field, value) ? value : undefined;
  }
  switch (field.key) {
    case 'name':
      return claims.given_name || claims.family_name ? { given_name: claims.given_name, family_name: claims.family_name } : undefined;
    case 'country':
      return claims.address?.country;
    case 'address':
      return isBareCountry(claims.address) ? undefined : claims.address;
    default:
      return claims[field.key as keyof AccountClaims];
  }
}

/** An answer from when the question was of another kind is none. */
function isOfType({ type, items }: ProfileField, value: unknown): boolean {
  switch (type) {
    case 'checkbox':
      return typeof value === 'boolean';
    case 'number':
      return typeof value === 'number';
    case 'multi_select':
      return Array.isArray(value) && value.every((one) => typeof one === 'string');
    case 'group':
      return Array.isArray(value) && value.every((one) => isMembers(one) && items.every((item) => isAbsentOrOfType(item, one[item.key])));
    case 'name':
    case 'address':
      return isMembers(value) && Object.values(value).every((part) => typeof part === 'string');
    case 'birth_date':
      return typeof value === 'string' || (isMembers(value) && typeof value.minimum_age === 'number');
    default:
      return typeof value === 'string';
  }
}

function isAbsentOrOfType(item: ProfileField, value: unknown): boolean {
  return value === undefined || isOfType(item, value);
}

function isMembers(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isBareCountry(address: Address | undefined): boolean {
  return address !== undefined && Object.keys(address).every((member) => member === 'country');
}

/** True when nothing is missing: of a name both parts, of an address what a parcel needs, of a required box its tick. */
export function isAnswered(field: ProfileField, person: Pick<AskedPerson, 'claims' | 'answers'>, now: Date): boolean {
  const value = storedValue(field, person);
  if (value === undefined || value === null || value === '') return false;
  switch (field.type) {
    case 'name':
      return has(value, 'given_name', 'family_name');
    case 'address':
      return has(value, 'formatted') || has(value, 'street_address', 'postal_code', 'locality', 'country');
    case 'checkbox':
      return value === true || !field.required;
    case 'birth_date':
      return field.minimumAge === null || isProvedAge(value, field.minimumAge, now);
    default:
      return !Array.isArray(value) || value.length > 0;
  }
}

function has(value: unknown, ...members: string[]): boolean {
  return members.every((member) => Boolean((value as Record<string, unknown>)[member]));
}

/** `{ "minimum_age": 16 }`: somebody who was that old when they said so. */
function isProvedAge(value: unknown, age: number, now: Date): boolean {
  if (typeof value !== 'string') return Number((value as { minimum_age?: number }).minimum_age) >= age;
  return isDay(value) && isOldEnough(value, age, dayOf(now));
}

/** It belongs to what people come through, and it is in use. */
export function isOffered({ enabled, clients }: ProfileField, clientId: string | undefined): boolean {
  return enabled && (clients === null || (clientId !== undefined && clients.includes(clientId)));
}

/** It may stand on the page after a sign-in. */
export function isAsked(field: ProfileField, clientId: string | undefined): boolean {
  return isOffered(field, clientId) && field.ask !== 'account';
}

export function isDue(field: ProfileField, person: AskedPerson, { now, clientId }: CaptureMoment): boolean {
  if (!isAsked(field, clientId) || signInsOf(person) < field.fromSignIn) return false;
  const again = Object.hasOwn(person.answers, field.key) ? person.answers[field.key]?.again : undefined;
  if (isPutOff(field, again, now)) return false;
  return !isAnswered(field, person, now);
}

/** Whoever stands before a question has signed in once, also in a session from before they were counted. */
function signInsOf({ signIns }: AskedPerson): number {
  return Math.max(1, signIns);
}

/** What is required is never put off: it may have been skipped before it was. */
function isPutOff({ required }: ProfileField, again: string | null | undefined, now: Date): boolean {
  return !required && again !== undefined && (again === null || now.getTime() < Date.parse(again));
}

/** Every due question, required ones first, otherwise as the brand ordered them. */
export function dueFields(fields: readonly ProfileField[], person: AskedPerson, moment: CaptureMoment): ProfileField[] {
  const due = fields.filter((field) => isDue(field, person, moment));
  return [...due.filter(({ required }) => required), ...due.filter(({ required }) => !required)];
}

/** Some question is due and required (the seeds' rule): nobody gets on without an answer. */
export function shouldCaptureBeDisplayed(fields: readonly ProfileField[], person: AskedPerson, moment: CaptureMoment): boolean {
  return fields.some((field) => field.required && isDue(field, person, moment));
}

/** What one page asks, at most `atOnce`. Required ones that do not fit stand on the next page, optional ones wait for another day. */
export function questionsOf(fields: readonly ProfileField[], person: AskedPerson, moment: CaptureMoment, atOnce: number) {
  const due = dueFields(fields, person, moment);
  return { asked: due.slice(0, atOnce), waiting: due.slice(atOnce).filter(({ required }) => !required) };
}

const newcomer: AskedPerson = { claims: {}, answers: {}, signIns: 1 };

/** Those on the form of a newcomer, who has answered nothing. */
export function registrationFields(fields: readonly ProfileField[], moment: CaptureMoment): ProfileField[] {
  return fields.filter((field) => field.ask === 'registration' && isDue(field, newcomer, moment));
}

/** How far a person's profile has come: questions they have answered, of those they may see. */
export function progressOf(fields: readonly ProfileField[], person: AskedPerson, { now, clientId }: CaptureMoment) {
  const offered = fields.filter((field) => isAsked(field, clientId));
  return { answered: offered.filter((field) => isAnswered(field, person, now)).length, of: offered.length };
}

/** What relying parties get as the claim `profile_fields`: answers that are no standard claims, of fields that are in use. */
export function profileFieldsClaim(
  fields: readonly ProfileField[],
  person: Pick<AskedPerson, 'claims' | 'answers'>,
  clientId: string | undefined,
): Record<string, unknown> {
  const released = fields.filter((field) => !isClaimField(field) && isOffered(field, clientId));
  const values = released.map((field) => [field.key, storedValue(field, person)] as const);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}
