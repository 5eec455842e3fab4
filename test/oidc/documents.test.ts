// Discovery and keys are ready bytes, the library's own, made from the issuer and never from a request.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { applyBrand } from '../../src/flows/admin/apply-brand.ts';
import { rotateSigningKeys } from '../../src/flows/admin/rotate-signing-keys.ts';
import type { ProviderPages } from '../../src/oidc/pages.ts';
import { createProviders } from '../../src/oidc/providers.ts';
import * as brands from '../../src/storage/brands.ts';
import { type Answer, exchange } from '../support/exchange.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';

let portico: RunningPortico;
const https = 'https://id.harbour.example';
const paths = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server', '/jwks'];

beforeAll(async () => {
  portico = await startPortico({ brands: [demoBrand, { slug: 'attic', path: '/attic' }] });
  await applyBrand(portico.services, { slug: 'harbour', name: 'Harbour', issuer: https, algorithms: ['ES256'] });
});
afterAll(() => portico.stop());

const issuerOf = (slug: string) => portico.issuers[slug] ?? https;

/** From the product, under the issuer's name or another one. */
function get(slug: string, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const { host, pathname } = new URL(issuerOf(slug));
  const own = new URL(portico.issuer);
  return exchange(`${own.origin}${pathname.replace(/\/$/, '')}${path}`, { method, headers: { host, ...headers } });
}

/** From the library alone, over a socket: the ready bytes are served before it. */
async function libraryAnswer(slug: string, path: string): Promise<Answer> {
  const brand = await brands.findBySlug(portico.db, slug);
  const provider = await createProviders(portico.services, {} as ProviderPages).of(brand!);
  const { host, protocol, pathname } = new URL(issuerOf(slug));
  const handle = provider.callback();
  const server = createServer((request, response) => {
    Object.assign(request, { baseUrl: pathname.replace(/\/$/, '') });
    void handle(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answer = await exchange(`http://127.0.0.1:${port}${path}`, { headers: { host, 'x-forwarded-proto': protocol.slice(0, -1) } });
  await new Promise((resolve) => server.close(resolve));
  return answer;
}

test.each(['nightfall', 'attic', 'harbour'])('not one byte differs from what the library says (%s)', async (slug) => {
  for (const path of paths) {
    const [ready, library] = [await get(slug, path), await libraryAnswer(slug, path)];
    expect([path, ready.status, ready.body]).toEqual([path, 200, library.body]);
    for (const name of ['content-type', 'content-length', 'access-control-allow-origin', 'vary'])
      expect([path, name, ready.headers[name]]).toEqual([path, name, library.headers[name]]);
    if (path !== '/jwks')
      expect(JSON.parse(ready.body)).toMatchObject({ issuer: issuerOf(slug), token_endpoint: `${issuerOf(slug)}/token` });
  }
});

test('keys are public halves only', async () => {
  for (const key of JSON.parse((await get('nightfall', '/jwks')).body).keys) expect(Object.keys(key)).not.toContain('d');
});

test('whoever holds the same bytes is told so', async () => {
  for (const path of paths) {
    const { headers } = await get('nightfall', path);
    const etag = String(headers.etag);
    expect(headers['cache-control']).toBe('public, max-age=300');
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const again = await get('nightfall', path, { 'if-none-match': known });
      expect([again.status, again.body, again.headers.etag]).toEqual([304, '', etag]);
      expect(again.headers['access-control-allow-origin']).toBe('*');
    }
    expect((await get('nightfall', path, { 'if-none-match': '"other"' })).status).toBe(200);
  }
});

test('HEAD says what GET would', async () => {
  for (const path of paths) {
    const [head, whole] = [await get('nightfall', path, {}, 'HEAD'), await get('nightfall', path)];
    expect([head.status, head.body, head.headers.etag]).toEqual([200, '', whole.headers.etag]);
    expect(head.headers['content-length']).toBe(whole.headers['content-length']);
    expect(head.headers['content-type']).toBe(whole.headers['content-type']);
  }
});

test('what is cached for everybody holds nothing of anybody', async () => {
  const answer = await get('nightfall', `${paths[0]}?lang=de`, { cookie: 'a=b', authorization: 'Bearer x' });
  expect(answer.status).toBe(200);
  expect(answer.headers['set-cookie']).toBeUndefined();
});

test('hostile requests change no byte, before and after', async () => {
  const honest = await get('nightfall', '/jwks').then(({ body }) => body);
  const discovery = await get('nightfall', paths[0]!).then(({ body }) => body);
  for (const host of ['evil.example', 'id.harbour.example.evil.example']) {
    expect((await get('nightfall', paths[0]!, { host })).status).toBe(421);
    const lies = { 'x-forwarded-host': host, 'x-forwarded-proto': 'https', forwarded: `host=${host}`, 'x-forwarded-prefix': '/evil' };
    expect((await get('nightfall', paths[0]!, lies)).body).toBe(discovery);
    expect((await get('nightfall', '/jwks', lies)).body).toBe(honest);
  }
  expect((await get('nightfall', paths[0]!)).body).toBe(discovery);
});

test('new keys are new bytes', async () => {
  const before = await get('nightfall', '/jwks');
  const brand = await brands.findBySlug(portico.db, 'nightfall');
  await rotateSigningKeys(portico.services, brand!, { force: true });
  const after = await changed(before.headers.etag);
  expect(JSON.parse(after.body).keys.length).toBeGreaterThan(JSON.parse(before.body).keys.length);
  expect((await get('nightfall', '/jwks', { 'if-none-match': String(before.headers.etag) })).status).toBe(200);
});

async function changed(etag: string | undefined): Promise<Answer> {
  for (let look = 0; look < 100; look += 1) {
    const answer = await get('nightfall', '/jwks');
    if (answer.headers.etag !== etag) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the keys stayed the same');
}
