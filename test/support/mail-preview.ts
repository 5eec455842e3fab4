// Photographs every mail as a mail program would show it: node test/support/mail-preview.ts [mail...]. The pictures go to the system's temporary folder.
import { mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { readBrandFiles } from '../../src/brand-files.ts';
import { type Brand, defaultSettings } from '../../src/domain/brands.ts';
import type { Mail, MailName } from '../../src/domain/mails.ts';
import { defaultTheme } from '../../src/domain/themes.ts';
import { createMessages, type Message } from '../../src/mail/messages.ts';
import { createLocales } from '../../src/web/middleware/locale.ts';
import { overflowOf, violationsOn } from './accessibility.ts';
import { launchBrowser } from './browser.ts';
import { mailSamples } from './mail-samples.ts';

const project = resolve(fileURLToPath(import.meta.url), '../../..');
const folder = join(tmpdir(), 'portico-preview');
const locales = createLocales({ folder: join(project, 'config/locales'), production: false });
const messages = createMessages({ projectFolder: project, cache: true, locales });

export function demoBrand(slug: 'demo' | 'harbour'): Brand {
  const files = readBrandFiles(join(project, 'config/brands', slug), {
    publicUrl: 'https://id.roast.example',
    demoUrl: 'http://localhost:3001',
  });
  const stored = { id: 1, version: 1, homeSlice: 0, slices: 1, identifierKey: Buffer.alloc(0), smtp: null, disabledAt: null };
  return { ...stored, ...files, consents: [], fields: [], settings: defaultSettings, theme: { ...defaultTheme, ...files.theme } };
}

export function drawSample(brand: Brand, mail: Mail): Message {
  const bytes = brand.slug === 'demo' ? readFileSync(join(project, 'config/brands/demo/logo.png')) : undefined;
  return messages.draw(brand, mail, bytes && { mediaType: 'image/png', bytes });
}

async function photograph(browser: Browser, name: MailName) {
  const shots = [
    { slug: 'demo', locale: 'en', width: 600, scheme: 'light' },
    { slug: 'demo', locale: 'de', width: 600, scheme: 'light' },
    { slug: 'demo', locale: 'en', width: 360, scheme: 'light' },
    { slug: 'demo', locale: 'de', width: 360, scheme: 'light' },
    { slug: 'demo', locale: 'en', width: 360, scheme: 'dark' },
    { slug: 'harbour', locale: 'ar-XB', width: 360, scheme: 'light' },
  ] as const;
  for (const { slug, locale, width, scheme } of shots) {
    const brand = demoBrand(slug);
    const { html, logo } = drawSample(brand, mailSamples(brand.issuer, locale)[name]);
    const page = await browser.newPage({ viewport: { width, height: 400 }, colorScheme: scheme });
    await page.setContent(html.replaceAll('cid:logo', `data:image/png;base64,${logo?.bytes.toString('base64')}`));
    const tooWide = await overflowOf(page);
    if (tooWide > 0) process.stderr.write(`${name} is ${tooWide} px too wide at ${width} px in ${locale}\n`);
    for (const violation of await violationsOn(page)) process.stderr.write(`${name} ${slug} ${scheme}: ${violation}\n`);
    await page.screenshot({ path: join(folder, `mail-${name}-${slug}-${locale}-${width}-${scheme}.png`), fullPage: true });
    await page.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(folder, { recursive: true });
  const browser = await launchBrowser();
  const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(mailSamples(''));
  try {
    for (const name of names) await photograph(browser, name as MailName);
    process.stdout.write(`${folder}\n`);
  } finally {
    await browser.close();
  }
}
