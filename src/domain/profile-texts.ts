// An answer that is one line of text, whatever it means: a day, an address, one of several choices.
import { Refusal, type RefusalCode } from '../errors.ts';
import { isClaim } from './claims.ts';
import { currencyCodes, isCountry } from './countries.ts';
import { isPlainAddress } from './email.ts';
import { isClaimField, type ProfileField } from './profile-fields.ts';

/** `today` is YYYY-MM-DD (`dayOf`). */
export interface Reading {
  today: string;
}

/** In UTC: nobody tells us their time zone, and everybody comes of age within hours of it. */
export function dayOf(now: Date): string {
  return now.toISOString().slice(0, 10);
}

/** It has begun somewhere already: nobody was born after it. */
function dayAfter(today: string): string {
  return dayOf(new Date(Date.parse(today) + 86_400_000));
}

export type Problem = { code: RefusalCode; params?: Record<string, string | number> };

const HARD_LIMIT = 2_000;

/** undefined where nothing was said. @throws Refusal at `at`, the input's name. */
export function readText(field: ProfileField, value: unknown, at: string, reading: Reading): string | undefined {
  if (typeof value !== 'string') return refuse(at, { code: 'answer_malformed' });
  const text = field.type === 'phone' ? plainPhone(value) : plain(value);
  if (text === '') return undefined;
  if (text.length > longestOf(field)) return refuse(at, tooLong(field));
  if (!text.isWellFormed() || /\p{Cc}/u.test(text)) return refuse(at, { code: malformedOf(field) });
  const problem = problemOf(field, text, reading);
  return problem ? refuse(at, problem) : text;
}

function usualLength({ key, type }: ProfileField): number {
  if (type === 'url') return HARD_LIMIT;
  if (type === 'email') return 254;
  if (key === 'gender') return 50;
  return type === 'text' && isNamePart(key) ? 100 : 200;
}

/** Standard claims have limits of their own (claims.ts). */
export function longestOf(field: ProfileField): number {
  const usual = usualLength(field);
  return isClaimField(field) ? Math.min(field.rules.maxLength ?? usual, usual) : (field.rules.maxLength ?? usual);
}

function tooLong(field: ProfileField): Problem {
  const maximum = longestOf(field);
  return { code: isNamePart(field.key) ? 'name_too_long' : 'answer_too_long', params: { maximum } };
}

function malformedOf({ key, type }: ProfileField): RefusalCode {
  if (isNamePart(key)) return 'name_malformed';
  return (
    ({ phone: 'phone_number_invalid', locale: 'locale_invalid', birth_date: 'birthdate_invalid' } as const)[type as 'phone'] ??
    'answer_malformed'
  );
}

function isNamePart(key: string): boolean {
  return /^(given|family|middle)_name$|^nickname$/.test(key);
}

function problemOf(field: ProfileField, text: string, { today }: Reading): Problem | undefined {
  const { rules } = field;
  switch (field.type) {
    case 'phone':
      return /^\+[1-9]\d{6,14}$/.test(text) ? undefined : { code: 'phone_number_invalid' };
    case 'email':
      return isPlainAddress(text) ? undefined : { code: 'email_invalid' };
    case 'url':
      return isClaim('website', text) ? undefined : { code: 'url_invalid' };
    case 'country':
      return isCountry(text) ? undefined : { code: 'choice_unknown' };
    case 'currency':
      return offers(field, text, currencyCodes) ? undefined : { code: 'choice_unknown' };
    case 'locale':
      return isClaim('locale', text) ? undefined : { code: 'locale_invalid' };
    case 'select':
    case 'radio':
      return offers(field, text, []) ? undefined : { code: 'choice_unknown' };
    case 'date':
      return isDay(text) ? dateProblem(rules, text) : { code: 'date_invalid' };
    case 'birth_date':
      return birthProblem(field, text, today);
    default:
      return (
        textProblem(rules, text) ??
        (isClaimField(field) && !isClaim(field.key as 'nickname', text) ? { code: malformedOf(field) } : undefined)
      );
  }
}

function offers({ options }: ProfileField, text: string, otherwise: readonly string[]): boolean {
  return options.length > 0 ? options.some(({ value }) => value === text) : otherwise.includes(text);
}

function textProblem({ minLength = 0, mask }: ProfileField['rules'], text: string): Problem | undefined {
  if (text.length < minLength) return { code: 'answer_too_short', params: { minimum: minLength } };
  return mask === undefined || fitsMask(mask, text) ? undefined : { code: 'answer_mask', params: { mask } };
}

function fitsMask(mask: string, text: string): boolean {
  const [wanted, typed] = [[...mask], [...text]];
  return (
    wanted.length === typed.length &&
    wanted.every((sign, index) => {
      const character = typed[index] as string;
      if (sign === '9') return /\d/.test(character);
      if (sign === 'A') return /\p{L}/u.test(character);
      return sign === '*' ? /[\p{L}\d]/u.test(character) : sign === character;
    })
  );
}

function dateProblem({ earliest, latest }: ProfileField['rules'], text: string): Problem | undefined {
  if (earliest && text < earliest) return { code: 'date_early', params: { date: earliest } };
  return latest && text > latest ? { code: 'date_late', params: { date: latest } } : undefined;
}

/** A year alone, or a day without one, may have come from elsewhere; with a minimum age it tells too little. */
function birthProblem({ minimumAge }: ProfileField, text: string, today: string): Problem | undefined {
  if (!isClaim('birthdate', text) || text > dayAfter(today)) return { code: 'birthdate_invalid' };
  if (minimumAge === null) return undefined;
  if (!isDay(text) || text.startsWith('0000')) return { code: 'birthdate_invalid' };
  return isOldEnough(text, minimumAge, today) ? undefined : { code: 'under_age', params: { age: minimumAge } };
}

/** Born on the 29th of February, people come of age on the 1st of March. Both YYYY-MM-DD. */
export function isOldEnough(birthdate: string, age: number, today: string): boolean {
  const year = Number(birthdate.slice(0, 4)) + age;
  return `${String(year).padStart(4, '0')}${birthdate.slice(4)}` <= today;
}

export function isDay(text: string): boolean {
  return /^(?!0000)\d{4}-\d\d-\d\d$/.test(text) && isClaim('birthdate', text);
}

export function refuse(field: string, { code, params }: Problem): never {
  throw new Refusal(code, field, params ? { params } : {});
}

/** Spaces that mean nothing are not kept. */
export function plain(text: string): string {
  return text.normalize('NFC').trim().replace(/ +/g, ' ');
}

/** Spaces and the like that mean nothing. */
function plainPhone(typed: string): string {
  return typed
    .normalize('NFC')
    .trim()
    .replace(/[\s()./-]|\p{Pd}|\p{Cf}/gu, '')
    .replace(/^00/, '+');
}
