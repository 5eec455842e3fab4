// The questions a brand asks its people (the seeds' "Capture"): what a field may be, and which ones every brand has.
import type { Texts } from './texts.ts';

export const fieldTypes = [
  'text',
  'number',
  'date',
  'phone',
  'email',
  'url',
  'country',
  'currency',
  'locale',
  'select',
  'radio',
  'checkbox',
  'multi_select',
  'address',
  'name',
  'birth_date',
  'company',
  'group',
] as const;

export type FieldType = (typeof fieldTypes)[number];

export interface FieldOption {
  value: string;
  label: Texts;
}

/** What an answer must be like, beside its type. Lengths in characters. */
export interface FieldRules {
  minLength?: number | undefined;
  maxLength?: number | undefined;
  /** Of a number. */
  minimum?: number | undefined;
  maximum?: number | undefined;
  /** Of a date, YYYY-MM-DD. */
  earliest?: string | undefined;
  latest?: string | undefined;
  /** `9` is a digit, `A` a letter, `*` either; everything else is itself: "AA-9999". */
  mask?: string | undefined;
}

export interface ProfileField {
  /** A standard claim's name, or the brand's own: the member of `profile_fields` it is released as. */
  key: string;
  type: FieldType;
  /** Built-in fields have sentences of their own where the brand writes none. */
  label?: Texts | undefined;
  help?: Texts | undefined;
  options: readonly FieldOption[];
  rules: FieldRules;
  enabled: boolean;
  required: boolean;
  /** Only through these clients; null: all. */
  clients: readonly string[] | null;
  /** When it is asked: on the form of a newcomer, at a sign-in, or never but on the profile page. */
  ask: 'registration' | 'later' | 'account';
  /** Asked from the n-th sign-in on; registering is the first. */
  fromSignIn: number;
  /** Days after which an optional question that was skipped comes again; 0: never. */
  snoozeDays: number;
  /** Of a birth date, in years. */
  minimumAge: number | null;
  /** Of a birth date with a minimum age: `age` keeps only that somebody is old enough. */
  keep: 'value' | 'age';
  /** Of a group: what each item has, and how many items there may be. */
  items: readonly ProfileField[];
  most: number;
}

export const fieldDefaults = {
  options: [],
  rules: {},
  enabled: true,
  required: false,
  clients: null,
  ask: 'later',
  fromSignIn: 1,
  snoozeDays: 30,
  minimumAge: null,
  keep: 'value',
  items: [],
  most: 10,
} as const satisfies Omit<ProfileField, 'key' | 'type'>;

/** Types a built-in key may have; the first is its own. */
const builtInTypes: Readonly<Record<string, readonly FieldType[]>> = {
  name: ['name'],
  given_name: ['text'],
  family_name: ['text'],
  middle_name: ['text'],
  nickname: ['text'],
  gender: ['text', 'select', 'radio'],
  birthdate: ['birth_date'],
  phone_number: ['phone'],
  website: ['url'],
  address: ['address'],
  country: ['country'],
  locale: ['locale'],
  currency: ['currency'],
  company: ['company'],
};

/** undefined for a key of the brand's own. */
export function typesOfBuiltIn(key: string): readonly FieldType[] | undefined {
  return Object.hasOwn(builtInTypes, key) ? builtInTypes[key] : undefined;
}

export const builtInKeys: readonly string[] = Object.keys(builtInTypes);

/** Standard claims that are no field, and names that our forms use for something else. */
export const reservedKeys: ReadonlySet<string> = new Set([
  ...['sub', 'email', 'email_verified', 'phone_number_verified', 'updated_at', 'profile', 'picture', 'preferred_username', 'zoneinfo'],
  ...[
    'action',
    'add',
    'asked',
    'code',
    'confirm',
    'csrf',
    'forgot',
    'form',
    'lang',
    'password',
    'new_password',
    'refused',
    'remember',
    'unlock',
    'xsrf',
  ],
  ...['constructor', 'prototype', 'consents', 'profile_fields'],
]);

/** True where the answer is a standard claim of the account; others stand in `answers`. */
export function isClaimField({ key, keep }: Pick<ProfileField, 'key' | 'keep'>): boolean {
  return typesOfBuiltIn(key) !== undefined && key !== 'currency' && key !== 'company' && keep === 'value';
}

/** What every brand's profile page has, unless the brand says something else of it. */
const standard: readonly ProfileField[] = [
  { ...fieldDefaults, key: 'given_name', type: 'text', ask: 'account' },
  { ...fieldDefaults, key: 'family_name', type: 'text', ask: 'account' },
  { ...fieldDefaults, key: 'birthdate', type: 'birth_date', ask: 'account' },
  { ...fieldDefaults, key: 'phone_number', type: 'phone', ask: 'account' },
  { ...fieldDefaults, key: 'locale', type: 'locale', ask: 'account' },
];

const wholes = new WeakMap<readonly ProfileField[], readonly ProfileField[]>();

/** The brand's fields and the standard ones it says nothing of; a whole name takes the place of its parts. */
export function fieldsOf({ fields }: { fields: readonly ProfileField[] }): readonly ProfileField[] {
  const known = wholes.get(fields);
  if (known) return known;
  const keys = new Set(fields.map(({ key }) => key));
  const said = (key: string) => keys.has(key) || (keys.has('name') && (key === 'given_name' || key === 'family_name'));
  const whole = [...standard.filter(({ key }) => !said(key)), ...fields];
  wholes.set(fields, whole);
  return whole;
}

/** A field of an address or of a whole name, as forms name its parts. */
export const partsOfType = {
  name: ['given_name', 'family_name'],
  address: ['street_address', 'line2', 'postal_code', 'locality', 'region', 'country'],
} as const;
