import { readdirSync } from 'node:fs';
import { readBrandFiles } from '../../src/brand-files.ts';
import { defaultTheme, parseTheme } from '../../src/domain/themes.ts';

test('an empty theme is the default one', () => {
  expect(parseTheme({})).toEqual(defaultTheme);
});

test('what is named is kept and the rest takes its default', () => {
  expect(parseTheme({ brandColor: '#AA3300', links: { help: 'https://help.example' } })).toEqual({
    ...defaultTheme,
    brandColor: '#aa3300',
    links: { help: 'https://help.example' },
  });
});

test('a member nobody knows is refused by name', () => {
  expect(() => parseTheme({ brandColour: '#aa3300' })).toThrow(/brandColour/);
  expect(() => parseTheme({ links: { imprint: 'https://a.example' } })).toThrow(/links: .*imprint/);
});

test.each([
  { brandColor: 'red' },
  { brandColor: '#fff' },
  { brandColor: '#ffffff;}body{display:none' },
  { surfaceColor: 'url(//evil.example)' },
  { radius: 25 },
  { radius: '8px' },
  { font: 'Comic Sans' },
  { density: 'cosy' },
  'dark',
])('%j is no theme', (input) => {
  expect(() => parseTheme(input)).toThrow('This theme cannot be used');
});

test.each(['http://example.com', 'javascript:alert(1)', 'data:text/html,x', '//example.com', '/help', 'https://a:b@example.com', ''])(
  'a link to %j is refused',
  (home) => {
    expect(() => parseTheme({ links: { home } })).toThrow(/links\.home: must be an https address/);
  },
);

test('a link to this machine may be http', () => {
  for (const home of ['http://localhost:3001/', 'http://127.0.0.1:3001', 'http://[::1]:3001']) {
    expect(parseTheme({ links: { home } }).links.home).toBe(home);
  }
});

test.each(readdirSync('config/brands'))('the files of brand %s can be used', (slug) => {
  const addresses = { publicUrl: 'http://localhost:3000', demoUrl: 'http://localhost:3001' };
  const { theme } = readBrandFiles(`config/brands/${slug}`, addresses);
  expect(parseTheme(theme).links.home).toMatch(/^http:\/\/localhost:3001\//);
});
