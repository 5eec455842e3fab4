// Browsers of other origins: refused by default, welcome where a client's registration names them, never on pages.
import { clientsOfTest, party } from '../support/clients.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { type Answer, basic, createAccount, obtainTokens, send } from '../support/protocol.ts';
import { createRelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
const person = { email: 'ada@nightfall.example' };
const own = 'https://spa.example';
const foreign = 'https://evil.example';

beforeAll(async () => {
  const spa = { client_id: 'spa', redirect_uris: [`${own}/`], allowed_origins: [own, 'http://localhost:5173'] };
  const portal = { client_id: 'portal', redirect_uris: ['https://portal.example/'], allowed_origins: ['https://portal.example'] };
  const clients = [...clientsOfTest, { kind: 'spa' as const, metadata: spa }, { kind: 'web' as const, metadata: portal, secret: 'secret' }];
  portico = await startPortico({ brands: [{ ...demoBrand, clients }] });
  await createAccount(portico, person);
});
afterAll(() => portico.stop());

const spa = () => createRelyingParty({ issuer: portico.issuer, clientId: 'spa', redirectUri: `${own}/` });
const from = (origin: string | undefined): Record<string, string> => (origin === undefined ? {} : { origin });
const allowed = ({ headers }: Answer) => headers.get('access-control-allow-origin');

const preflight = (path: string, origin: string | undefined, method = 'POST') =>
  send(portico.issuer + path, {
    method: 'OPTIONS',
    headers: { ...from(origin), 'access-control-request-method': method, 'access-control-request-headers': 'authorization, dpop' },
  });

const forClients = ['/token', '/userinfo', '/token/revocation', '/request'];
const open = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server', '/jwks'];
const closed = ['/auth', '/session/end', '/session/end/confirm', '/interaction/x', '/', '/healthz', '/device', '/reg'];

test.each(forClients)('a preflight of %s is answered: whose request it will be is not known yet', async (path) => {
  const answer = await preflight(path, own);
  expect([answer.status, allowed(answer)]).toEqual([204, own]);
  expect(answer.headers.get('access-control-allow-methods')).toContain('POST');
  expect(answer.headers.get('access-control-allow-headers')).toContain('authorization');
  expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
});

test.each(forClients)('a preflight of %s from the origin null is refused', async (path) => {
  expect(allowed(await preflight(path, 'null'))).toBeNull();
});

test.each(open)('%s is open to everybody', async (path) => {
  for (const origin of [own, foreign, 'null']) {
    expect(allowed(await preflight(path, origin, 'GET'))).toBe(origin);
    expect(allowed(await send(portico.issuer + path, { headers: from(origin) }))).toBe(origin);
  }
  const plain = await send(portico.issuer + path);
  expect(plain.status).toBe(200);
  expect(plain.headers.get('vary')).toContain('Origin');
});

test.each(closed)('%s is for no other origin', async (path) => {
  for (const origin of [own, foreign, 'null', undefined]) {
    expect(allowed(await preflight(path, origin))).toBeNull();
    expect(allowed(await send(portico.issuer + path, { headers: from(origin) }))).toBeNull();
    expect(allowed(await send(portico.issuer + path, { headers: from(origin), form: { client_id: 'spa' } }))).toBeNull();
  }
});

test.each([
  [own, 200, own],
  ['http://localhost:5173', 200, 'http://localhost:5173'],
  [undefined, 200, '*'],
  [foreign, 400, null],
  ['null', 400, null],
  ['https://spa.example.evil.example', 400, null],
  ['https://evil.example/https://spa.example', 400, null],
  ['https://SPA.example', 400, null],
  ['http://spa.example', 400, null],
  ['https://spa.example:8443', 400, null],
  ['https://portal.example', 400, null],
])('a request of the single-page app from the origin %s', async (origin, status, shown) => {
  const { tokens } = await obtainTokens(await spa(), person);
  const headers = from(origin);
  const userinfo = await send(`${portico.issuer}/userinfo`, { headers: { ...headers, authorization: `Bearer ${tokens.access_token}` } });
  expect([userinfo.status, allowed(userinfo)]).toEqual([status, shown]);
  const refreshed = await send(`${portico.issuer}/token`, {
    form: { grant_type: 'refresh_token', refresh_token: tokens.refresh_token as string, client_id: 'spa' },
    headers,
  });
  expect([refreshed.status, allowed(refreshed)]).toEqual([status, shown]);
  const pushed = await send(`${portico.issuer}/request`, {
    form: {
      client_id: 'spa',
      response_type: 'code',
      scope: 'openid',
      redirect_uri: `${own}/`,
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    },
    headers,
  });
  expect([pushed.status, allowed(pushed)]).toEqual([status === 200 ? 201 : 400, shown]);
  const token = (refreshed.json.refresh_token ?? tokens.refresh_token) as string;
  const revoked = await send(`${portico.issuer}/token/revocation`, { form: { token, client_id: 'spa' }, headers });
  expect([revoked.status, allowed(revoked)]).toEqual([status, shown]);
  // What was refused has changed nothing.
  const later = await send(`${portico.issuer}/token`, { form: { grant_type: 'refresh_token', refresh_token: token, client_id: 'spa' } });
  expect(later.status).toBe(status === 200 ? 400 : 200);
});

test('a client that names no origin is for servers only', async () => {
  const shop = await party(portico.issuer, 'shop');
  const { tokens } = await obtainTokens(shop, person);
  for (const origin of ['https://shop.example', own]) {
    const answer = await send(`${portico.issuer}/userinfo`, {
      headers: { origin, authorization: `Bearer ${tokens.access_token}` },
    });
    expect([answer.status, allowed(answer)]).toEqual([400, null]);
  }
});

test('a confidential client may name one too', async () => {
  const headers = { ...basic('portal', 'secret'), origin: 'https://portal.example' };
  const answer = await send(`${portico.issuer}/token`, { form: { grant_type: 'refresh_token', refresh_token: 'x' }, headers });
  expect([answer.status, answer.json.error, allowed(answer)]).toEqual([400, 'invalid_grant', 'https://portal.example']);
});

test('an app can read why it was refused', async () => {
  const bad = await send(`${portico.issuer}/userinfo`, { headers: { origin: own, authorization: 'Bearer nonsense' } });
  expect(bad.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
});

test('cookies are never asked for', async () => {
  for (const path of [...forClients, ...open])
    for (const method of ['OPTIONS', 'GET'])
      expect(
        (await send(portico.issuer + path, { method, headers: from(own) })).headers.get('access-control-allow-credentials'),
      ).toBeNull();
});
