import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBrandFiles } from '../src/brand-files.ts';
import { readConsentFile } from '../src/consent-files.ts';
import { OperatorError } from '../src/errors.ts';

const read = (text: string, locale = 'en') => readConsentFile('consents.json', text, locale);

const first = { version: 1, kind: 'required', effective: '2026-01-01', text: { en: 'I agree' } };
const news = { ...first, kind: 'optional' };

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is the file's own placeholder.
const address = '${PUBLIC_URL}/agb';

/** Each member of a version on a line of its own, so that the line tells the member: `version` of the first stands on line 5. */
const file = (...versions: object[]) => JSON.stringify([{ name: 'terms', versions }], null, 2);
const documents = (...names: string[]) =>
  JSON.stringify(
    names.map((name) => ({ name, versions: [first] })),
    null,
    2,
  );

test('a file is read whole, and what it leaves out has its meaning', () => {
  const second = {
    ...{
      version: 2,
      kind: 'optional',
      effective: '2026-12-01T08:30Z',
      text: { en: ' See the [terms](https://x.example/t). ', 'de-CH': 'Ja' },
    },
    ...{ url: 'https://x.example/t', clients: ['shop', 'radio'], countries: ['DE', 'AT'], cutoff: 1, doubleOptIn: true },
  };
  const narrow = { ...first, clients: ['shop'], countries: ['DE'] };
  const third = { ...first, version: 3, effective: '2027-01-01T00:00:01Z', graceDays: 14 };
  const everybody = { url: null, clients: null, countries: null, graceDays: 0, doubleOptIn: false };
  expect(read(JSON.stringify([{ name: 'terms', enabled: false, versions: [third, narrow, second] }]))).toEqual([
    {
      ...{ name: 'terms', enabled: false },
      versions: [
        {
          ...{ ...everybody, version: 1, kind: 'required', effectiveAt: '2026-01-01T00:00:00Z', texts: { en: 'I agree' }, cutoff: 1 },
          ...{ clients: ['shop'], countries: ['DE'] },
        },
        {
          ...{ version: 2, kind: 'optional', effectiveAt: '2026-12-01T08:30:00Z', url: 'https://x.example/t', clients: ['shop', 'radio'] },
          ...{ texts: { en: 'See the [terms](https://x.example/t).', 'de-CH': 'Ja' }, countries: ['DE', 'AT'] },
          ...{ cutoff: 1, graceDays: 0, doubleOptIn: true },
        },
        {
          ...everybody,
          version: 3,
          kind: 'required',
          effectiveAt: '2027-01-01T00:00:01Z',
          texts: { en: 'I agree' },
          cutoff: 3,
          graceDays: 14,
        },
      ],
    },
  ]);
  expect(read('[]')).toEqual([]);
  expect(read(documents('a', 'b_2')).map(({ name, enabled }) => [name, enabled])).toEqual([
    ['a', true],
    ['b_2', true],
  ]);
});

test.each<[string, string, string]>([
  ['a kind that does not exist', file({ ...first, kind: 'must' }), 'line 7: 0.versions.0.kind: '],
  ['a day that does not exist', file({ ...first, effective: '2026-02-30' }), 'line 8: 0.versions.0.effective: is no day of the calendar'],
  [
    'a day as people write it',
    file({ ...first, effective: '1.12.2026' }),
    'line 8: 0.versions.0.effective: must be a day or a moment in UTC',
  ],
  ['a moment without a zone', file({ ...first, effective: '2026-12-01T08:00' }), 'line 8: 0.versions.0.effective: must be a day'],
  ['a version that is none', file({ ...first, version: 1.5 }), 'line 6: 0.versions.0.version: '],
  ['an empty sentence', file({ ...first, text: { en: ' ' } }), 'line 10: 0.versions.0.text.en: must not be empty'],
  ['a sentence of two lines', file({ ...first, text: { en: 'a\nb' } }), 'line 10: 0.versions.0.text.en: must be one line of text'],
  ['a broken character', file({ ...first, text: { en: '\ud800' } }), 'line 10: 0.versions.0.text.en: must be one line of text'],
  [
    'a sentence that is too long',
    file({ ...first, text: { en: 'x'.repeat(1_001) } }),
    'line 10: 0.versions.0.text.en: must have at most 1000',
  ],
  [
    'a script as a link',
    file({ ...first, text: { en: '[x](javascript:x)' } }),
    'line 10: 0.versions.0.text.en: has a link that is no https address',
  ],
  ['no sentence in the brand’s language', file({ ...first, text: { de: 'Ja' } }), 'line 9: 0.versions.0.text: has no "en", the language'],
  ['a document without https', file({ ...first, url: 'http://x.example' }), 'line 12: 0.versions.0.url: must be an https address'],
  ['clients that are nobody', file({ ...first, clients: [] }), 'line 12: 0.versions.0.clients: names nobody; leave it out for everybody'],
  ['countries that are none', file({ ...first, countries: [] }), 'line 12: 0.versions.0.countries: names no country; leave it out for all'],
  ['a country by its name', file({ ...first, countries: ['DE', 'Austria'] }), 'line 14: 0.versions.0.countries.1: is no country code'],
  [
    'a cut-off in the future',
    file({ ...first, cutoff: 2 }),
    'line 12: 0.versions.0.cutoff: the oldest version that counts cannot be newer',
  ],
  ['a grace for what stops nobody', file({ ...news, graceDays: 1 }), 'line 12: 0.versions.0.graceDays: is for required documents'],
  ['an opt-in for what is required', file({ ...first, doubleOptIn: true }), 'line 12: 0.versions.0.doubleOptIn: is for mailings'],
  ['a version twice', file(first, first), 'line 14: 0.versions.1.version: version 1 stands there twice'],
  [
    'a newer version that begins sooner',
    file(first, { ...first, version: 2, effective: '2025-12-31' }),
    'line 16: 0.versions.1.effective: is before',
  ],
  [
    'people left with an older version',
    file({ ...first, clients: ['web'] }, { ...first, version: 2, clients: ['native'] }),
    'line 23: 0.versions.1.clients: leaves out people of version 1',
  ],
  [
    'a country left with an older version',
    file(first, { ...first, version: 2, countries: ['DE'] }),
    'line 20: 0.versions.1.countries: leaves out people of version 1',
  ],
  [
    'a cut-off that is lower than the one before',
    file(first, { ...first, version: 2 }, { ...first, version: 3, cutoff: 1 }),
    'line 28: 0.versions.2.cutoff: lets acceptances count again',
  ],
  ['a document without a version', '[\n{\n"name": "terms",\n"versions": []\n}]', 'line 4: 0.versions: needs a version'],
  ['a document twice', documents('a', 'b', 'a'), 'line 29: 2.name: a stands there twice'],
  ['a name with capitals', documents('Terms'), 'line 3: 0.name: may have a-z, 0-9 and _ only, and begins with a letter'],
  ['a name that every object has', documents('constructor'), 'line 3: 0.name: '],
  ['a file that is no list', '{\n"name": "terms"}', 'line 1: the file: '],
  ['a missing member', '[\n{\n"name": "terms",\n"versions": [\n{\n"version": 1\n}]}]', 'line 5: 0.versions.0.kind: '],
])('%s is refused with its line and member', (_what, text, message) => {
  expect(() => read(text)).toThrow(OperatorError);
  expect(() => read(text)).toThrow(`consents.json cannot be used:\n  ${message}`);
});

test.each([
  ['cutOff', file({ ...first, cutOff: 1 }), 'line 12: '],
  ['enable', documents('terms').replace('"versions"', '"enable": true,\n"versions"'), 'line 4: '],
])('a mistyped member is refused on the very line it stands on: %s', (member, text, line) => {
  expect(() => read(text)).toThrow(member);
  expect(() => read(text)).toThrow(line);
});

test('a language that is none is called so', () => {
  expect(() => read(file({ ...first, text: { en: 'Yes', German_: 'Ja' } }))).toThrow(
    'line 11: 0.versions.0.text.German_: is not a language tag such as en or de-CH',
  );
});

test('nothing can be said by way of a prototype', () => {
  const version = JSON.stringify(first);
  for (const text of [
    `[{"__proto__": {"name": "terms", "versions": [${version}]}}]`,
    `[{"name": "terms", "versions": [${version}], "__proto__": {"enabled": false}}]`,
    `[{"name": "terms", "versions": [{"__proto__": ${version}}]}]`,
  ])
    expect(() => read(text)).toThrow(OperatorError);
});

test('a member that stands there twice is refused: which of the two was meant?', () => {
  expect(() => read(documents('terms').replace('"versions"', '"name": "news",\n"versions"'))).toThrow('line 4: 0.name: ');
});

test('all that is wrong is told at once, each with its line', () => {
  const text = file({ ...first, cutoff: 2, doubleOptIn: true }, { ...first, text: { de: 'Ja' } });
  const lines = [...(messageOf(() => read(text)).match(/(?<=line )\d+/g) ?? [])].map(Number);
  expect(lines).toEqual([12, 13, 16, 19]);
});

test.each([
  ['[\n  {\n    "name": "terms"\n    "enabled": true\n  }\n]', 'line 4, comma expected'],
  ['[\r\n  {\r\n    "name": "terms",\r\n  }\r\n]', 'line 4, '],
  ['[\n  // one day\n]', 'line 2, '],
  ['[\n  "terms\n]', 'line 2, '],
  ['', 'line 1, value expected'],
  ['[]\n]', 'line 2, '],
])('broken JSON names its line (%#)', (text, message) => {
  expect(() => read(text)).toThrow(OperatorError);
  expect(() => read(text)).toThrow(`consents.json is not valid JSON: ${message}`);
});

test('two versions may take effect on the same day, in whatever order the file has them', () => {
  expect(read(file({ ...first, version: 2 }, first))[0]?.versions.map(({ version }) => version)).toEqual([1, 2]);
});

test('the region of the brand’s language may be left out of a text', () => {
  expect(() => read(file({ ...first, text: { de: 'Ja' } }), 'de-CH')).not.toThrow();
  expect(() => read(file({ ...first, text: { 'de-CH': 'Ja' } }), 'de')).toThrow('has no "de"');
});

test('the folder of a brand may have the file, with this installation’s address filled in', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portico-consents-'));
  const write = (name: string, content: unknown) => writeFileSync(join(folder, name), JSON.stringify(content));
  try {
    write('brand.json', { slug: 'shop', name: 'Shop', issuer: '/shop', settings: { locale: 'de' } });
    expect(readBrandFiles(folder, { publicUrl: 'https://id.example.com' })).not.toHaveProperty('consents');
    write('consents.json', [{ name: 'terms', versions: [{ ...first, text: { de: `[AGB](${address})` }, url: address }] }]);
    const [terms] = readBrandFiles(folder, { publicUrl: 'https://id.example.com' }).consents ?? [];
    expect(terms?.versions[0]).toMatchObject({ texts: { de: '[AGB](https://id.example.com/agb)' }, url: 'https://id.example.com/agb' });
    write('consents.json', [{ name: 'terms', versions: [first] }]);
    expect(() => readBrandFiles(folder, { publicUrl: 'https://id.example.com' })).toThrow(
      `${folder}/consents.json cannot be used:\n  line 1: `,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function messageOf(run: () => unknown): string {
  try {
    run();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}
