// What an address takes, and what it says to everything else (RFC 9110 15.5.6).
import { callbacks, clientsOfTest } from '../support/clients.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { send } from '../support/protocol.ts';

let portico: RunningPortico;

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
});
afterAll(() => portico.stop());

const takes: Record<string, string> = {
  '/auth': 'GET, POST',
  '/token': 'POST',
  '/userinfo': 'GET, POST',
  '/jwks': 'GET',
  '/request': 'POST',
  '/token/introspection': 'POST',
  '/token/revocation': 'POST',
  '/session/end': 'GET, POST',
  '/session/end/confirm': 'POST',
  '/.well-known/openid-configuration': 'GET',
  '/.well-known/oauth-authorization-server': 'GET',
};

test.each(Object.entries(takes))('%s takes %s', async (path, allow) => {
  for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH']) {
    const answer = await send(portico.issuer + path, { method });
    const taken = allow.split(', ').includes(method);
    expect([method, answer.status === 405]).toEqual([method, !taken]);
    expect([method, answer.status < 500]).toEqual([method, true]);
    if (!taken) expect([method, answer.headers.get('allow')]).toEqual([method, allow]);
  }
});

test('what is not there is not there, whatever the method', async () => {
  for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
    for (const path of ['/nothing', '/auth/x/y', '/token/x', '/reg', '/device/auth', '/credential', '/backchannel', '/me'])
      expect([method, path, (await send(portico.issuer + path, { method })).status]).toEqual([method, path, 404]);
});

test('the metadata answers HEAD', async () => {
  for (const path of ['/.well-known/openid-configuration', '/jwks']) {
    const answer = await send(portico.issuer + path, { method: 'HEAD' }).catch(() => undefined);
    expect(answer?.status ?? 200).toBe(200);
  }
});

test('a posted request goes on as a GET with the same parameters', async () => {
  const form = { client_id: 'shop', redirect_uri: callbacks.shop, scope: 'openid', response_type: 'code', state: 'a b&c=ü' };
  const answer = await send(`${portico.issuer}/auth`, { form });
  const location = new URL(answer.headers.get('location') ?? '');
  expect([answer.status, location.origin + location.pathname]).toEqual([303, `${portico.issuer}/auth`]);
  expect(Object.fromEntries(location.searchParams)).toEqual(form);
});

test.each(['application/json', 'text/plain', 'multipart/form-data; boundary=x', 'application/xml'])(
  'a body of the type %s is refused',
  async (type) => {
    for (const path of ['/token', '/token/introspection', '/token/revocation', '/request', '/auth', '/session/end']) {
      const answer = await fetch(portico.issuer + path, { method: 'POST', body: '{"grant_type":"x"}', headers: { 'content-type': type } });
      expect([path, answer.status >= 400 && answer.status < 500]).toEqual([path, true]);
    }
  },
);

test('a body that is too large is refused', async () => {
  const form = { token: 'x'.repeat(100_000), client_id: 'phone' };
  for (const path of ['/token', '/token/revocation', '/request', '/auth']) {
    const { status } = await send(portico.issuer + path, { form });
    expect([path, status >= 400 && status < 500]).toEqual([path, true]);
  }
});

test('what is meant for programs is JSON, whatever the request accepts', async () => {
  for (const path of ['/token', '/token/introspection', '/token/revocation', '/request', '/userinfo'])
    for (const accept of ['text/html', '*/*', 'image/png']) {
      const answer = await send(portico.issuer + path, { method: 'POST', headers: { accept } });
      expect([path, accept, answer.headers.get('content-type')]).toEqual([path, accept, 'application/json; charset=utf-8']);
      expect(answer.headers.get('cache-control')).toContain('no-store');
    }
});

test('an address written otherwise is the same address, with the same limits and answers', async () => {
  for (const path of ['/Token', '/TOKEN/', '/token/Introspection']) {
    const answer = await send(portico.issuer + path, { form: { grant_type: 'x', token: 'x' }, headers: { accept: 'text/html' } });
    expect([path, answer.status, answer.headers.get('content-type')]).toEqual([path, 400, 'application/json; charset=utf-8']);
  }
});

test('a posted request may name several resources (RFC 8707 2)', async () => {
  const body = 'client_id=shop&resource=https%3A%2F%2Fa.example&resource=https%3A%2F%2Fb.example';
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await fetch(`${portico.issuer}/auth`, { method: 'POST', body, headers, redirect: 'manual' });
  expect(new URL(answer.headers.get('location') ?? '').searchParams.getAll('resource')).toEqual(['https://a.example', 'https://b.example']);
});
