import fc from 'fast-check';
import { partsOf, textIn, unsafeLinks } from '../../src/domain/texts.ts';

const texts = { en: 'Terms', de: 'Bedingungen', 'de-CH': 'Bedingungen (CH)', 'pt-BR': 'Termos' };

test.each([
  ['de-CH', 'en', 'de-CH'],
  ['DE-ch', 'en', 'de-CH'],
  ['de-AT', 'en', 'de'],
  ['de', 'en', 'de'],
  ['fr', 'de-CH', 'de-CH'],
  ['fr', 'de-LI', 'de'],
  ['fr', 'EN', 'en'],
  ['fr', 'it', 'en'],
  ['', '', 'en'],
  ['constructor', '__proto__', 'en'],
])('somebody who reads %j where the brand speaks %j gets the text in %s', (locale, fallback, found) => {
  expect(textIn(texts, locale, fallback)).toEqual({ locale: found, text: texts[found as 'en'] });
});

test('where there is no text nobody gets one', () => {
  expect(textIn({}, 'en', 'de')).toEqual({ locale: '', text: '' });
});

test('links in a sentence are links, the words around them are words', () => {
  expect(partsOf('I agree to the [terms](https://shop.example/terms) and the [notice](http://localhost:3000/x).')).toEqual([
    { words: 'I agree to the ' },
    { words: 'terms', href: 'https://shop.example/terms' },
    { words: ' and the ' },
    { words: 'notice', href: 'http://localhost:3000/x' },
    { words: '.' },
  ]);
  expect(partsOf('[terms](https://shop.example)')).toEqual([{ words: 'terms', href: 'https://shop.example' }]);
  expect(partsOf('Tell me <b>more</b> [about] (it)')).toEqual([{ words: 'Tell me <b>more</b> [about] (it)' }]);
  expect(partsOf('')).toEqual([]);
});

test.each([
  'javascript:alert(1)',
  'JavaScript:alert`1`',
  'data:text/html,<script>alert`1`</script>',
  'http://shop.example/terms',
  'http://localhost.evil.example',
  'https://anna:secret@shop.example',
  'https://shop.example@evil.example',
  'ftp://shop.example',
  'mailto:a@shop.example',
  '//shop.example',
  '/terms',
  'terms',
  'https://',
])('%s is no safe link: it stays the words that were written, and whoever wrote it is told', (href) => {
  const text = `See [terms](${href}).`;
  expect(partsOf(text).every((part) => part.href === undefined)).toBe(true);
  expect(wordsOf(text)).toBe(text);
  expect(unsafeLinks(text)).toHaveLength(1);
});

test.each([
  '[terms](https://shop.example/a b)',
  '[terms]( https://shop.example/a)',
  '[terms](https://shop.example/terms_(2026))',
  '[the [new] terms](https://shop.example/terms)',
  '[](https://shop.example/terms)',
  `[${'long '.repeat(41)}](https://shop.example/terms)`,
])('whoever writes a link that would be shown with its brackets is told (%#)', (text) => {
  expect(partsOf(text).every((part) => part.href === undefined)).toBe(true);
  expect(unsafeLinks(text)).not.toEqual([]);
});

test('a link inside another is the inner one, and no address of the outer one', () => {
  const parts = partsOf('[a [b](https://inner.example) c](javascript:alert`1`)');
  expect(parts.map(({ href }) => href).filter(Boolean)).toEqual(['https://inner.example']);
});

const wordsOf = (text: string) =>
  partsOf(text)
    .map(({ words }) => words)
    .join('');
const piece = fc.oneof(
  fc.constantFrom('[', ']', '(', ')', '](', '[a](https://x.example)', '[b](javascript:x)', ' ', '<b>', '[c](http://x.example)'),
  fc.string({ maxLength: 5 }),
);

test('whatever is written, its parts together are its words, and nothing but safe addresses is a link', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join('');
      const parts = partsOf(text);
      // What is a link gives its words; everything else stays, character by character.
      let rest = text;
      for (const { words, href } of parts) {
        const written = href === undefined ? words : `[${words}](${href})`;
        expect(rest.startsWith(written)).toBe(true);
        expect(words).not.toBe('');
        if (href !== undefined) expect(href).toMatch(/^https:\/\/[^@]+$/);
        rest = rest.slice(written.length);
      }
      expect(rest).toBe('');
    }),
    { numRuns: 400 },
  );
});

test('a long text without a link is read in no time', () => {
  const began = performance.now();
  for (const text of ['['.repeat(20_000), '[a]('.repeat(10_000), `[${'a'.repeat(40_000)}`, `](${'('.repeat(40_000)}`]) {
    expect(wordsOf(text)).toBe(text);
  }
  expect(performance.now() - began).toBeLessThan(1_000);
});
