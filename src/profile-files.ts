// profile.json: the questions of a brand. What may be said in it, and what contradicts itself.
import { z } from 'zod';
import { languageTag, sentence } from './consent-files.ts';
import { currencyCodes } from './domain/countries.ts';
import { type FieldType, fieldDefaults, fieldTypes, type ProfileField, reservedKeys, typesOfBuiltIn } from './domain/profile-fields.ts';
import { isDay, longestOf } from './domain/profile-texts.ts';
import { type FileFault, fileError, issuesOf, readJsonSource } from './json-source.ts';

const texts = z.record(languageTag, sentence(300));

const key = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,39}$/, 'may have a-z, 0-9 and _ only, and begins with a letter')
  .refine((name) => !reservedKeys.has(name) && !/^(consent|version)_/.test(name), 'is a name that means something else');

const calendarDay = z.string().refine(isDay, 'must be a day such as 2026-12-01');

const option = z.strictObject({
  value: z.string().regex(/^[A-Za-z0-9_-]{1,60}$/, 'may have letters, digits, _ and - only'),
  label: texts,
});

const itemSchema = z.strictObject({
  key,
  type: z.enum(fieldTypes).optional(),
  label: texts.optional(),
  help: texts.optional(),
  options: z.array(option).min(1).max(300).optional(),
  minLength: z.number().int().min(1).max(2_000).optional(),
  maxLength: z.number().int().min(1).max(2_000).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  earliest: calendarDay.optional(),
  latest: calendarDay.optional(),
  mask: z.string().min(1).max(60).optional(),
  required: z.boolean().optional(),
});

const fieldSchema = itemSchema.extend({
  enabled: z.boolean().optional(),
  clients: z.array(z.string().min(1).max(100)).min(1, 'names nobody; leave it out for everybody').max(100).optional(),
  ask: z.enum(['registration', 'later', 'account']).optional(),
  fromSignIn: z.number().int().min(1).max(1_000).optional(),
  snoozeDays: z.number().int().min(0).max(3_650).optional(),
  minimumAge: z.number().int().min(1).max(120).optional(),
  keep: z.enum(['value', 'age']).optional(),
  items: z.array(itemSchema).min(1).max(10).optional(),
  most: z.number().int().min(1).max(20).optional(),
});

const fileSchema = z.array(fieldSchema).max(60);

type FileField = z.infer<typeof fieldSchema>;

/** `locale`: the language every label must have. @throws OperatorError naming file, line, member and what is wrong. */
export function readProfileFile(file: string, text: string, locale: string): ProfileField[] {
  const source = readJsonSource(file, text);
  const result = fileSchema.safeParse(source.value);
  const faults = result.success ? contradictions(result.data, locale) : issuesOf(result.error);
  if (!result.success || faults.length > 0) throw fileError(file, source, faults);
  return result.data.map(toField);
}

function toField(given: FileField): ProfileField {
  const { minLength, maxLength, minimum, maximum, earliest, latest, mask, items, type: _type, ...rest } = given;
  const rules = Object.fromEntries(
    Object.entries({ minLength, maxLength, minimum, maximum, earliest, latest, mask }).filter(([, value]) => value !== undefined),
  );
  const named = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return { ...fieldDefaults, ...named, key: given.key, type: typeOf(given), rules, ...(items && { items: items.map(toField) }) };
}

function typeOf({ key, type }: Pick<FileField, 'key' | 'type'>): FieldType {
  return type ?? typesOfBuiltIn(key)?.[0] ?? 'text';
}

function contradictions(fields: readonly FileField[], locale: string): FileFault[] {
  const keys = fields.map((field) => field.key);
  return fields.flatMap((field, index) => {
    const faults = [...fieldFaults(field, locale), ...scheduleFaults(field), ...ageFaults(field), ...groupFaults(field, locale)];
    if (keys.indexOf(field.key) < index) faults.push({ path: ['key'], message: `${field.key} stands there twice` });
    if (field.key === 'name' && keys.some((other) => other === 'given_name' || other === 'family_name'))
      faults.push({ path: ['key'], message: 'asks for the first and last name, which have fields of their own here' });
    return faults.map(({ path, message }) => ({ path: [index, ...path], message }));
  });
}

const chosen: readonly FieldType[] = ['select', 'radio', 'multi_select'];
/** What a rule may be said of. */
const rulesOf: Readonly<Record<string, readonly FieldType[]>> = {
  options: [...chosen, 'currency'],
  minLength: ['text', 'company'],
  maxLength: ['text', 'company'],
  mask: ['text'],
  minimum: ['number'],
  maximum: ['number'],
  earliest: ['date'],
  latest: ['date'],
  minimumAge: ['birth_date'],
  keep: ['birth_date'],
  items: ['group'],
  most: ['group'],
};

function fieldFaults(field: FileField, locale: string): FileFault[] {
  const type = typeOf(field);
  const builtIn = typesOfBuiltIn(field.key);
  const faults: FileFault[] = [];
  const add = (message: string, ...path: PropertyKey[]) => faults.push({ path, message });
  if (builtIn && !builtIn.includes(type)) add(`${field.key} is a standard field of the type ${builtIn.join(' or ')}`, 'type');
  if (!builtIn && !field.label) add('a field of your own needs a label', 'key');
  for (const member of ['label', 'help'] as const)
    if (field[member] && !speaks(field[member], locale)) add(`has no "${locale}", the brand's language`, member);
  for (const [rule, types] of Object.entries(rulesOf))
    if (field[rule as keyof FileField] !== undefined && !types.includes(type)) add(`means nothing for the type ${type}`, rule);
  if (chosen.includes(type) && !field.options) add(`the type ${type} needs options`, 'key');
  const values = field.options?.map(({ value }) => value) ?? [];
  for (const [at, { value, label }] of field.options?.entries() ?? []) {
    if (values.indexOf(value) < at) add(`${value} is offered twice`, 'options', at, 'value');
    if (!speaks(label, locale)) add(`has no "${locale}", the brand's language`, 'options', at, 'label');
    if (type === 'currency' && !currencyCodes.includes(value)) add(`${value} is no currency code such as EUR`, 'options', at, 'value');
  }
  for (const [low, high] of [
    ['minLength', 'maxLength'],
    ['minimum', 'maximum'],
    ['earliest', 'latest'],
  ] as const) {
    const [from, to] = [field[low], field[high]];
    if (from !== undefined && to !== undefined && from > to) add(`leaves nothing between ${from} and ${to}`, high);
  }
  const longest = longestOf(toField(field));
  for (const [member, needed] of [
    ['minLength', field.minLength],
    ['mask', field.mask?.length],
  ] as const)
    if (needed !== undefined && needed > longest) add(`leaves nothing: an answer has at most ${longest} characters`, member);
  const length = field.mask?.length;
  if (length !== undefined && field.minLength !== undefined && field.minLength > length)
    add(`is longer than the mask ${field.mask}`, 'minLength');
  if (length !== undefined && field.maxLength !== undefined && field.maxLength < length)
    add(`is shorter than the mask ${field.mask}`, 'maxLength');
  return faults;
}

function speaks(said: Readonly<Record<string, string>>, locale: string): boolean {
  return locale in said || (locale.split('-')[0] as string) in said;
}

function scheduleFaults(field: FileField): FileFault[] {
  const faults: FileFault[] = [];
  const add = (member: string, message: string) => faults.push({ path: [member], message });
  if (field.ask === 'account' && field.required) add('required', 'cannot be demanded of people who are never asked (ask: account)');
  if (field.ask === 'account' && field.fromSignIn !== undefined) add('fromSignIn', 'means nothing where nobody is asked (ask: account)');
  if (field.ask === 'registration' && (field.fromSignIn ?? 1) > 1) add('fromSignIn', 'is later than the registration it is asked at');
  if (field.required && field.snoozeDays !== undefined) add('snoozeDays', 'cannot be: a required question is not put off');
  return faults;
}

function ageFaults(field: FileField): FileFault[] {
  const faults: FileFault[] = [];
  if (field.keep === 'age' && field.minimumAge === undefined) faults.push({ path: ['keep'], message: 'needs a minimumAge to keep' });
  if (field.minimumAge !== undefined && !field.required)
    faults.push({ path: ['minimumAge'], message: 'needs "required": true; whoever may leave the date out is not held up by it' });
  if (field.minimumAge !== undefined && field.key !== 'birthdate')
    faults.push({ path: ['minimumAge'], message: 'belongs to the field birthdate' });
  return faults;
}

function groupFaults({ items, key: own, type }: FileField, locale: string): FileFault[] {
  if (type !== 'group') return [];
  if (!items) return [{ path: ['key'], message: 'the type group needs items' }];
  return items.flatMap((item, at) => {
    const faults = fieldFaults(item, locale);
    if (['group', 'address', 'name'].includes(typeOf(item)))
      faults.push({ path: ['type'], message: `an item of ${own} cannot be of the type ${typeOf(item)}` });
    if (items.findIndex((other) => other.key === item.key) < at) faults.push({ path: ['key'], message: `${item.key} stands there twice` });
    return faults.map(({ path, message }) => ({ path: ['items', at, ...path], message }));
  });
}
