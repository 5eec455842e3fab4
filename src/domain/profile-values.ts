// Reads an answer: from what was typed into a form, or from the JSON of an API. One rule for both; '' and null are "no answer".
import type { Address } from './claims.ts';
import { type ProfileField, partsOfType } from './profile-fields.ts';
import { plain, type Reading, readText, refuse } from './profile-texts.ts';

/** A form as it was sent: `key`, `key.part`, `key.option`, `key.0.item`. */
export type Typed = Readonly<Record<string, string>>;

/** The answer in a form; undefined where nothing was typed. @throws Refusal at the input's name. */
export function typedAnswer(field: ProfileField, typed: Typed, reading: Reading): unknown {
  return parse(field, unpack(field, typed, field.key), field.key, reading);
}

/** The answer in JSON; undefined for null. @throws Refusal with the field's name. */
export function givenAnswer(field: ProfileField, value: unknown, reading: Reading): unknown {
  return value === null || value === undefined ? undefined : parse(field, value, field.key, reading);
}

/** Puts the inputs of one field together into what JSON would say. */
function unpack(field: ProfileField, typed: Typed, at: string): unknown {
  switch (field.type) {
    case 'checkbox':
      return typed[at] === 'yes';
    case 'multi_select':
      return field.options.map(({ value }) => value).filter((value) => typed[`${at}.${value}`] === 'yes');
    case 'name':
      return Object.fromEntries(partsOfType.name.map((part) => [part, typed[`${at}.${part}`] ?? '']));
    case 'address':
      return unpackAddress(typed, at);
    case 'group':
      return unpackGroup(field, typed, at);
    default:
      return typed[at] ?? '';
  }
}

function unpackAddress(typed: Typed, at: string): unknown {
  const { line2 = '', ...address } = Object.fromEntries(partsOfType.address.map((part) => [part, typed[`${at}.${part}`] ?? '']));
  const lines = [address.street_address ?? '', line2].map(plain).filter(Boolean);
  return { ...address, street_address: lines.join('\n') };
}

/** Rows in which nothing was typed are no items. */
function unpackGroup(field: ProfileField, typed: Typed, at: string): unknown[] {
  return Array.from({ length: field.most }, (_, row) =>
    Object.fromEntries(field.items.map((item) => [item.key, unpack(item, typed, `${at}.${row}.${item.key}`)])),
  ).map((item) => (Object.values(item).every(isNothing) ? undefined : item));
}

function isNothing(value: unknown): boolean {
  if (typeof value === 'string') return value.trim() === '';
  if (Array.isArray(value)) return value.every(isNothing);
  if (typeof value === 'object' && value !== null) return Object.values(value).every(isNothing);
  return value === false || value === undefined || value === null;
}

function parse(field: ProfileField, value: unknown, at: string, reading: Reading): unknown {
  switch (field.type) {
    case 'checkbox':
      return typeof value === 'boolean' ? value : refuse(at, { code: 'answer_malformed' });
    case 'number':
      return readNumber(field, value, at);
    case 'multi_select':
      return readChoices(field, value, at);
    case 'name':
      return readParts(field, value, at, partsOfType.name, 100);
    case 'address':
      return readAddress(field, value, at);
    case 'group':
      return readGroup(field, value, at, reading);
    default:
      return readText(field, value, at, reading);
  }
}

function readNumber(field: ProfileField, value: unknown, at: string): number | undefined {
  if (value === '') return undefined;
  // People write 1,5 where the comma is the point.
  const text = typeof value === 'string' ? plain(value).replace(/^([+-]?\d+),(\d+)$/, '$1.$2') : value;
  if (text === '') return undefined;
  const number = typeof text === 'string' && /^[+-]?\d{1,15}(\.\d{1,10})?$/.test(text) ? Number(text) : text;
  if (typeof number !== 'number' || !Number.isFinite(number)) return refuse(at, { code: 'number_invalid' });
  const { minimum, maximum } = field.rules;
  if (minimum !== undefined && number < minimum) return refuse(at, { code: 'number_small', params: { minimum } });
  if (maximum !== undefined && number > maximum) return refuse(at, { code: 'number_large', params: { maximum } });
  return number;
}

function readChoices(field: ProfileField, value: unknown, at: string): string[] | undefined {
  if (!Array.isArray(value)) return refuse(at, { code: 'answer_malformed' });
  const known = new Set(field.options.map((option) => option.value));
  if (value.some((one) => !known.has(one as string))) return refuse(at, { code: 'choice_unknown' });
  return value.length > 0 ? [...new Set(value as string[])] : undefined;
}

/** Parts of a name or an address are no dates. */
const anyDay: Reading = { today: '9999-12-31' };

function readParts(
  field: ProfileField,
  value: unknown,
  at: string,
  parts: readonly string[],
  longest: number,
): Record<string, string> | undefined {
  const given = membersOf(value, at);
  const read = parts.map(
    (part) =>
      [
        part,
        readText({ ...field, key: part, type: 'text', rules: { maxLength: longest } }, given[part] ?? '', `${at}.${part}`, anyDay),
      ] as const,
  );
  const said = read.filter((entry): entry is readonly [string, string] => entry[1] !== undefined);
  return said.length > 0 ? Object.fromEntries(said) : undefined;
}

function readAddress(field: ProfileField, value: unknown, at: string): Address | undefined {
  const given = membersOf(value, at);
  const { street_address: street, country } = { street_address: given.street_address ?? '', country: given.country ?? '' };
  const lines =
    typeof street === 'string'
      ? street.split(/\r?\n/).map(plain).filter(Boolean)
      : refuse(`${at}.street_address`, { code: 'answer_malformed' });
  const streets = lines.map((line) =>
    readText({ ...field, key: 'street', type: 'text', rules: { maxLength: 200 } }, line, `${at}.street_address`, anyDay),
  );
  if (streets.join('\n').length > 500) return refuse(`${at}.street_address`, { code: 'answer_too_long', params: { maximum: 500 } });
  const rest = readParts(field, given, at, ['postal_code', 'locality', 'region'], 100);
  const where = readText({ ...field, key: 'country', type: 'country', rules: {} }, country, `${at}.country`, anyDay);
  const read = { ...(streets.length > 0 && { street_address: streets.join('\n') }), ...rest };
  if (rest?.postal_code && rest.postal_code.length > 40)
    return refuse(`${at}.postal_code`, { code: 'answer_too_long', params: { maximum: 40 } });
  // A country alone is no address: browsers fill it in by themselves.
  return Object.keys(read).length > 0 ? { ...read, ...(where && { country: where }) } : undefined;
}

function readGroup(field: ProfileField, value: unknown, at: string, reading: Reading): unknown[] | undefined {
  if (!Array.isArray(value)) return refuse(at, { code: 'answer_malformed' });
  if (value.length > field.most) return refuse(at, { code: 'answer_too_many', params: { maximum: field.most } });
  const items = value.flatMap((one: unknown, row) => (one === undefined ? [] : [readItem(field, one, `${at}.${row}`, reading)]));
  const said = items.filter((item) => Object.keys(item).length > 0);
  return said.length > 0 ? said : undefined;
}

function readItem(field: ProfileField, value: unknown, at: string, reading: Reading): Record<string, unknown> {
  const given = membersOf(value, at);
  const read = field.items.map((item) => {
    const inside = `${at}.${item.key}`;
    const answer = given[item.key] === undefined || given[item.key] === null ? undefined : parse(item, given[item.key], inside, reading);
    if (item.required && (answer === undefined || (item.type === 'checkbox' && answer === false)))
      return refuse(inside, { code: 'answer_required' });
    return [item.key, answer] as const;
  });
  return Object.fromEntries(read.filter(([, answer]) => answer !== undefined));
}

function membersOf(value: unknown, at: string): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : refuse(at, { code: 'answer_malformed' });
}
