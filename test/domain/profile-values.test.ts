import fc from 'fast-check';
import { canonical } from '../../src/domain/audit.ts';
import { isClaim } from '../../src/domain/claims.ts';
import { type FieldOption, type FieldType, fieldDefaults, fieldTypes, type ProfileField } from '../../src/domain/profile-fields.ts';
import { givenAnswer, type Typed, typedAnswer } from '../../src/domain/profile-values.ts';
import { Refusal } from '../../src/errors.ts';

const today = { today: '2026-06-15' };
const field = (type: FieldType, more: Partial<ProfileField> = {}): ProfileField => ({ ...fieldDefaults, key: 'asked', type, ...more });
const options: FieldOption[] = ['sea', 'air'].map((value) => ({ value, label: { en: value } }));
const children = field('group', {
  most: 3,
  items: [
    field('text', { key: 'first_name', required: true }),
    field('date', { key: 'birthday' }),
    field('checkbox', { key: 'swims' }),
    field('multi_select', { key: 'likes', options }),
  ],
});

/** What a refusal says, and where; what was read otherwise. */
function outcome(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal) return `${error.code} at ${error.field}`;
    throw error;
  }
}
const typed = (one: ProfileField, form: Typed) => outcome(() => typedAnswer(one, form, today));
const given = (one: ProfileField, value: unknown) => outcome(() => givenAnswer(one, value, today));
const long = 'x'.repeat(4_001);

test.each<[Partial<ProfileField>, string, number]>([
  [{}, ' 1,5 ', 1.5],
  [{}, '-0.25', -0.25],
  [{}, '+7', 7],
  [{ rules: { minimum: 7, maximum: 7 } }, '7', 7],
])('a number (%j) may be typed as %j', (more, text, value) => {
  expect(typed(field('number', more), { asked: text })).toBe(value);
  expect(given(field('number', more), text)).toBe(value);
  expect(given(field('number', more), value)).toBe(value);
});

test.each<[Partial<ProfileField>, unknown, string]>([
  [{}, '1e3', 'number_invalid'],
  [{}, '1.234,5', 'number_invalid'],
  [{}, '1'.repeat(30), 'number_invalid'],
  [{}, 'Infinity', 'number_invalid'],
  [{ rules: { minimum: 1 } }, '0,5', 'number_small'],
  [{ rules: { maximum: 1 } }, '1,5', 'number_large'],
  [{}, Number.POSITIVE_INFINITY, 'number_invalid'],
  [{}, true, 'number_invalid'],
])('a number (%j) cannot be %j: %s', (more, value, code) => {
  expect(given(field('number', more), value)).toBe(`${code} at asked`);
  if (typeof value === 'string') expect(typed(field('number', more), { asked: value })).toBe(`${code} at asked`);
});

test.each(fieldTypes)('nothing typed into a %s, and null, say nothing', (type) => {
  const one = type === 'group' ? children : field(type, { options });
  expect(typed(one, {})).toBe(type === 'checkbox' ? false : undefined);
  expect(typed(one, { asked: ' ', 'asked.given_name': ' ', 'asked.locality': '', 'asked.0.first_name': ' ' })).toBe(
    type === 'checkbox' ? false : undefined,
  );
  expect(given(one, null)).toBeUndefined();
});

test.each(fieldTypes)('JSON of another type is no %s', (type) => {
  const one = type === 'group' ? children : field(type, { options });
  const wrong = [{ length: 1 }, [7], true, 7, 'x', [['sea']], [null]].filter((value) => {
    if (type === 'checkbox') return value !== true;
    if (type === 'number') return value !== 7;
    if (type === 'name' || type === 'address') return typeof value !== 'object' || Array.isArray(value);
    return !(typeof value === 'string' && (type === 'text' || type === 'company'));
  });
  for (const value of wrong) expect(given(one, value)).toMatch(/^(answer_malformed|choice_unknown|answer_required|\w+_invalid) at asked/);
});

test('a box is ticked or not, and choices are those that are offered, each once', () => {
  expect(typed(field('checkbox'), { asked: 'yes' })).toBe(true);
  expect(typed(field('checkbox'), { asked: 'true' })).toBe(false);
  const many = field('multi_select', { options });
  expect(typed(many, { 'asked.air': 'yes', 'asked.sea': 'yes', 'asked.rail': 'yes', 'asked.': 'yes' })).toEqual(['sea', 'air']);
  expect(typed(many, { 'asked.air': 'no', 'asked.sea': '' })).toBeUndefined();
  expect(given(many, ['air', 'air'])).toEqual(['air']);
  expect(given(many, ['rail'])).toBe('choice_unknown at asked');
  expect(given(many, [])).toBeUndefined();
});

test('a name has its parts, each told of at its own input', () => {
  const name = field('name', { key: 'name' });
  expect(typed(name, { 'name.given_name': ' Anna ', 'name.family_name': '' })).toEqual({ given_name: 'Anna' });
  expect(given(name, { given_name: null, family_name: 'Kern', title: 'Dr' })).toEqual({ family_name: 'Kern' });
  expect(typed(name, { 'name.given_name': 'x'.repeat(101) })).toBe('name_too_long at name.given_name');
  expect(given(name, { family_name: '\ud800' })).toBe('name_malformed at name.family_name');
});

test('an address is more than a country, has two lines for the street in a form, and its parts are told of at their inputs', () => {
  const address = field('address', { key: 'address' });
  const form = { 'address.street_address': 'Kai 1', 'address.line2': ' Haus B', 'address.locality': 'Hamburg', 'address.country': 'DE' };
  expect(typed(address, form)).toEqual({ street_address: 'Kai 1\nHaus B', locality: 'Hamburg', country: 'DE' });
  expect(typed(address, { 'address.country': 'DE' })).toBeUndefined();
  expect(typed(address, { ...form, 'address.country': 'Germany' })).toBe('choice_unknown at address.country');
  expect(given(address, { locality: 'Hamburg', postal_code: '1'.repeat(41) })).toBe('answer_too_long at address.postal_code');
  expect(given(address, { locality: 'Hamburg', postal_code: null })).toEqual({ locality: 'Hamburg' });
});

test('a part of an address that is null says nothing, whichever it is', () => {
  const unsaid = Object.fromEntries(['street_address', 'postal_code', 'region', 'country'].map((part) => [part, null]));
  expect(given(field('address'), { ...unsaid, locality: 'Hamburg' })).toEqual({ locality: 'Hamburg' });
});

test('an address that is taken is one the account may have', () => {
  const street = Array.from({ length: 4 }, () => 'x'.repeat(200)).join('\n');
  const read = given(field('address', { key: 'address' }), { street_address: street });
  expect(typeof read === 'string' || isClaim('address', read)).toBe(true);
});

test('a group has as many items as rows were filled in', () => {
  const form = {
    'asked.0.first_name': ' ',
    'asked.2.first_name': 'Mia',
    'asked.2.swims': 'yes',
    'asked.2.likes.sea': 'yes',
    'asked.3.first_name': 'Ben',
  };
  expect(typed(children, form)).toEqual([{ first_name: 'Mia', swims: true, likes: ['sea'] }]);
  expect(typed(children, { 'asked.1.birthday': '2020-01-01' })).toBe('answer_required at asked.1.first_name');
  expect(given(children, [{ first_name: 'Mia', birthday: null }])).toEqual([{ first_name: 'Mia' }]);
  expect(given(children, [{ first_name: 'Mia', birthday: 'x' }])).toBe('date_invalid at asked.0.birthday');
  expect(given(children, Array(4).fill({ first_name: 'Mia' }))).toBe('answer_too_many at asked');
});

test('items that say nothing are no answer, in JSON as in a form', () => {
  const phones = field('group', { items: [field('phone', { key: 'home' })], required: true });
  expect(given(phones, [{}, { home: null }, { home: ' ' }])).toBeUndefined();
  expect(typed(phones, { 'asked.0.home': '-' })).toBeUndefined();
});

test('a box that an item demands has to be ticked', () => {
  const guests = field('group', { items: [field('text', { key: 'guest' }), field('checkbox', { key: 'adult', required: true })] });
  expect(typed(guests, { 'asked.0.guest': 'Mia' })).toBe('answer_required at asked.0.adult');
  expect(typed(guests, { 'asked.0.guest': 'Mia', 'asked.0.adult': 'yes' })).toEqual([{ guest: 'Mia', adult: true }]);
});

test('members that every object has are nobody’s answer', () => {
  const hidden = JSON.parse('{"__proto__": {"given_name": "Eve", "locality": "X"}, "constructor": {"prototype": {"admin": true}}}');
  for (const type of ['name', 'address'] as const) expect(given(field(type), hidden)).toBeUndefined();
  expect(given(children, [{ ...hidden, first_name: 'Mia' }])).toEqual([{ first_name: 'Mia' }]);
  expect(({} as Record<string, unknown>).admin).toBeUndefined();
});

const anyField = fc
  .record({
    type: fc.constantFrom(...fieldTypes),
    key: fc.constantFrom('asked', 'nickname', 'given_name', 'gender'),
    rules: fc.constantFrom({}, { minLength: 2, maxLength: 5 }, { mask: '9A*' }, { minimum: 0, maximum: 9 }),
    minimumAge: fc.constantFrom(null, 18),
    required: fc.boolean(),
  })
  .map((more) => ({ ...children, ...more, options, items: children.items.map((item) => ({ ...item, required: more.required })) }));
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.string({ maxLength: 6 }),
  fc.constantFrom(
    'sea',
    '1,5',
    '-0',
    '2024-02-29',
    '1985',
    'DE',
    'EUR',
    '0049 (30) 1234567',
    'https://x.example',
    'a@x.example',
    long,
    '\ud800',
    '1\u0000A',
  ),
);
const names = [
  'given_name',
  'family_name',
  'street_address',
  'line2',
  'postal_code',
  'country',
  'sea',
  'first_name',
  'likes',
  'swims',
  '__proto__',
];
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    tie('object'),
    fc.array(tie('value'), { maxLength: 3 }),
  ),
  object: fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 4, noNullPrototype: false }),
})).value;

test('whatever is sent is refused or read, and what was read is read again as it is', () => {
  const again = (one: ProfileField, read: () => unknown) => {
    const kept = outcome(() => ({ value: read() })) as { value: unknown } | string;
    if (typeof kept === 'string' || kept.value === undefined) return;
    const stored = JSON.parse(JSON.stringify(kept.value));
    expect(canonical(stored)).toBe(canonical(kept.value));
    expect(canonical(stored)).not.toMatch(/\\u0000|\\ud800/);
    expect(canonical(givenAnswer(one, stored, today))).toBe(canonical(kept.value));
  };
  const form = fc.dictionary(fc.constantFrom('', ...names.map((name) => `.${name}`), '.0.first_name', '.1.likes.sea', '.1.birthday'), text);
  fc.assert(
    fc.property(anyField, json, (one, value) => again(one, () => givenAnswer(one, value, today))),
    { numRuns: 600 },
  );
  fc.assert(
    fc.property(anyField, form, (one, inputs) =>
      again(one, () => typedAnswer(one, Object.fromEntries(Object.entries(inputs).map(([name, said]) => [one.key + name, said])), today)),
    ),
    { numRuns: 600 },
  );
});
