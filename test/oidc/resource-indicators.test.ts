// APIs of a brand: with `resource` the access token is a JWT for that API, without it opaque and good for userinfo.
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { clientsOfTest, party, secrets } from '../support/clients.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { answerIn, basic, createAccount, obtainTokens, reachCallback, send } from '../support/protocol.ts';
import { createRelyingParty, type RelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
let subject: string;
const person = { email: 'ada@nightfall.example' };
const api = 'https://api.nightfall.example';
const tours = 'https://tours.nightfall.example/v1';

beforeAll(async () => {
  const service = (id: string, more: object = {}) => ({
    kind: 'service' as const,
    metadata: { client_id: id, ...more },
    secret: `secret of ${id}`,
  });
  const clients = [
    ...clientsOfTest,
    service('warehouse'),
    service('reader', { resource_scopes: ['read'] }),
    service('agency', { first_party: false }),
    service('guest', { first_party: false, resource_scopes: ['read'] }),
    {
      kind: 'web' as const,
      metadata: { client_id: 'kiosk', redirect_uris: ['https://kiosk.example/'], resource_scopes: ['read'], scope: 'openid email' },
      secret: 'secret of kiosk',
    },
  ];
  const settings = { resources: { [api]: ['read', 'write'], [tours]: ['book'] } };
  portico = await startPortico({ brands: [{ ...demoBrand, clients }], settings });
  subject = await createAccount(portico, person);
});
afterAll(() => portico.stop());

const shop = () => party(portico.issuer, 'shop');

/** The shop's code for `resource`, exchanged with or without naming it again. */
async function exchange(app: RelyingParty, asked: Record<string, string>, named: Record<string, string> = {}) {
  const { begun, callback } = await reachCallback(app, { ...person, parameters: asked });
  if (!('code' in answerIn(callback))) throw new Error(callback);
  const checks = { pkceCodeVerifier: begun.verifier, expectedState: begun.state, expectedNonce: begun.nonce };
  return client.authorizationCodeGrant(app.config, new URL(callback), checks, named);
}

const verify = (token: string, audience: string) =>
  jwtVerify(token, createRemoteJWKSet(new URL(`${portico.issuer}/jwks`)), { issuer: portico.issuer, audience, typ: 'at+jwt' });

const userinfo = (token: string) => send(`${portico.issuer}/userinfo`, { headers: { authorization: `Bearer ${token}` } });

test('without a resource the access token is opaque and good for userinfo', async () => {
  const tokens = await exchange(await shop(), { scope: 'openid email' });
  expect(tokens.access_token).not.toContain('.');
  expect((await userinfo(tokens.access_token)).json).toMatchObject({ sub: subject });
});

test('named twice, the access token is a JWT for that API and no use at userinfo', async () => {
  const tokens = await exchange(await shop(), { scope: 'openid read write', resource: api }, { resource: api });
  const { payload, protectedHeader } = await verify(tokens.access_token, api);
  expect(protectedHeader).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
  expect(payload).toMatchObject({ sub: subject, client_id: 'shop', scope: 'read write', aud: api, jti: expect.any(String) });
  expect((payload.exp as number) - (payload.iat as number)).toBe(900);
  const refused = await userinfo(tokens.access_token);
  expect([refused.status, refused.json.error]).toEqual([401, 'invalid_token']);
});

test('named only in the request, the first access token is for userinfo and a refresh gets the one for the API', async () => {
  const app = await shop();
  const tokens = await exchange(app, { scope: 'openid email read', resource: api });
  expect((await userinfo(tokens.access_token)).status).toBe(200);
  const refreshed = await client.refreshTokenGrant(app.config, tokens.refresh_token as string, { resource: api });
  expect((await verify(refreshed.access_token, api)).payload.scope).toBe('read');
});

test('named only at the token endpoint, it is refused', async () => {
  const app = await shop();
  await expect(exchange(app, { scope: 'openid read' }, { resource: api })).rejects.toMatchObject({ error: 'invalid_target' });
  const tokens = await exchange(app, { scope: 'openid read', resource: api });
  await expect(client.refreshTokenGrant(app.config, tokens.refresh_token as string, { resource: tours })).rejects.toMatchObject({
    error: 'invalid_target',
  });
});

test('without openid the one API that was asked for is meant', async () => {
  const app = await shop();
  const { begun, callback } = await reachCallback(app, { ...person, parameters: { scope: 'read', resource: api, nonce: '' } });
  const form = {
    grant_type: 'authorization_code',
    code: answerIn(callback).code as string,
    redirect_uri: app.redirectUri,
    code_verifier: begun.verifier,
  };
  const answer = await send(`${portico.issuer}/token`, { form, headers: basic('shop', secrets.shop as string) });
  expect(answer.json.id_token).toBeUndefined();
  expect((await verify(answer.json.access_token as string, api)).payload.scope).toBe('read');
});

test('the token for one API is not for another', async () => {
  const tokens = await exchange(await shop(), { scope: 'openid read', resource: api }, { resource: api });
  await expect(verify(tokens.access_token, tours)).rejects.toThrow('aud');
});

test('scopes of an API come only with its resource', async () => {
  const tokens = await exchange(await shop(), { scope: 'openid read write' });
  expect(tokens.scope).toBe('openid');
});

test.each(['https://unknown.example', `${api}/`, 'read', '', `${api}#x`, '__proto__', 'constructor', 'https://API.nightfall.example'])(
  'the resource %j is unknown',
  async (resource) => {
    const url = new URL((await (await shop()).begin()).url);
    url.searchParams.set('resource', resource);
    const location = (await send(url.href)).headers.get('location') ?? '';
    if (resource === '') expect(location).toContain('/interaction/');
    else expect(answerIn(location).error).toBe('invalid_target');
  },
);

test('an access token for an API is neither stored nor revocable', async () => {
  const app = await shop();
  const tokens = await exchange(app, { scope: 'openid read', resource: api }, { resource: api });
  expect(decodeProtectedHeader(tokens.access_token).typ).toBe('at+jwt');
  const answer = await send(`${portico.issuer}/token/revocation`, {
    form: { token: tokens.access_token },
    headers: basic('shop', secrets.shop as string),
  });
  expect(answer.json.error).toBe('unsupported_token_type');
});

test('a client gets of an API what its registration names', async () => {
  const kiosk = await createRelyingParty({
    issuer: portico.issuer,
    clientId: 'kiosk',
    clientSecret: 'secret of kiosk',
    redirectUri: 'https://kiosk.example/',
  });
  const tokens = await exchange(kiosk, { scope: 'openid read write', resource: api }, { resource: api });
  expect((await verify(tokens.access_token, api)).payload.scope).toBe('read');
  const refused = await reachCallback(kiosk, { ...person, parameters: { scope: 'openid book', resource: tours } });
  expect(answerIn(refused.callback).error).toBe('invalid_target');
});

test('a client gets no standard scope its registration does not name', async () => {
  const kiosk = await createRelyingParty({
    issuer: portico.issuer,
    clientId: 'kiosk',
    clientSecret: 'secret of kiosk',
    redirectUri: 'https://kiosk.example/',
  });
  const { callback } = await reachCallback(kiosk, { ...person, parameters: { scope: 'openid phone' } });
  expect(answerIn(callback).error).toBe('invalid_scope');
});

test("another company's app gets nothing of an API by default", async () => {
  const { callback } = await reachCallback(await party(portico.issuer, 'partner'), {
    ...person,
    parameters: { scope: 'openid read', resource: api },
  });
  expect(answerIn(callback).error).toBe('invalid_target');
});

const asService = (id: string, more: Record<string, string>) =>
  send(`${portico.issuer}/token`, { form: { grant_type: 'client_credentials', ...more }, headers: basic(id, `secret of ${id}`) });

test('a service gets a token for an API in its own name', async () => {
  const { json } = await asService('warehouse', { resource: api, scope: 'read write' });
  const { payload } = await verify(json.access_token as string, api);
  expect(payload).toMatchObject({ sub: 'warehouse', client_id: 'warehouse', scope: 'read write' });
  expect([json.refresh_token, json.id_token, json.expires_in]).toEqual([undefined, undefined, 900]);
});

test('openid-client gets it too', async () => {
  const config = await client.discovery(new URL(portico.issuer), 'warehouse', undefined, client.ClientSecretBasic('secret of warehouse'), {
    execute: [client.allowInsecureRequests],
  });
  const { access_token } = await client.clientCredentialsGrant(config, { resource: tours, scope: 'book' });
  expect((await verify(access_token, tours)).payload.scope).toBe('book');
});

test.each([
  ['reader', { resource: api, scope: 'read write' }, 'read'],
  ['guest', { resource: api, scope: 'read write' }, 'read'],
  ['warehouse', { resource: api, scope: 'read book' }, 'read'],
])('%s gets no scope beyond its own', async (id, form, scope) => {
  const { json } = await asService(id, form);
  expect((await verify(json.access_token as string, api)).payload.scope).toBe(scope);
});

test.each([
  ['reader', { resource: tours, scope: 'book' }],
  ['agency', { resource: api, scope: 'read' }],
  ['guest', { resource: tours, scope: 'book' }],
  ['warehouse', { resource: 'https://unknown.example', scope: 'read' }],
])('%s gets no token for an API it has nothing to do with', async (id, form) => {
  const answer = await asService(id, form);
  expect([answer.status, answer.json.error]).toEqual([400, 'invalid_target']);
});

test('a service asks for one API at a time', async () => {
  const form: [string, string][] = [
    ['grant_type', 'client_credentials'],
    ['resource', api],
    ['resource', tours],
  ];
  const answer = await send(`${portico.issuer}/token`, { form, headers: basic('warehouse', 'secret of warehouse') });
  expect([answer.status, answer.json.error]).toEqual([400, 'invalid_target']);
});

test("a service's own token says nothing about people", async () => {
  const { json } = await asService('warehouse', { scope: 'openid email' });
  expect((await userinfo(json.access_token as string)).status).toBe(401);
});

test.each([
  ['client_credentials', 'shop', secrets.shop as string],
  ['password', 'shop', secrets.shop as string],
  ['authorization_code', 'warehouse', 'secret of warehouse'],
  ['refresh_token', 'warehouse', 'secret of warehouse'],
  ['urn:ietf:params:oauth:grant-type:token-exchange', 'shop', secrets.shop as string],
  ['__proto__', 'shop', secrets.shop as string],
])('the grant %s is not for %s', async (grant_type, id, secret) => {
  const form = {
    grant_type,
    username: person.email,
    password: 'x',
    code: 'x',
    refresh_token: 'x',
    redirect_uri: 'https://shop.example/callback',
  };
  const answer = await send(`${portico.issuer}/token`, { form, headers: basic(id, secret) });
  expect([answer.status, answer.json.error]).toEqual([
    400,
    expect.stringMatching(/^(unauthorized_client|unsupported_grant_type|invalid_request)$/),
  ]);
});

test('a second sign-in of the same session for another API adds to what was granted', async () => {
  const app = await shop();
  const first = await obtainTokens(app, { ...person, parameters: { scope: 'openid read', resource: api } });
  const second = await obtainTokens(app, { ...person, browser: first.browser, parameters: { scope: 'openid book', resource: tours } });
  const one = await client.refreshTokenGrant(app.config, first.tokens.refresh_token as string, { resource: api });
  const other = await client.refreshTokenGrant(app.config, second.tokens.refresh_token as string, { resource: tours });
  expect((await verify(one.access_token, api)).payload.scope).toBe('read');
  expect((await verify(other.access_token, tours)).payload.scope).toBe('book');
});
