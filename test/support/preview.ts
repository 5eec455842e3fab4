// Draws every page in its states and photographs it: node test/support/preview.ts [page...]. The pictures go to the system's temporary folder.
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { readBrandFiles } from '../../src/brand-files.ts';
import { themeCss } from '../../src/domain/theme-css.ts';
import type { Theme } from '../../src/domain/themes.ts';
import { createAssets } from '../../src/web/assets.ts';
import { createLocales, dayIn } from '../../src/web/middleware/locale.ts';
import { contentSecurityPolicy } from '../../src/web/middleware/security-headers.ts';
import { createViews } from '../../src/web/middleware/views.ts';
import type { PageFrame, PageName } from '../../src/web/page-locals.ts';
import { overflowOf, violationsOn } from './accessibility.ts';
import { launchBrowser } from './browser.ts';
import { samples } from './page-samples.ts';

const project = resolve(fileURLToPath(import.meta.url), '../../..');
const folder = join(tmpdir(), 'portico-preview');
const brandNames: Record<string, string> = { demo: 'Roast & Co.', harbour: 'Harbour' };
const apps: Record<string, string> = { demo: 'Roast Rewards', harbour: 'Harbour TV' };
const phone = { width: 390, height: 844 };
const desk = { width: 1280, height: 800 };

const views = createViews({ folder: join(project, 'views'), cache: true });
const locales = createLocales({ folder: join(project, 'config/locales'), production: false });
const assets = createAssets(join(project, 'public'));

export function frame(slug: string, locale: string): PageFrame {
  const theme = readBrandFiles(join(project, 'config/brands', slug), {
    publicUrl: 'http://localhost:3000',
    demoUrl: 'http://localhost:3001',
  }).theme as Theme;
  return {
    brand: { name: brandNames[slug] ?? slug, slug, logoUrl: `/assets/logo-${slug}.png`, links: theme.links },
    locale,
    dir: locales.directionOf(locale),
    t: locales.translator(locale),
    day: (date) => dayIn(locale, new Date(date)),
    locales: locales.localeLinks(locale),
    stylesheet: assets.stylesheetFor(slug, () => themeCss(theme)).path,
    script: assets.scriptPath('portico'),
    client: { name: apps[slug] ?? slug, homeUrl: 'http://localhost:3001/' },
  };
}

/** One page of a sample, as the server would send it. */
export function draw(slug: string, locale: string, sample: string): string {
  const { page, locals } = samples[sample]!;
  return views.render(page as PageName, { ...frame(slug, locale), ...locals } as never);
}

/** Every sample at `/<brand>/<locale>/<sample>`, under the product's own policy. */
export async function servePages(): Promise<{ origin: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const [, slug = '', locale = '', sample = ''] = url.pathname.split('/');
    response.setHeader('content-security-policy', contentSecurityPolicy());
    const logo = /^\/assets\/logo-(demo|harbour)\.png$/.exec(url.pathname);
    if (logo) return response.setHeader('content-type', 'image/png').end(readFileSync(join(project, `config/brands/${logo[1]}/logo.png`)));
    const asset = assets.find(url.pathname, String(request.headers['accept-encoding']));
    if (asset) return response.writeHead(200, asset.headers).end(asset.body);
    if (!samples[sample]) return response.writeHead(404).end();
    return response.setHeader('content-type', 'text/html; charset=utf-8').end(draw(slug, locale, sample));
  }).listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { origin, close };
}

async function photograph(browser: Browser, origin: string, names: string[]) {
  const shots = names.flatMap((sample) => [
    { sample, slug: 'demo', locale: 'en', viewport: phone, scheme: 'light' as const },
    { sample, slug: 'demo', locale: 'de', viewport: desk, scheme: 'light' as const },
    { sample, slug: 'demo', locale: 'en', viewport: phone, scheme: 'dark' as const },
    { sample, slug: 'harbour', locale: 'en', viewport: desk, scheme: 'light' as const },
    { sample, slug: 'demo', locale: 'ar-XB', viewport: phone, scheme: 'light' as const },
    { sample, slug: 'harbour', locale: 'de', viewport: { width: 320, height: 640 }, scheme: 'light' as const },
  ]);
  for (const { sample, slug, locale, viewport, scheme } of shots) {
    const context = await browser.newContext({ viewport, colorScheme: scheme, javaScriptEnabled: !sample.startsWith('form-post') });
    const page = await context.newPage();
    page.on('console', (message) => process.stderr.write(`${sample}: ${message.text()}\n`));
    await page.goto(`${origin}/${slug}/${locale}/${sample}`);
    const overflow = await overflowOf(page);
    if (overflow > 0) process.stderr.write(`${sample} is ${overflow} px too wide at ${viewport.width} px in ${locale}\n`);
    // Without JavaScript in the page axe cannot run in it.
    const violations = sample.startsWith('form-post') ? [] : await violationsOn(page);
    for (const violation of violations) process.stderr.write(`${sample} ${slug} ${scheme}: ${violation}\n`);
    await page.screenshot({ path: join(folder, `${sample}-${slug}-${locale}-${viewport.width}-${scheme}.png`), fullPage: true });
    await context.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(folder, { recursive: true });
  const pages = await servePages();
  const browser = await launchBrowser();
  try {
    await photograph(browser, pages.origin, process.argv.length > 2 ? process.argv.slice(2) : Object.keys(samples));
    process.stdout.write(`${folder}\n`);
  } finally {
    await browser.close();
    await pages.close();
  }
}
