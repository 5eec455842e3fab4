import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import * as client from 'openid-client';
import { defaultSettings } from '../../src/domain/brands.ts';
import { rotateClientSecret } from '../../src/flows/admin/rotate-client-secret.ts';
import * as brands from '../../src/storage/brands.ts';
import * as clients from '../../src/storage/clients.ts';
import { clientsOfTest, party, secrets } from '../support/clients.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { basic, createAccount, obtainTokens, send, setClientDisabled } from '../support/protocol.ts';
import { createRelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
let key: CryptoKey;
const person = { email: 'ada@nightfall.example' };
const secret = 'the secret of the poster';

beforeAll(async () => {
  const pair = await generateKeyPair('ES256', { extractable: true });
  key = pair.privateKey;
  const jwks = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }] };
  const list = [
    ...clientsOfTest,
    web('poster', { token_endpoint_auth_method: 'client_secret_post' }, secret),
    web('signer', { token_endpoint_auth_method: 'private_key_jwt', jwks }),
    { kind: 'service' as const, metadata: { client_id: 'guessed' }, secret: 'the secret of the guessed' },
    web('odd.name-~_', {}, 'a secret: with +&% and /?'),
  ];
  const usual = { attempts: 60, seconds: 60 };
  const limits = {
    ...defaultSettings.limits,
    loginPerIdentifier: usual,
    loginPerNetwork: usual,
    registerPerNetwork: usual,
    userCodePerNetwork: usual,
  };
  const settings = { limits: { ...limits, clientFailures: { attempts: 160, seconds: 60 } } };
  portico = await startPortico({ brands: [{ ...demoBrand, clients: list }], settings });
  await createAccount(portico, person);
});
afterEach(() => resetClock(portico.database));
afterAll(() => portico.stop());

function web(id: string, more: object, secret?: string) {
  const metadata = { client_id: id, redirect_uris: ['https://app.example/callback'], ...more };
  return { kind: 'web' as const, metadata, ...(secret ? { secret } : {}) };
}

const partyWith = (clientId: string, authentication: client.ClientAuth) =>
  createRelyingParty({ issuer: portico.issuer, clientId, redirectUri: 'https://app.example/callback', authentication });

const introspect = (headers: Record<string, string>, form: Record<string, string> = {}) =>
  send(`${portico.issuer}/token/introspection`, { form: { token: 'x', ...form }, headers });

test.each([
  ['client_secret_post', 'poster', () => client.ClientSecretPost(secret)],
  ['private_key_jwt', 'signer', () => client.PrivateKeyJwt({ key, kid: 'one' })],
  // One secret, two ways to send it: which one a client library picks is not worth an outage.
  ['client_secret_basic', 'poster', () => client.ClientSecretBasic(secret)],
  ['client_secret_basic with odd characters', 'odd.name-~_', () => client.ClientSecretBasic('a secret: with +&% and /?')],
])('%s: sign-in, refresh, introspection, revocation', async (_, clientId, authentication) => {
  const app = await partyWith(clientId, authentication());
  const { tokens } = await obtainTokens(app, person);
  const refreshed = await app.refresh(tokens.refresh_token as string);
  expect(await app.introspect(refreshed.access_token)).toMatchObject({ active: true, client_id: clientId });
  await app.revoke(refreshed.refresh_token as string);
  expect(await app.introspect(refreshed.access_token)).toEqual({ active: false });
});

test('a client without a secret names itself', async () => {
  const phone = await party(portico.issuer, 'phone', 'https://phone.example/callback');
  expect((await obtainTokens(phone, person)).tokens.claims()?.aud).toBe('phone');
});

test.each([
  ['a wrong secret', basic('shop', 'wrong'), {}],
  ['an empty secret', { authorization: `Basic ${Buffer.from('shop:').toString('base64')}` }, {}],
  ['an unknown client', basic('nobody', 'x'), {}],
  ['no secret', {}, { client_id: 'shop' }],
  ['a secret for a client that has none', basic('phone', 'x'), {}],
  ['a secret for a client that signs', basic('signer', 'x'), {}],
  ["the placeholder in the secret's place", basic('shop', 'stored-as-a-digest'), {}],
  ["another client's secret", basic('shop', secrets.radio as string), {}],
])('%s is refused', async (name, headers, form) => {
  const answer = await introspect(headers as Record<string, string>, form as Record<string, string>);
  expect([answer.status, answer.json.error]).toEqual(name === 'an empty secret' ? [400, 'invalid_request'] : [401, 'invalid_client']);
  if ('authorization' in headers && answer.status === 401) expect(answer.headers.get('www-authenticate')).toContain('Basic');
});

test('two ways at once are refused', async () => {
  const answer = await introspect(basic('shop', secrets.shop as string), { client_secret: secrets.shop as string });
  expect([answer.status, answer.json.error]).toEqual([400, 'invalid_request']);
  const mixed = await introspect(basic('shop', secrets.shop as string), { client_id: 'radio' });
  expect([mixed.status, mixed.json.error]).toEqual([400, 'invalid_request']);
});

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
let count = 0;

async function assertion(
  claims: Record<string, unknown> = {},
  { alg = 'ES256', by = key }: { alg?: string; by?: CryptoKey | Uint8Array } = {},
) {
  const now = Math.floor(Date.now() / 1_000);
  const usual = { iss: 'signer', sub: 'signer', aud: portico.issuer, jti: `jti-${count++}`, iat: now, exp: now + 60 };
  return new SignJWT({ ...usual, ...claims }).setProtectedHeader({ alg, kid: 'one' }).sign(by);
}

const present = (client_assertion: string) => introspect({}, { client_assertion, client_assertion_type: assertionType });

test('a signed assertion is good once', async () => {
  const signed = await assertion();
  expect((await present(signed)).status).toBe(200);
  const again = await present(signed);
  expect([again.status, again.json.error]).toEqual([401, 'invalid_client']);
});

test.each([
  ['for another audience', { aud: 'https://elsewhere.example' }],
  ['that has expired', { exp: 1_000_000_000 }],
  ['without an end', { exp: undefined }],
  ['without an id', { jti: undefined }],
  ['of another issuer', { iss: 'shop' }],
  ['about another client', { sub: 'shop' }],
  ['that is not yet valid', { nbf: 9_999_999_999 }],
])('an assertion %s is refused', async (_, claims) => {
  const answer = await present(await assertion(claims));
  expect([answer.status, answer.json.error]).toEqual([401, 'invalid_client']);
});

test('an assertion is refused when it is signed by another key, with a shared secret, or not at all', async () => {
  const stranger = await generateKeyPair('ES256');
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await assertion()).split('.')[1]}.`;
  const publicKey = new TextEncoder().encode(JSON.stringify((await clientRow('signer'))?.metadata.jwks?.keys[0]));
  for (const wrong of [await assertion({}, { by: stranger.privateKey }), await assertion({}, { alg: 'HS256', by: publicKey }), unsigned]) {
    const answer = await present(wrong);
    expect([answer.status, answer.json.error]).toEqual([401, 'invalid_client']);
  }
});

const theBrand = async () => {
  const brand = await brands.findBySlug(portico.db, 'nightfall');
  if (!brand) throw new Error('no brand');
  return brand;
};
const clientRow = async (id: string) => clients.find(portico.db, (await theBrand()).id, id);

test('while a secret is rotated the old and the new one work; afterwards the new one', async () => {
  const { secret: fresh } = await rotateClientSecret(portico.services, await theBrand(), { clientId: 'radio', graceSeconds: 3_600 });
  const status = async (secret: string | undefined) => (await introspect(basic('radio', secret as string))).status;
  expect([await status(secrets.radio), await status(fresh)]).toEqual([200, 200]);
  await shiftClock(portico.database, 3_601);
  expect([await status(secrets.radio), await status(fresh)]).toEqual([401, 200]);
});

test('no secret stands in the database', async () => {
  const { rows } = await portico.db.pool.query('select metadata::text || secrets::text as text from portico.clients');
  const all = rows.map((row) => row.text).join('\n');
  for (const known of [...Object.values(secrets), secret]) expect(all).not.toContain(known);
});

test('a disabled client is unknown within a moment', async () => {
  const partner = await party(portico.issuer, 'partner');
  const { tokens, browser } = await obtainTokens(partner, person);
  await setClientDisabled(portico, 'partner', true);
  await expect(partner.refresh(tokens.refresh_token as string)).rejects.toMatchObject({ status: 401 });
  await expect(partner.userinfo(tokens)).rejects.toMatchObject({ status: 401 });
  const page = await browser.get((await partner.begin()).url);
  expect([page.status, page.url.startsWith(portico.issuer)]).toEqual([400, true]);
  await setClientDisabled(portico, 'partner', false);
});

const knock = (accept: string) =>
  send(`${portico.issuer}/token`, { form: { grant_type: 'client_credentials' }, headers: { ...basic('guessed', 'wrong'), accept } });

test('failures beyond the limit are told to wait; the right secret still works', async () => {
  const answers = await Promise.all(Array.from({ length: 200 }, () => knock('application/json')));
  const refused = answers.filter(({ status }) => status === 429);
  expect(answers.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(160);
  expect(refused.length).toBeGreaterThanOrEqual(40);
  for (const answer of refused) {
    expect(answer.json.error).toBe('invalid_client');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(60);
  }
  const right = await send(`${portico.issuer}/token`, {
    form: { grant_type: 'client_credentials' },
    headers: basic('guessed', 'the secret of the guessed'),
  });
  expect(right.status).toBe(200);
  // Others on the same network are not held responsible.
  expect((await introspect(basic('shop', secrets.shop as string))).status).toBe(200);
  expect((await introspect(basic('shop', 'wrong'))).status).toBe(401);
});

test('whoever claims to be a browser is counted too, and a client always gets JSON', async () => {
  const answers = await Promise.all(Array.from({ length: 200 }, () => knock('text/html')));
  expect(answers.some(({ status }) => status === 429)).toBe(true);
  expect(answers.map(({ json }) => json.error)).toEqual(answers.map(() => 'invalid_client'));
});
