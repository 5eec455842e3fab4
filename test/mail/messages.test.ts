// Every mail in every language: nothing left unfilled, nothing unescaped, no way out but the brand's own addresses.
import { resolve } from 'node:path';
import { type Brand, defaultSettings } from '../../src/domain/brands.ts';
import type { Mail, MailName } from '../../src/domain/mails.ts';
import { defaultTheme } from '../../src/domain/themes.ts';
import { createMessages } from '../../src/mail/messages.ts';
import { createLocales } from '../../src/web/middleware/locale.ts';
import { decode } from '../support/html.ts';
import { mailSamples } from '../support/mail-samples.ts';

const projectFolder = resolve(import.meta.dirname, '../..');
const locales = createLocales({ folder: `${projectFolder}/config/locales`, production: false });
const messages = createMessages({ projectFolder, cache: true, locales });
const issuer = 'https://id.nightfall.example/records';
const canary = `<b>"Night' & <i>fall</i>`;

const brand: Brand = {
  id: 1,
  slug: 'nightfall',
  issuer,
  name: 'Nightfall Records',
  version: 1,
  homeSlice: 0,
  slices: 1,
  settings: defaultSettings,
  theme: defaultTheme,
  identifierKey: Buffer.alloc(0),
  smtp: null,
  disabledAt: null,
  consents: [],
  fields: [],
};

const names = Object.keys(mailSamples(issuer)) as MailName[];
const each = names.flatMap((name) => locales.codes.map((locale) => [name, locale] as const));
const draw = (name: MailName, locale: string, by = brand) => messages.draw(by, mailSamples(issuer, locale)[name]);

test.each(each)('%s can be read in %s, in both forms', (name, locale) => {
  const { subject, html, text } = draw(name, locale);
  for (const part of [subject, html, text]) {
    expect(part).not.toMatch(/\{\{|\}\}|undefined|\[object|NaN|Invalid Date|mail\.[a-z_]+\./);
    expect(part).toContain(part === html || part === text ? 'Nightfall Records' : '');
  }
  expect(subject).not.toMatch(/[\r\n]/);
  expect(html).toContain(`<html lang="${locale}" dir="${locale === 'ar-XB' ? 'rtl' : 'ltr'}">`);
  expect(text).not.toMatch(/<[a-z]|&#|\n{3}|[ \t]\n/);
  const { params } = mailSamples(issuer, locale)[name] as { params: { digits?: string; link?: string } };
  for (const handle of [params.digits, params.link]) {
    if (!handle) continue;
    expect(text).toContain(handle);
    expect(html).toContain(handle);
  }
});

test.each(each)('%s in %s leads nowhere but to the issuer, and fetches nothing', (name, locale) => {
  const { html, text } = draw(name, locale);
  const links = [...html.matchAll(/\b(?:href|src|action)="([^"]*)"/g)].map(([, link]) => decode(link ?? ''));
  const addresses = [...text.matchAll(/\b[a-z]+:\/\/\S+/g)].map(([address]) => address);
  for (const link of [...links, ...addresses]) expect(link.startsWith(`${issuer}/`)).toBe(true);
  expect(html).not.toMatch(/url\(|@import|<script|<link|<form|\son\w+=/i);
});

test.each(names)('%s escapes whatever it is given', (name) => {
  const plain = mailSamples(issuer)[name];
  const params = Object.fromEntries(Object.entries(plain.params).map(([key, value]) => [key, poisoned(key, value)]));
  const { html } = messages.draw({ ...brand, name: canary }, { ...plain, params } as Mail);
  expect(html).not.toContain('<b>');
  expect(html).not.toContain('<i>fall');
  expect(html).toContain('&lt;b&gt;&#34;Night&#39; &amp; &lt;i&gt;');
});

function poisoned(key: string, value: unknown): unknown {
  if (key === 'when' || key === 'until' || key === 'how') return value;
  if (Array.isArray(value)) return value.map(() => canary);
  return key === 'seen' ? { device: `${canary}/${canary}`, network: canary } : canary;
}

test('a small logo is shown from inside the mail; a large one, or one that mail programs do not show, gives way to the name', () => {
  const sample = mailSamples(issuer).verify_email;
  const withLogo = (mediaType: string, size: number) => messages.draw(brand, sample, { mediaType, bytes: Buffer.alloc(size) });
  expect(withLogo('image/png', 64 * 1024).html).toContain('<img src="cid:logo" alt="Nightfall Records"');
  for (const message of [withLogo('image/png', 64 * 1024 + 1), withLogo('image/webp', 10), messages.draw(brand, sample)]) {
    expect(message.logo).toBeUndefined();
    expect(message.html).not.toContain('<img');
  }
});

test('the look is the brand’s, in light and dark', () => {
  const { html } = draw('verify_email', 'en', { ...brand, theme: { ...defaultTheme, brandColor: '#5b2bd9', radius: 3 } });
  expect(html).toContain('background-color:#5b2bd9');
  expect(html).toContain('border-radius:3px');
  expect(html).toContain('prefers-color-scheme:dark');
  const dark = draw('verify_email', 'en', { ...brand, theme: { ...defaultTheme, surfaceColor: '#101014' } });
  expect(dark.html).not.toContain('prefers-color-scheme');
});

test('devices, places and times are told in words', () => {
  const changed = draw('password_changed', 'de').text;
  expect(changed).toContain('Wann: 22. November 2026, 10:30 Uhr UTC');
  expect(changed).toContain('Gerät: Chrome auf Windows');
  expect(changed).toContain('Netzwerk: 203.0.113.*');
  expect(changed).toContain('7 Tage lang');
  expect(draw('new_device', 'en').text).toContain('Device: An unknown device\nNetwork: 2001:db8:1:*');
  expect(draw('no_password', 'en').text).toContain('with Google or Apple');
  expect(draw('reset_password', 'en').text).toContain('for 1 hour.');
  const nowhere = messages.draw(brand, {
    ...mailSamples(issuer).unlock,
    params: { link: `${issuer}/unlock`, seen: { network: 'unknown' } },
  });
  expect(nowhere.text).toContain('Asked for with an unknown device.');
});

test('a language we do not speak is answered in the brand’s', () => {
  expect(draw('verify_email', 'xx', { ...brand, settings: { ...defaultSettings, locale: 'de' } }).subject).toContain('Bestätige');
});

test('a name that ends with a full stop ends the sentence', () => {
  expect(draw('account_exists', 'en', { ...brand, name: 'Roast & Co.' }).text).not.toContain('..');
});
