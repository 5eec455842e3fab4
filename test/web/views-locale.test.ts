import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { refusals } from '../../src/errors.ts';
import { createLocales } from '../../src/web/middleware/locale.ts';

const folder = join(process.cwd(), 'config/locales');
const catalogues = readdirSync(folder).map((file) => ({
  file,
  sentences: JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, string>,
}));
const english = catalogues.find(({ file }) => file === 'en.json')!.sentences;
const locales = createLocales({ folder, production: false });
const placeholders = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort();

test.each(catalogues)('$file has every sentence, with the same placeholders', ({ sentences }) => {
  expect(Object.keys(sentences).sort()).toEqual(Object.keys(english).sort());
  for (const [key, text] of Object.entries(sentences)) {
    expect({ key, placeholders: placeholders(text) }).toEqual({ key, placeholders: placeholders(english[key]!) });
    expect(text.trim()).not.toBe('');
  }
});

test.each(Object.keys(refusals))('%s is said in every language', (code) => {
  for (const { sentences } of catalogues) expect(sentences[`refusals.${code}`]).toBeTruthy();
});

test('no sentence shouts, begs or blames', () => {
  for (const [key, text] of Object.entries(english)) {
    if (key !== 'form.refusedTitle')
      expect({ key, text }).toEqual({ key, text: expect.not.stringMatching(/!|please|invalid|error|oops|sorry/i) });
  }
});

test('“E‑Mail” is written with the hyphen that does not break: a narrow screen would tear it apart', () => {
  for (const { sentences } of catalogues) {
    const torn = Object.entries(sentences).filter(([, text]) => text.includes('E-Mail'));
    expect(torn).toEqual([]);
  }
});

test.each([
  [{}, 'en'],
  [{ fallback: 'de' }, 'de'],
  [{ acceptLanguage: 'fr;q=0.9, de-AT;q=0.8, en;q=0.1' }, 'de'],
  [{ acceptLanguage: 'de;q=0, en' }, 'en'],
  [{ uiLocales: 'fr-CA de en', acceptLanguage: 'en' }, 'de'],
  [{ cookie: 'en', uiLocales: 'de', acceptLanguage: 'de' }, 'en'],
  [{ cookie: '../../etc/passwd', acceptLanguage: 'de' }, 'de'],
  [{ acceptLanguage: '*;;q=x,,;' }, 'en'],
  [{ acceptLanguage: 'ar' }, 'en'],
  [{ uiLocales: 'ar-xb' }, 'ar-XB'],
  [{ uiLocales: '__proto__ constructor', fallback: 'xx' }, 'en'],
])('%j is answered in %s', (wishes, locale) => {
  expect(locales.negotiateLocale({ fallback: 'en', ...wishes })).toBe(locale);
});

test('a missing sentence stops a test and is said in English in production', () => {
  expect(() => locales.translator('de')('no.such.key')).toThrow('no.such.key');
  const production = createLocales({ folder, production: true });
  expect(production.codes).toEqual(['en', 'de']);
  expect(production.translator('de')('no.such.key')).toBe('no.such.key');
});

test('parameters are filled in once and never read as instructions', () => {
  const t = locales.translator('en');
  expect(t('back.app', { app: 'A & B $t(login.title) {{brand}}' })).toBe('Back to A & B $t(login.title) {{brand}}');
});

test('the pseudo-language reads right to left and leaves names alone', () => {
  expect(locales.directionOf('ar-XB')).toBe('rtl');
  expect(locales.directionOf('de')).toBe('ltr');
  expect(locales.translator('ar-XB')('back.app', { app: 'Roast & Co.' })).toBe('\u202eBack to \u202c\u2068Roast & Co.\u2069');
});

test('the language switch names each language in its own words', () => {
  expect(locales.localeLinks('de')).toEqual([
    { code: 'en', label: 'English', href: '?lang=en', current: false },
    { code: 'de', label: 'Deutsch', href: '?lang=de', current: true },
  ]);
});
