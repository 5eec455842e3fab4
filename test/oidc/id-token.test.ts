import { createHash } from 'node:crypto';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { callbacks, clientsOfTest, party, secrets } from '../support/clients.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { createAccount, obtainTokens, send } from '../support/protocol.ts';
import { createRelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
let subject: string;
const person = { email: 'ada@nightfall.example' };
const older = { clientId: 'older', clientSecret: 'the secret of the older app', redirectUri: 'https://older.example/callback' };

beforeAll(async () => {
  const metadata = { client_id: older.clientId, redirect_uris: [older.redirectUri], id_token_signed_response_alg: 'RS256' as const };
  const clients = [...clientsOfTest, { kind: 'web' as const, metadata, secret: older.clientSecret }];
  portico = await startPortico({ brands: [{ ...demoBrand, clients, algorithms: ['ES256', 'RS256'] }] });
  subject = await createAccount(portico, { ...person, claims: { name: 'Ada' } });
});
afterEach(() => resetClock(portico.database));
afterAll(() => portico.stop());

const keys = () => createRemoteJWKSet(new URL(`${portico.issuer}/jwks`));
const metadata = async () => (await send(`${portico.issuer}/.well-known/openid-configuration`)).json as Record<string, string[]>;

test('an ID token says who issued it, for whom, about whom and until when', async () => {
  const { tokens } = await obtainTokens(await party(portico.issuer, 'shop'), person);
  const { payload, protectedHeader } = await jwtVerify(tokens.id_token as string, keys(), { issuer: portico.issuer, audience: 'shop' });
  expect(protectedHeader).toMatchObject({ alg: 'ES256', kid: expect.any(String) });
  expect(payload).toMatchObject({ sub: subject, aud: 'shop', nonce: expect.any(String) });
  expect(payload.exp).toBe((payload.iat as number) + 3_600);
  expect(Math.abs((payload.iat as number) - Date.now() / 1_000)).toBeLessThan(5);
});

test('at_hash ties the ID token to its access token (OpenID Connect Core 3.1.3.6)', async () => {
  const { tokens } = await obtainTokens(await party(portico.issuer, 'shop'), person);
  const half = createHash('sha256').update(tokens.access_token).digest().subarray(0, 16).toString('base64url');
  expect(decodeJwt(tokens.id_token as string).at_hash).toBe(half);
});

test('the subject is random and no claims travel in the ID token without being asked for', async () => {
  const shop = await createRelyingParty({
    issuer: portico.issuer,
    clientId: 'shop',
    clientSecret: secrets.shop,
    redirectUri: callbacks.shop,
    scope: 'openid profile email',
  });
  const { tokens } = await obtainTokens(shop, person);
  expect(Object.keys(tokens.claims() as object).sort()).toEqual(['at_hash', 'aud', 'exp', 'iat', 'iss', 'nonce', 'sub']);
  expect(subject).toMatch(/^[0-9a-f-]{36}$/);
});

test('a client that asks for RS256 gets it', async () => {
  const app = await createRelyingParty({ issuer: portico.issuer, ...older, metadata: { id_token_signed_response_alg: 'RS256' } });
  const { tokens } = await obtainTokens(app, person);
  expect(decodeProtectedHeader(tokens.id_token as string).alg).toBe('RS256');
  await jwtVerify(tokens.id_token as string, keys(), { issuer: portico.issuer, audience: 'older' });
});

test('with max_age the ID token says when the person signed in, and an older sign-in is not enough', async () => {
  const shop = await party(portico.issuer, 'shop');
  const parameters = { max_age: '600' };
  const first = await obtainTokens(shop, { ...person, remember: true, parameters });
  const signedInAt = first.tokens.claims()?.auth_time as number;
  expect(Math.abs(signedInAt - Date.now() / 1_000)).toBeLessThan(5);

  await shiftClock(portico.database, 300);
  const second = await obtainTokens(shop, { ...person, browser: first.browser, parameters });
  expect(second.tokens.claims()?.auth_time).toBe(signedInAt);

  await shiftClock(portico.database, 600);
  const page = await first.browser.get((await shop.begin(parameters)).url);
  expect(page.text).toContain('Sign in');
  const third = await obtainTokens(shop, { ...person, browser: first.browser, parameters });
  expect(third.tokens.claims()?.auth_time).toBeGreaterThanOrEqual(signedInAt + 890);
});

test('an ID token keeps its nonce and sign-in time when it is refreshed', async () => {
  const shop = await party(portico.issuer, 'shop');
  const { tokens } = await obtainTokens(shop, { ...person, parameters: { max_age: '600' } });
  const refreshed = await shop.refresh(tokens.refresh_token as string);
  const { auth_time, sub, aud, iss } = tokens.claims() as object & Record<string, unknown>;
  expect(refreshed.claims()).toMatchObject({ auth_time, sub, aud, iss });
});

test('keys are strong and only their public halves are shown', async () => {
  const { keys } = (await send(`${portico.issuer}/jwks`)).json as { keys: Record<string, string>[] };
  expect(keys.length).toBeGreaterThanOrEqual(2);
  for (const key of keys) {
    expect(Object.keys(key).filter((member) => ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth'].includes(member))).toEqual([]);
    if (key.kty === 'EC') expect(key.crv).toBe('P-256');
    else expect(Buffer.from(key.n as string, 'base64url').length * 8).toBeGreaterThanOrEqual(3_072);
  }
});

test('discovery offers the code flow with S256 and nothing weaker', async () => {
  const found = await metadata();
  expect(found).toMatchObject({
    issuer: portico.issuer,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    subject_types_supported: ['public'],
    request_uri_parameter_supported: false,
  });
  expect(found.id_token_signing_alg_values_supported?.toSorted()).toEqual(['ES256', 'RS256']);
  expect(found.token_endpoint_auth_methods_supported?.toSorted()).toEqual([
    'client_secret_basic',
    'client_secret_post',
    'none',
    'private_key_jwt',
  ]);
  expect(found.grant_types_supported).not.toContain('implicit');
  expect(found.grant_types_supported).not.toContain('password');
  expect(found.response_modes_supported).not.toContain('web_message');
  expect(JSON.stringify(found)).not.toMatch(/HS(256|384|512)|client_secret_jwt|"none"(?!\])|implicit/);
});

test('what discovery names is there, and nothing else is named', async () => {
  const found = (await metadata()) as unknown as Record<string, string>;
  const endpoints = Object.entries(found).filter(([name]) => name.endsWith('_endpoint') || name === 'jwks_uri');
  expect(endpoints.map(([name]) => name).sort()).toEqual([
    'authorization_endpoint',
    'end_session_endpoint',
    'introspection_endpoint',
    'jwks_uri',
    'pushed_authorization_request_endpoint',
    'revocation_endpoint',
    'token_endpoint',
    'userinfo_endpoint',
  ]);
  for (const [, url] of endpoints) {
    expect(url.startsWith(`${portico.issuer}/`)).toBe(true);
    expect((await send(url)).status).not.toBe(404);
  }
});

test('one person has the same subject at every client of the brand', async () => {
  const { tokens } = await obtainTokens(await party(portico.issuer, 'radio'), person);
  expect(tokens.claims()?.sub).toBe(subject);
});
