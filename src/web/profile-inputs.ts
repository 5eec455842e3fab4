// Questions as inputs of a form: each with the type, the keyboard and the autofill it deserves, and with what is known already.
import { countryCodes, currencyCodes } from '../domain/countries.ts';
import { type ProfileField, partsOfType } from '../domain/profile-fields.ts';
import type { Typed } from '../domain/profile-values.ts';
import { type Texts, textIn } from '../domain/texts.ts';
import type { Drawing } from './drawing.ts';
import type { ProfileInput } from './locals/questions.ts';
import type { Translate } from './page-locals.ts';
import type { Context } from './request.ts';

export interface Asking {
  t: Translate;
  locale: string;
  fallback: string;
  languages: { code: string; label: string }[];
  /** What was typed, or is stored: decides how many items of a group are shown. */
  values: Typed;
  /** The group that is to have one item more. */
  add?: string | undefined;
  /** Where items are added. */
  more: 'here' | 'later';
}

export function askingIn({ locales }: Drawing, { state }: Context, values: Typed, add?: string): Asking {
  const { locale, brand } = state;
  const languages = locales.localeLinks(locale).map(({ code, label }) => ({ code, label }));
  return { t: locales.translator(locale), locale, fallback: brand.settings.locale, languages, values, add, more: 'here' };
}

/** The names of all inputs, parts and items and boxes among them: where a sentence may stand. */
export function inputNames(inputs: readonly ProfileInput[]): string[] {
  return inputs.flatMap(({ name, parts, rows, options, kind }) => [
    name,
    ...inputNames(parts),
    ...inputNames(rows.flat()),
    ...(kind === 'checks' ? options.map(({ value }) => `${name}.${value}`) : []),
  ]);
}

type Look = Partial<Pick<ProfileInput, 'kind' | 'attributes' | 'options' | 'parts' | 'rows' | 'more'>>;

export function profileInput(field: ProfileField, asking: Asking, name = field.key): ProfileInput {
  const { t, locale, fallback } = asking;
  const say = (texts: Texts | undefined) => texts && textIn(texts, locale, fallback).text;
  const look = lookOf(field, asking, name);
  return {
    ...{ kind: 'text', attributes: {}, options: [], parts: [], rows: [] },
    ...look,
    name,
    label: say(field.label) ?? t(`fields.${field.key}`),
    help: say(field.help) ?? usualHelp(field, asking, name),
    optional: !field.required,
  };
}

function usualHelp({ type, rules, minimumAge }: ProfileField, { t, values }: Asking, name: string): string | undefined {
  if (type === 'phone') return t('fields.phoneHint');
  if (type === 'birth_date' && !isWholeDate(values[name])) return t('fields.birthdateHint');
  if (type === 'birth_date' && minimumAge !== null) return t('fields.ageHint', { age: minimumAge });
  return rules.mask ? t('fields.maskHint', { mask: rules.mask }) : undefined;
}

function lookOf(field: ProfileField, asking: Asking, name: string): Look {
  const { t, locale, fallback, languages, values } = asking;
  const choices = () => field.options.map(({ value, label }) => ({ value, words: textIn(label, locale, fallback).text }));
  const select = (options: ProfileInput['options'], attributes = {}): Look => ({
    kind: 'select',
    options: [{ value: '', words: t('fields.choose') }, ...options],
    attributes,
  });
  switch (field.type) {
    case 'select':
      return select(withStored(choices(), values[name]));
    case 'radio':
      return { kind: 'radio', options: withStored(choices(), values[name]) };
    case 'multi_select':
      return { kind: 'checks', options: choices() };
    case 'checkbox':
      return { kind: 'checkbox' };
    case 'country':
      return select(withStored(named(locale, 'region', countryCodes), values[name]), { autocomplete: 'country' });
    case 'currency':
      return select(named(locale, 'currency', field.options.length > 0 ? field.options.map(({ value }) => value) : currencyCodes));
    case 'locale':
      return { kind: 'select', options: [{ value: '', words: t('fields.localeNone') }, ...languageOptions(languages, values[name])] };
    case 'name':
      return { kind: 'set', parts: partsOfType.name.map((part) => partInput(field, part, asking, name)) };
    case 'address':
      return { kind: 'set', parts: partsOfType.address.map((part) => partInput(field, part, asking, name)) };
    case 'group':
      return groupLook(field, asking, name);
    default:
      return { attributes: attributesOf(field, values[name]) };
  }
}

/** Of a name or an address. */
function partInput(field: ProfileField, part: string, { t, locale, values }: Asking, name: string): ProfileInput {
  const neverNeeded = part === 'line2' || part === 'region';
  const country = part === 'country';
  return {
    kind: country ? 'select' : 'text',
    name: `${name}.${part}`,
    label: t(`fields.${part}`),
    optional: !field.required || neverNeeded,
    attributes: {
      autocomplete: autocompletes[part] ?? 'off',
      ...(part.endsWith('_name') && { autocapitalize: 'words', spellcheck: 'false' }),
    },
    options: country
      ? [{ value: '', words: t('fields.choose') }, ...withStored(named(locale, 'region', countryCodes), values[`${name}.${part}`])]
      : [],
    parts: [],
    rows: [],
  };
}

const autocompletes: Readonly<Record<string, string>> = {
  given_name: 'given-name',
  family_name: 'family-name',
  middle_name: 'additional-name',
  nickname: 'nickname',
  street_address: 'address-line1',
  line2: 'address-line2',
  locality: 'address-level2',
  region: 'address-level1',
  postal_code: 'postal-code',
  country: 'country',
  website: 'url',
  company: 'organization',
  gender: 'sex',
};

function attributesOf({ key, type, rules }: ProfileField, value: string | undefined): Record<string, string> {
  const autocomplete = autocompletes[key];
  switch (type) {
    case 'number':
      return { inputmode: 'decimal', autocomplete: 'off' };
    case 'date':
      return {
        type: 'date',
        autocomplete: 'off',
        ...(rules.earliest && { min: rules.earliest }),
        ...(rules.latest && { max: rules.latest }),
      };
    case 'birth_date':
      // A year alone, or a day without one (OpenID Connect Core 5.1), is more than a date input can show.
      return isWholeDate(value)
        ? { type: 'date', autocomplete: key === 'birthdate' ? 'bday' : 'off', max: new Date().toISOString().slice(0, 10) }
        : { inputmode: 'numeric', autocomplete: 'off' };
    case 'phone':
      return { type: 'tel', autocomplete: key === 'phone_number' ? 'tel' : 'off' };
    case 'email':
      return { type: 'email', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' };
    case 'url':
      return { type: 'url', autocomplete: autocomplete ?? 'off', autocapitalize: 'none', spellcheck: 'false' };
    default: {
      const isName = key.endsWith('_name') && autocomplete;
      return { autocomplete: autocomplete ?? 'off', ...(isName && { autocapitalize: 'words', spellcheck: 'false' }) };
    }
  }
}

function isWholeDate(value = ''): boolean {
  return /^((?!0000)\d{4}-\d\d-\d\d)?$/.test(value);
}

/** Those there are, and at least one to fill in. */
function groupLook(field: ProfileField, asking: Asking, name: string): Look {
  const shown = Math.max(1, rowsIn(asking.values, name) + (asking.add === name ? 1 : 0));
  const count = Math.min(field.most, shown);
  const rows = Array.from({ length: count }, (_, row) =>
    field.items.map((item) => profileInput(item, asking, `${name}.${row}.${item.key}`)),
  );
  return { kind: 'group', rows, more: count < field.most ? asking.more : undefined };
}

function rowsIn(values: Typed, name: string): number {
  const rows = Object.keys(values).flatMap((key) => (key.startsWith(`${name}.`) ? [Number(key.slice(name.length + 1).split('.')[0])] : []));
  return Math.max(-1, ...rows.filter(Number.isInteger)) + 1;
}

/** What came from elsewhere may be no code of ours ("Germany"): shown as it is, it can stay as it is. */
function withStored(list: ProfileInput['options'], stored = ''): ProfileInput['options'] {
  return stored === '' || list.some(({ value }) => value === stored) ? list : [...list, { value: stored, words: stored }];
}

const lists = new Map<string, ProfileInput['options']>();

/** Codes with their names, in the order of the language's alphabet. */
function named(locale: string, type: 'region' | 'currency', codes: readonly string[]): ProfileInput['options'] {
  const key = `${locale}/${type}/${codes.join('')}`;
  const known = lists.get(key);
  if (known) return known;
  const names = new Intl.DisplayNames([locale], { type, fallback: 'code' });
  const { compare } = new Intl.Collator(locale);
  const list = codes.map((value) => ({ value, words: names.of(value) ?? value })).sort((one, other) => compare(one.words, other.words));
  if (lists.size > 200) lists.clear();
  lists.set(key, list);
  return list;
}

/** Those our pages speak, and the one that was chosen elsewhere. */
function languageOptions(languages: Asking['languages'], chosen = ''): ProfileInput['options'] {
  const spoken = languages.map(({ code, label }) => ({ value: code, words: label }));
  return chosen === '' || spoken.some(({ value }) => value === chosen)
    ? spoken
    : [...spoken, { value: chosen, words: languageName(chosen) }];
}

function languageName(locale: string): string {
  try {
    return new Intl.DisplayNames([locale], { type: 'language' }).of(locale) ?? locale;
  } catch {
    return locale;
  }
}
