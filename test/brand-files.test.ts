import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issuerOf, readBrandFiles } from '../src/brand-files.ts';
import { OperatorError } from '../src/errors.ts';

const publicUrl = 'https://id.example.com';
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portico-brand-'));
  write('brand.json', { slug: 'shop', name: 'Shop', issuer: '/shop' });
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, content: unknown): void {
  const text = typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content);
  writeFileSync(join(folder, name), text);
}

const read = () => readBrandFiles(folder, { publicUrl, demoUrl: 'http://localhost:3001' });

test.each(['demo', 'harbour'])('the demo brand %s can be read', (slug) => {
  const files = readBrandFiles(join('config/brands', slug), { publicUrl: 'http://localhost:3000', demoUrl: 'http://localhost:3001' });
  expect(files.slug).toBe(slug);
  expect(files.clients?.length).toBeGreaterThan(0);
  expect(files.logo?.mediaType).toBe('image/png');
  expect(JSON.stringify(files)).not.toContain('${');
});

test.each(['demo', 'harbour'])('an afternoon of trying %s out on one machine does not use up its mail', (slug) => {
  const { settings } = readBrandFiles(join('config/brands', slug), { publicUrl, demoUrl: 'http://localhost:3001' });
  const { mailPerIdentifier, mailPerIdentifierDaily, mailPerNetwork } = settings?.limits ?? {};
  const attempts = [mailPerIdentifier, mailPerIdentifierDaily, mailPerNetwork].map((limit) => limit?.attempts);
  expect(attempts).toEqual([30, 100, 200]);
});

test('only what the files name is there: defaults are not the operator’s words', () => {
  write('theme.json', { radius: 3 });
  write('clients.json', [{ metadata: { client_id: 'web', redirect_uris: ['https://shop.example/cb'] } }]);
  expect(read()).toEqual({
    slug: 'shop',
    name: 'Shop',
    issuer: 'https://id.example.com/shop',
    theme: { radius: 3 },
    clients: [{ kind: 'web', metadata: { client_id: 'web', redirect_uris: ['https://shop.example/cb'] } }],
  });
});

test('a native app may name its own scheme, a web app may not', () => {
  const metadata = { client_id: 'app', redirect_uris: ['com.example.shop:/callback'] };
  write('clients.json', [{ kind: 'native', metadata }]);
  expect(read().clients).toEqual([{ kind: 'native', metadata }]);
  write('clients.json', [{ kind: 'web', metadata }]);
  expect(read).toThrow('clients.json cannot be used:\n  0.metadata.redirect_uris: com.example.shop:/callback must be an https address');
});

test.each<[string, string, unknown, string]>([
  [
    'an unknown member',
    'brand.json',
    { slug: 'shop', name: 'Shop', issuer: '/', isuer: '/' },
    'brand.json cannot be used:\n  brand.json: ',
  ],
  ['a missing member', 'brand.json', { slug: 'shop', issuer: '/' }, 'brand.json cannot be used:\n  name: '],
  ['a slug with capitals', 'brand.json', { slug: 'Shop', name: 'Shop', issuer: '/' }, '  slug: may have a-z, 0-9 and - only'],
  [
    'a path that belongs to the root',
    'brand.json',
    { slug: 'shop', name: 'Shop', issuer: '/token' },
    'issuer "/token" cannot use the path /token',
  ],
  [
    'a weak password rule',
    'brand.json',
    { slug: 's', name: 'S', issuer: '/', settings: { passwordMinimum: 4 } },
    '  settings.passwordMinimum: ',
  ],
  ['broken JSON', 'brand.json', '{"slug": ', 'brand.json is not valid JSON: '],
  ['a colour by name', 'theme.json', { brandColor: 'red' }, 'theme.json cannot be used:\n  brandColor: must be a colour such as #1f4fd8'],
  ['a script as a link', 'theme.json', { links: { help: 'javascript:alert(1)' } }, '  links.help: must be an https address'],
  ['clients that are no list', 'clients.json', { client_id: 'web' }, 'clients.json cannot be used:\n  clients.json: '],
  ['a client without an id', 'clients.json', [{ metadata: { redirect_uris: [] } }], '  0.metadata.client_id: '],
  ['a mistyped member of a client', 'clients.json', [{ metadata: { client_id: 'a', redirect_uri: [] } }], '  0.metadata: '],
  ['a kind that does not exist', 'clients.json', [{ kind: 'mobile', metadata: { client_id: 'a' } }], '  0.kind: '],
  ['a logo that is too large', 'logo.png', Buffer.alloc(300_000), 'logo.png is larger than 256 KiB'],
])('%s is refused with file, member and fault', (_what, name, content, message) => {
  write(name, content);
  expect(read).toThrow(OperatorError);
  expect(read).toThrow(message);
});

test.each<[string, Buffer, string]>([
  ['logo.png', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), 'image/png'],
  ['logo.jpg', Buffer.from('ffd8ffe000104a464946', 'hex'), 'image/jpeg'],
  ['logo.jpeg', Buffer.from('ffd8ffdb0043', 'hex'), 'image/jpeg'],
  ['logo.webp', Buffer.from('RIFF\x24\0\0\0WEBPVP8 ', 'latin1'), 'image/webp'],
  // Served as what it is.
  ['logo.png', Buffer.from('ffd8ffdb0043', 'hex'), 'image/jpeg'],
])('%s that begins as an image does is one (%#)', (name, bytes, mediaType) => {
  write(name, bytes);
  expect(read().logo).toEqual({ mediaType, bytes });
});

test.each([
  ['logo.png', '<!doctype html><script>alert(1)</script>'],
  ['logo.jpg', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
  ['logo.webp', 'RIFF\x24\0\0\0WAVEfmt '],
  ['logo.png', ''],
])('%s is refused when it holds something else (%#)', (name, content) => {
  write(name, Buffer.from(content, 'latin1'));
  expect(read).toThrow(OperatorError);
  expect(read).toThrow(`${name} is neither a PNG, a JPEG nor a WebP image, whatever its name says.`);
});

test('an SVG is refused, also beside a picture: it can carry script', () => {
  write('logo.png', Buffer.from('89504e470d0a1a0a', 'hex'));
  write('logo.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>');
  expect(read).toThrow('logo.svg cannot be used: an SVG can carry script. Save it as logo.png, logo.webp or logo.jpg.');
});

test('a folder without brand.json says what is missing', () => {
  rmSync(join(folder, 'brand.json'));
  expect(read).toThrow('brand.json is missing. A brand needs at least slug, name and issuer.');
});

test.each([
  ['', 'https://id.example.com'],
  ['/', 'https://id.example.com'],
  ['/shop/', 'https://id.example.com/shop'],
  ['https://login.shop.example/', 'https://login.shop.example'],
])('the issuer %j is %s', (value, issuer) => {
  expect(issuerOf(value, publicUrl)).toBe(issuer);
});

test.each(['http://shop.example', '/a/b', '/Shop', '/shop?x', '/shop#x', 'https://a:b@shop.example', 'javascript:alert(1)'])(
  'the issuer %j is refused',
  (value) => {
    expect(() => issuerOf(value, publicUrl)).toThrow(OperatorError);
  },
);

test('mail: addresses become settings, the server keeps apart, and its password may come from the environment', () => {
  const variable = (name: string) => ({ HARBOUR_SMTP_PASSWORD: 'p%40ss' })[name];
  const brand = { slug: 'shop', name: 'Shop', issuer: '/', settings: { emailVerification: { pages: 'after' }, deletionDays: 7 } };
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the file's own placeholder.
  const smtpUrl = 'smtps://shop:${HARBOUR_SMTP_PASSWORD}@smtp.shop.example';
  write('brand.json', { ...brand, mail: { from: 'hello@shop.example', smtpUrl } });
  expect(readBrandFiles(folder, { publicUrl, variable })).toMatchObject({
    settings: { emailVerification: { pages: 'after' }, deletionDays: 7, mail: { from: 'hello@shop.example' } },
    smtpUrl: 'smtps://shop:p%40ss@smtp.shop.example',
  });
  expect(read).toThrow('mail.smtpUrl names the variable HARBOUR_SMTP_PASSWORD, which is not set');
  write('brand.json', { ...brand, mail: { smtpUrl: '' } });
  expect(read()).toMatchObject({ smtpUrl: null });
});

test.each([
  ['https://user:hunter2@smtp.shop.example', 'mail.smtpUrl must be an address such as'],
  ['hunter2', 'mail.smtpUrl must be an address such as'],
])('mail: what is no mail server is refused without quoting it: %s', (smtpUrl, says) => {
  write('brand.json', { slug: 'shop', name: 'Shop', issuer: '/', mail: { smtpUrl } });
  expect(read).toThrow(says);
  expect(read).not.toThrow('hunter2');
});

test.each(['Shop <hello@shop.example>', 'a@shop.example, b@shop.example', 'a@shop.example\r\nBcc: b@shop.example', ' a@shop.example'])(
  'mail: %j is not one plain address',
  (from) => {
    write('brand.json', { slug: 'shop', name: 'Shop', issuer: '/', mail: { from } });
    expect(read).toThrow('mail.from: must be one plain email address');
  },
);
