import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { themeCss } from '../../src/domain/theme-css.ts';
import { defaultTheme } from '../../src/domain/themes.ts';
import { createAssets } from '../../src/web/assets.ts';
import { createLocales } from '../../src/web/middleware/locale.ts';
import { createViews } from '../../src/web/middleware/views.ts';
import type { LoginPage, PageFrame } from '../../src/web/page-locals.ts';
import { samples } from '../support/page-samples.ts';
import { draw, frame } from '../support/preview.ts';

const views = createViews({ folder: join(process.cwd(), 'views'), cache: true });
const templates = readdirSync('views', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ejs'));
const CANARY = `"'><img src=x onerror=alert(1)>{{7*7}}<%= 7*7 %>`;

const loginPage = (more: Partial<LoginPage> = {}): PageFrame & LoginPage => ({
  ...frame('demo', 'en'),
  ...(samples.login!.locals as LoginPage),
  ...more,
});

test.each(Object.keys(samples))('%s is drawn in every language, with one heading, one main and no inline code', (sample) => {
  for (const locale of ['en', 'de', 'ar-XB']) {
    const html = draw('demo', locale, sample);
    expect(html).toMatch(new RegExp(`^<!doctype html>\\s*<html lang="${locale}" dir="${locale === 'ar-XB' ? 'rtl' : 'ltr'}">`));
    expect(html.match(/<h1/g)).toHaveLength(1);
    expect(html.match(/<main/g)).toHaveLength(1);
    expect(html).not.toMatch(/ style=|<style| on\w+=|<script(?! type="module" src=)|undefined|\[object/);
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, id] of html.matchAll(/(?:for|aria-controls|aria-labelledby|href)="#?([a-z_]+-[a-z_-]+)"/g)) expect(ids).toContain(id);
    for (const [, described] of html.matchAll(/aria-describedby="([^"]+)"/g))
      expect(ids).toEqual(expect.arrayContaining(described!.split(' ')));
  }
});

test('templates write escaped values only, and raw output is for includes', () => {
  for (const file of templates) {
    const text = readFileSync(join('views', file), 'utf8');
    expect({ file, raw: text.match(/<%-(?! include\()/g) }).toEqual({ file, raw: null });
  }
});

test('no value of a person or a client becomes markup', () => {
  const html = views.render(
    'login',
    loginPage({
      brand: { ...frame('demo', 'en').brand, name: CANARY },
      client: { name: CANARY },
      action: CANARY,
      csrf: CANARY,
      login: { values: { email: CANARY }, refusal: { code: 'wrong_credentials', field: CANARY, params: { x: CANARY } } },
    } as Partial<LoginPage>),
  );
  expect(html).not.toContain('<img src=x');
  expect(html).not.toContain('49');
  expect(html.match(/<img/g)).toHaveLength(1);
});

test('locals named like options of ejs change nothing', () => {
  const hostile = {
    delimiter: '?',
    client: undefined,
    cache: false,
    settings: { 'view options': { outputFunctionName: 'x;process.exit(1)//' } },
  };
  const html = views.render('login', { ...loginPage({ ...hostile } as Partial<LoginPage>) });
  expect(html).toBe(views.render('login', loginPage({ client: undefined } as Partial<LoginPage>)));
});

test('a polluted prototype reaches no template', () => {
  const { register: _, ...closed } = loginPage();
  const before = views.render('login', closed);
  Object.assign(Object.prototype, { register: { values: {}, refusal: { code: 'email_taken', params: {} } } });
  try {
    expect(views.render('login', closed)).toBe(before);
  } finally {
    Reflect.deleteProperty(Object.prototype, 'register');
  }
});

test('a refusal is told at the top and at its field, keeps what was typed and never the password', () => {
  const refusal = { code: 'password_too_short' as const, field: 'password', params: { minimum: 8 } };
  const html = views.render('login', loginPage({ register: { values: { email: 'mira@example.com', password: 'secret7' }, refusal } }));
  expect(html).toContain('<title>Error: Sign in · Roast &amp; Co.</title>');
  expect(html).toContain('<a href="#register-password">That password is too short. Use at least 8 characters.</a>');
  expect(html).toMatch(
    /id="register-password"[^>]*aria-describedby="register-password-hint register-password-refusal"[^>]*aria-invalid="true"/,
  );
  expect(html).toMatch(/id="register-email"[^>]*value="mira@example.com"/);
  expect(html).not.toContain('secret7');
  expect(html.match(/aria-invalid/g)).toHaveLength(1);
});

test('the likelier form comes first, and a refused one before it', () => {
  const order = (locals: PageFrame & LoginPage) =>
    [...views.render('login', locals).matchAll(/<form[^>]*aria-labelledby="(\w+)"/g)].map(([, form]) => form);
  expect(order(loginPage())).toEqual(['login', 'register']);
  expect(order(loginPage({ first: 'register' }))).toEqual(['register', 'login']);
  expect(order(loginPage({ register: { values: {}, refusal: { code: 'email_taken', field: 'email', params: {} } } }))).toEqual([
    'register',
    'login',
  ]);
  expect(order(loginPage({ register: undefined }))).toEqual(['login']);
  // Side by side nothing moves: the stylesheet puts each back where it was.
  expect(draw('demo', 'en', 'login-register-refused')).toContain('class="forms swapped"');
  expect(draw('demo', 'en', 'login-refused')).not.toContain('swapped');
  expect(draw('demo', 'en', 'login-register-first')).not.toContain('swapped');
});

test('password managers find a username and the right kind of password in both forms', () => {
  const html = draw('demo', 'en', 'login');
  expect(html.match(/type="email" autocomplete="username"/g)).toHaveLength(2);
  expect(html.match(/autocomplete="current-password"/g)).toHaveLength(1);
  expect(html.match(/autocomplete="new-password"/g)).toHaveLength(1);
});

test('a brand draws its own partial, other brands keep the shared one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portico-views-'));
  for (const [file, text] of Object.entries({
    'layouts/page.ejs': '<%- include("header") %>|<%- include(page) %>',
    'partials/header.ejs': 'shared header',
    'pages/logged-out.ejs': 'bye <%= brand.name %>',
    'brands/harbour/partials/header.ejs': 'harbour header',
  })) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const cascade = createViews({ folder, cache: false });
  expect(cascade.render('logged-out', frame('harbour', 'en'))).toBe('harbour header|bye Harbour');
  expect(cascade.render('logged-out', frame('demo', 'en'))).toBe('shared header|bye Roast &amp; Co.');
});

test('every sentence a view asks for exists', () => {
  const { translator } = createLocales({ folder: join(process.cwd(), 'config/locales'), production: false });
  const t = translator('en');
  const keys = templates.flatMap((file) =>
    [...readFileSync(join('views', file), 'utf8').matchAll(/\bt\('([^']+)'/g)].map(([, key]) => key!),
  );
  expect(keys.length).toBeGreaterThan(50);
  for (const key of keys) expect(t(key)).not.toBe('');
  for (const page of readdirSync('views/pages')) expect(t(`${page.replace('.ejs', '')}.title`)).not.toBe('');
});

test('the login page weighs less than 15 kB with everything it needs', () => {
  const html = draw('demo', 'en', 'login');
  const assets = createAssets(join(process.cwd(), 'public'));
  const css = assets.find(assets.stylesheetFor('demo', () => themeCss(defaultTheme)).path, 'br')!.body.length;
  const js = assets.find(assets.scriptPath('portico'), 'br')!.body.length;
  const logo = readFileSync('config/brands/demo/logo.png').length;
  const weight = { html: Buffer.byteLength(html), css, js, logo, compressedHtml: brotliCompressSync(html).length };
  // HTML travels uncompressed: it holds a form token, and compression would leak it (BREACH).
  expect(weight.html).toBeLessThan(5000);
  expect(weight.html + css + js + logo).toBeLessThan(12_000);
});
