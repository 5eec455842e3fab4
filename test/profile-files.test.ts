import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBrandFiles } from '../src/brand-files.ts';
import { fieldDefaults, reservedKeys } from '../src/domain/profile-fields.ts';
import { OperatorError } from '../src/errors.ts';
import { readProfileFile } from '../src/profile-files.ts';

const read = (text: string, locale = 'en') => readProfileFile('profile.json', text, locale);

const label = { en: 'Colour' };
const options = [{ value: 'red', label: { en: 'Red' } }];

/** A member to a line: the key of the first field stands on line 3, its next member on line 4. */
const file = (...fields: object[]) => JSON.stringify(fields, null, 2);
const colour = (more: object = {}) => file({ key: 'colour', ...more, label });
const group = (...items: object[]) => file({ key: 'boats', type: 'group', items, label });

test('a file is read whole, and what it leaves out has its meaning', () => {
  const text = file(
    { key: 'name', required: true, ask: 'registration' },
    { key: 'birthdate', required: true, minimumAge: 16, keep: 'age', clients: ['shop'], fromSignIn: 3 },
    { key: 'gender', type: 'radio', options, snoozeDays: 0, help: { en: ' If you like. ' } },
    { key: 'colour', label, enabled: false, minLength: 2, maxLength: 9, mask: 'AA*9' },
    { key: 'boats', type: 'group', label, most: 3, items: [{ key: 'length', type: 'number', label, required: true, minimum: 0 }] },
  );
  const field = (key: string, more: object) => ({ ...fieldDefaults, key, ...more });
  expect(read(text)).toEqual([
    field('name', { type: 'name', required: true, ask: 'registration' }),
    field('birthdate', { ...{ type: 'birth_date', required: true, minimumAge: 16, keep: 'age', clients: ['shop'], fromSignIn: 3 } }),
    field('gender', { type: 'radio', options, snoozeDays: 0, help: { en: 'If you like.' } }),
    field('colour', { type: 'text', label, enabled: false, rules: { minLength: 2, maxLength: 9, mask: 'AA*9' } }),
    field('boats', {
      ...{ type: 'group', label, most: 3 },
      items: [field('length', { type: 'number', label, required: true, rules: { minimum: 0 } })],
    }),
  ]);
  expect(read('[]')).toEqual([]);
});

test.each<[string, string, string]>([
  ['a key with capitals', file({ key: 'Colour', label }), 'line 3: 0.key: may have a-z, 0-9 and _ only'],
  ['a key that a form has already', file({ key: 'password', label }), 'line 3: 0.key: is a name that means something else'],
  ['a key like a document’s box', file({ key: 'consent_terms', label }), 'line 3: 0.key: is a name that means something else'],
  ['a key twice', file({ key: 'colour', label }, { key: 'colour', label }), 'line 9: 1.key: colour stands there twice'],
  ['a name beside its parts', file({ key: 'given_name' }, { key: 'name' }), 'line 6: 1.key: asks for the first and last name'],
  ['a type that does not exist', colour({ type: 'colour' }), 'line 4: 0.type: '],
  [
    'a standard field of another type',
    file({ key: 'birthdate', type: 'date' }),
    'line 4: 0.type: birthdate is a standard field of the type birth_date',
  ],
  ['a field of their own without a label', file({ key: 'colour' }), 'line 3: 0.key: a field of your own needs a label'],
  ['a label in another language', file({ key: 'colour', label: { de: 'Farbe' } }), 'line 4: 0.label: has no "en", the brand\'s language'],
  ['a help in another language', colour({ help: { de: 'Gern' } }), 'line 4: 0.help: has no "en", the brand\'s language'],
  ['a label of two lines', file({ key: 'colour', label: { en: 'a\nb' } }), 'line 5: 0.label.en: must be one line of text'],
  ['choices without options', colour({ type: 'select' }), 'line 3: 0.key: the type select needs options'],
  ['an option twice', colour({ type: 'radio', options: [...options, ...options] }), 'line 13: 0.options.1.value: red is offered twice'],
  ['an option without words', colour({ type: 'radio', options: [{ value: 'red', label: {} }] }), 'line 8: 0.options.0.label: has no "en"'],
  [
    'an option no input can be called',
    colour({ type: 'radio', options: [{ value: 'a.b', label }] }),
    'line 7: 0.options.0.value: may have',
  ],
  ['a currency that is none', file({ key: 'currency', options }), 'line 6: 0.options.0.value: red is no currency code such as EUR'],
  ['options of a text', colour({ options }), 'line 4: 0.options: means nothing for the type text'],
  ['a mask of a number', colour({ type: 'number', mask: '99' }), 'line 5: 0.mask: means nothing for the type number'],
  ['a minimum of a text', colour({ minimum: 1 }), 'line 4: 0.minimum: means nothing for the type text'],
  ['a length of a choice', colour({ type: 'select', options, maxLength: 3 }), '0.maxLength: means nothing for the type select'],
  ['an earliest day of a text', colour({ earliest: '2026-01-01' }), 'line 4: 0.earliest: means nothing for the type text'],
  ['items of a text', colour({ items: [{ key: 'a', label }] }), 'line 4: 0.items: means nothing for the type text'],
  ['a number of items of a text', colour({ most: 3 }), 'line 4: 0.most: means nothing for the type text'],
  ['lengths that leave nothing', colour({ minLength: 3, maxLength: 2 }), 'line 5: 0.maxLength: leaves nothing between 3 and 2'],
  ['numbers that leave nothing', colour({ type: 'number', minimum: 3, maximum: 2 }), 'line 6: 0.maximum: leaves nothing between 3 and 2'],
  ['days that leave nothing', colour({ type: 'date', earliest: '2026-02-01', latest: '2026-01-31' }), 'line 6: 0.latest: leaves nothing'],
  ['a day that does not exist', colour({ type: 'date', latest: '2026-02-29' }), 'line 5: 0.latest: must be a day such as 2026-12-01'],
  ['what nobody is asked, demanded', colour({ ask: 'account', required: true }), 'line 5: 0.required: cannot be demanded'],
  ['a sign-in for what nobody is asked', colour({ ask: 'account', fromSignIn: 2 }), 'line 5: 0.fromSignIn: means nothing'],
  [
    'a later sign-in than the first',
    colour({ ask: 'registration', fromSignIn: 2 }),
    'line 5: 0.fromSignIn: is later than the registration',
  ],
  ['a demand that is put off', colour({ required: true, snoozeDays: 3 }), 'line 5: 0.snoozeDays: cannot be'],
  ['an age that may be left out', file({ key: 'birthdate', minimumAge: 16 }), 'line 4: 0.minimumAge: needs "required": true'],
  ['a length no answer has', colour({ minLength: 500 }), 'line 4: 0.minLength: leaves nothing: an answer has at most 200 characters'],
  ['a length a standard claim cannot have', file({ key: 'nickname', minLength: 150 }), 'line 4: 0.minLength: leaves nothing'],
  ['a length of a phone number', file({ key: 'phone_number', maxLength: 5 }), 'line 4: 0.maxLength: means nothing for the type phone'],
  [
    'an age of no birthday',
    colour({ type: 'birth_date', required: true, minimumAge: 16 }),
    'line 6: 0.minimumAge: belongs to the field birthdate',
  ],
  ['an age that nobody is asked', file({ key: 'birthdate', keep: 'age' }), 'line 4: 0.keep: needs a minimumAge to keep'],
  ['an age to keep of a text', colour({ keep: 'value' }), 'line 4: 0.keep: means nothing for the type text'],
  ['clients that are nobody', colour({ clients: [] }), 'line 4: 0.clients: names nobody; leave it out for everybody'],
  ['a group of nothing', colour({ type: 'group' }), 'line 3: 0.key: the type group needs items'],
  ['a group in a group', group({ key: 'a', type: 'group', label }), 'line 8: 0.items.0.type: an item of boats cannot be of the type group'],
  ['an item twice', group({ key: 'a', label }, { key: 'a', label }), 'line 13: 0.items.1.key: a stands there twice'],
  ['an item without a label', group({ key: 'a' }), 'line 7: 0.items.0.key: a field of your own needs a label'],
  ['a file that is no list', '{}', 'line 1: the file: '],
])('%s is refused with its line and member', (_what, text, message) => {
  expect(() => read(text)).toThrow(OperatorError);
  expect(() => read(text)).toThrow('profile.json cannot be used:\n  line ');
  expect(() => read(text)).toThrow(message);
});

test.each([
  ['labl', colour({ labl: label }), 'line 4: '],
  ['enabled', group({ key: 'a', label, enabled: false }), 'line 11: '],
  ['lable', colour({ type: 'radio', options: [{ ...options[0], lable: 'x' }] }), 'line 11: '],
])('a mistyped or misplaced member is refused on the very line it stands on: %s', (member, text, line) => {
  expect(() => read(text)).toThrow(`"${member}"`);
  expect(() => read(text)).toThrow(line);
});

test('nothing can be said by way of a prototype', () => {
  expect(() => read('[{"__proto__": {"key": "nickname"}}]')).toThrow(OperatorError);
  expect(() => read('[{"key": "nickname", "__proto__": {"required": true}}]')).toThrow(OperatorError);
});

test.each(['csrf', 'action', 'add', 'asked', 'code', 'email', 'password', 'constructor'])(
  'the forms that ask questions have an input %s of their own, which no question can be called',
  (name) => {
    expect(reservedKeys.has(name)).toBe(true);
  },
);

test('a mask that no allowed text fits is refused', () => {
  expect(() => read(colour({ mask: 'AA-9999', maxLength: 4 }))).toThrow('line 5: 0.maxLength: ');
  expect(() => read(colour({ mask: '99', minLength: 4 }))).toThrow('line 5: 0.minLength: ');
});

test.each([
  ['[\n  {\n    "key": "colour"\n    "label": {}\n  }\n]', 'line 4, comma expected'],
  ['[\n  {\n    "key": "colour",\n  }\n]', 'line 4, '],
  ['', 'line 1, value expected'],
])('broken JSON names its line (%#)', (text, message) => {
  expect(() => read(text)).toThrow(OperatorError);
  expect(() => read(text)).toThrow(`profile.json is not valid JSON: ${message}`);
});

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is the file's own placeholder.
const help = { en: 'See ${PUBLIC_URL}/help' };

test('the folder of a brand may have both files, with this installation’s address filled in', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portico-profile-'));
  const write = (name: string, content: unknown) => writeFileSync(join(folder, name), JSON.stringify(content));
  const files = () => readBrandFiles(folder, { publicUrl: 'https://id.example.com' });
  try {
    write('brand.json', { slug: 'shop', name: 'Shop', issuer: '/shop' });
    expect(files()).toEqual({ slug: 'shop', name: 'Shop', issuer: 'https://id.example.com/shop' });
    write('profile.json', [{ key: 'colour', label, help }]);
    write('consents.json', [{ name: 'terms', versions: [{ version: 1, kind: 'required', effective: '2026-01-01', text: { en: 'Yes' } }] }]);
    expect(files().fields).toEqual([
      { ...fieldDefaults, key: 'colour', type: 'text', label, help: { en: 'See https://id.example.com/help' } },
    ]);
    expect(files().consents?.map(({ name }) => name)).toEqual(['terms']);
    write('profile.json', []);
    expect(files().fields).toEqual([]);
    write('profile.json', [{ key: 'colour' }]);
    expect(files).toThrow(`${folder}/profile.json cannot be used:\n  line 1: 0.key: a field of your own needs a label`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
