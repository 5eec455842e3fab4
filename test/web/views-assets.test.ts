import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { createAssets } from '../../src/web/assets.ts';

const folder = join(process.cwd(), 'public');
const assets = createAssets(folder);

test('a stylesheet is the brand and then our rules, under a name made of its content', () => {
  const { path } = assets.stylesheetFor('1/1', () => ':root{--brand:#123456}');
  expect(path).toMatch(/^\/assets\/[\w-]{16}\.css$/);
  expect(assets.stylesheetFor('1/1', () => '').path).toBe(path);
  expect(assets.stylesheetFor('1/2', () => ':root{--brand:#654321}').path).not.toBe(path);
  const plain = assets.find(path)!;
  expect(plain.body.toString()).toMatch(/^:root\{--brand:#123456\}/);
  expect(plain.body.toString()).not.toContain('/*');
});

test('browsers get the smallest encoding they take', () => {
  const path = assets.scriptPath('portico');
  const plain = assets.find(path)!;
  const brotli = assets.find(path, 'gzip, deflate, br, zstd')!;
  const gzip = assets.find(path, 'gzip;q=1.0, br;q=0')!;
  expect(plain.headers['content-encoding']).toBeUndefined();
  expect(brotli.headers).toMatchObject({
    'content-encoding': 'br',
    vary: 'accept-encoding',
    'cache-control': 'public, max-age=31536000, immutable',
  });
  expect(brotliDecompressSync(brotli.body)).toEqual(plain.body);
  expect(gunzipSync(gzip.body)).toEqual(plain.body);
  expect(new Set([plain, brotli, gzip].map(({ headers }) => headers.etag)).size).toBe(3);
});

test.each(['/assets/', '/assets/../src/config.ts', '/assets/portico.js', '/assets/__proto__', '/assets/constructor'])(
  '%s is not there',
  (path) => {
    expect(assets.find(path)).toBeUndefined();
  },
);

test('only so many brands stay ready, the least recently seen leaves first', () => {
  const few = createAssets(folder, 3);
  const paths = ['a', 'b', 'c'].map((key) => few.stylesheetFor(key, () => `:root{--brand:${key}}`).path);
  few.stylesheetFor('a', () => '');
  few.stylesheetFor('d', () => ':root{--brand:d}');
  expect(paths.map((path) => few.find(path) !== undefined)).toEqual([true, false, true]);
});

test('two brands of the same look share a stylesheet until both are gone', () => {
  const few = createAssets(folder, 2);
  const { path } = few.stylesheetFor('a', () => ':root{}');
  expect(few.stylesheetFor('b', () => ':root{}').path).toBe(path);
  few.stylesheetFor('c', () => ':root{--x:1}');
  expect(few.find(path)).toBeDefined();
  few.stylesheetFor('d', () => ':root{--x:2}');
  expect(few.find(path)).toBeUndefined();
});
