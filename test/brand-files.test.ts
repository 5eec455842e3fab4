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
