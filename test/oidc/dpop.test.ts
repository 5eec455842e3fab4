import { createHash } from 'node:crypto';
import { exportJWK, SignJWT } from 'jose';
import * as client from 'openid-client';
import { clientsOfTest, party } from '../support/clients.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { createAccount, reachCallback, send } from '../support/protocol.ts';
import type { RelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
let keys: Awaited<ReturnType<typeof client.randomDPoPKeyPair>>;
const person = { email: 'ada@nightfall.example' };

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
  await createAccount(portico, person);
  keys = await client.randomDPoPKeyPair('ES256', { extractable: true });
});
afterAll(() => portico.stop());

const phone = () => party(portico.issuer, 'phone', 'https://phone.example/callback');

async function boundTokens(app: RelyingParty, pair = keys) {
  const DPoP = client.getDPoPHandle(app.config, pair);
  const { begun, callback } = await reachCallback(app, person);
  const checks = { pkceCodeVerifier: begun.verifier, expectedState: begun.state, expectedNonce: begun.nonce };
  const tokens = await client.authorizationCodeGrant(app.config, new URL(callback), checks, undefined, { DPoP });
  return { tokens, DPoP };
}

let count = 0;

async function proof(htm: string, path: string, claims: Record<string, unknown> = {}, pair = keys): Promise<string> {
  const payload = { htm, htu: portico.issuer + path, jti: `proof-${count++}`, iat: Math.floor(Date.now() / 1_000), ...claims };
  return new SignJWT(payload)
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: await exportJWK(pair.publicKey) })
    .sign(pair.privateKey);
}

const hashOf = (token: string) => createHash('sha256').update(token).digest('base64url');

const userinfo = (token: string, dpop?: string, scheme = 'DPoP') =>
  send(`${portico.issuer}/userinfo`, { headers: { authorization: `${scheme} ${token}`, ...(dpop ? { dpop } : {}) } });

test('tokens are bound to the key, and openid-client can use them', async () => {
  const app = await phone();
  const { tokens, DPoP } = await boundTokens(app);
  expect(tokens.token_type).toBe('dpop');
  const me = await client.fetchUserInfo(app.config, tokens.access_token, client.skipSubjectCheck, { DPoP });
  expect(me.email).toBe(person.email);
  expect(await app.introspect(tokens.access_token)).toMatchObject({ active: true, token_type: 'DPoP', cnf: { jkt: expect.any(String) } });
});

test('a stolen token is worth nothing without the key', async () => {
  const { tokens } = await boundTokens(await phone());
  const token = tokens.access_token;
  const thief = await client.randomDPoPKeyPair('ES256', { extractable: true });
  const ath = hashOf(token);
  expect((await userinfo(token, undefined, 'Bearer')).status).toBe(401);
  expect((await userinfo(token)).status).toBeGreaterThanOrEqual(400);
  expect((await userinfo(token, await proof('GET', '/userinfo', { ath }, thief))).status).toBe(401);
  expect((await userinfo(token, await proof('GET', '/userinfo', { ath }))).status).toBe(200);
});

test('a proof is good for one request, this request and this token', async () => {
  const { tokens } = await boundTokens(await phone());
  const token = tokens.access_token;
  const ath = hashOf(token);
  const once = await proof('GET', '/userinfo', { ath });
  expect((await userinfo(token, once)).status).toBe(200);
  expect((await userinfo(token, once)).status).toBe(401);
  for (const wrong of [
    await proof('POST', '/userinfo', { ath }),
    await proof('GET', '/token', { ath }),
    await proof('GET', '/userinfo', { ath, htu: 'https://evil.example/userinfo' }),
    await proof('GET', '/userinfo', {}),
    await proof('GET', '/userinfo', { ath: hashOf('another') }),
    await proof('GET', '/userinfo', { ath, iat: 1_000_000_000 }),
    await proof('GET', '/userinfo', { ath, jti: undefined }),
    'nonsense',
  ]) {
    expect((await userinfo(token, wrong)).status).toBeGreaterThanOrEqual(400);
  }
});

test('of 20 uses of one proof at once one succeeds', async () => {
  const { tokens } = await boundTokens(await phone());
  const once = await proof('GET', '/userinfo', { ath: hashOf(tokens.access_token) });
  const answers = await Promise.all(Array.from({ length: 20 }, () => userinfo(tokens.access_token, once)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(19).fill(401)]);
});

test('a bound token is not for the host a stranger names', async () => {
  const { tokens } = await boundTokens(await phone());
  const dpop = await proof('GET', '/userinfo', { ath: hashOf(tokens.access_token), htu: 'http://evil.example/userinfo' });
  const headers = { authorization: `DPoP ${tokens.access_token}`, dpop, 'x-forwarded-host': 'evil.example' };
  expect((await send(`${portico.issuer}/userinfo`, { headers })).status).toBe(401);
});

const refresh = (token: string | undefined, dpop?: string) =>
  send(`${portico.issuer}/token`, {
    form: { grant_type: 'refresh_token', refresh_token: token ?? '', client_id: 'phone' },
    headers: dpop ? { dpop } : {},
  });

test("a public client's refresh token is bound too", async () => {
  const { tokens } = await boundTokens(await phone());
  const thief = await client.randomDPoPKeyPair('ES256', { extractable: true });
  for (const wrong of [undefined, await proof('POST', '/token', {}, thief)]) {
    const answer = await refresh(tokens.refresh_token, wrong);
    expect([answer.status, answer.json.error]).toEqual([400, 'invalid_grant']);
  }
  const right = await refresh(tokens.refresh_token, await proof('POST', '/token'));
  expect([right.status, right.json.token_type]).toEqual([200, 'DPoP']);
  // The successor is bound as well.
  expect((await refresh(right.json.refresh_token as string)).json.error).toBe('invalid_grant');
});

test("a confidential client's refresh token is bound to its secret and may change keys", async () => {
  const app = await party(portico.issuer, 'shop');
  const { tokens } = await boundTokens(app);
  const other = client.getDPoPHandle(app.config, await client.randomDPoPKeyPair('ES256'));
  const refreshed = await client.refreshTokenGrant(app.config, tokens.refresh_token as string, undefined, { DPoP: other });
  expect(refreshed.token_type).toBe('dpop');
});

test('a request that names a key is answered only to that key (RFC 9449 10)', async () => {
  const app = await phone();
  const DPoP = client.getDPoPHandle(app.config, keys);
  const thief = client.getDPoPHandle(app.config, await client.randomDPoPKeyPair('ES256'));
  const dpop_jkt = await DPoP.calculateThumbprint();
  for (const [handle, accepted] of [[undefined, false] as const, [thief, false] as const, [DPoP, true] as const]) {
    const { begun, callback } = await reachCallback(app, { ...person, parameters: { dpop_jkt } });
    const checks = { pkceCodeVerifier: begun.verifier, expectedState: begun.state, expectedNonce: begun.nonce };
    const attempt = client.authorizationCodeGrant(app.config, new URL(callback), checks, undefined, handle ? { DPoP: handle } : {});
    if (accepted) expect((await attempt).token_type).toBe('dpop');
    else await expect(attempt).rejects.toMatchObject({ error: 'invalid_grant' });
  }
});

test.each(['none', 'HS256', 'RS256'])('a proof with the algorithm %s is refused', async (alg) => {
  const header = { typ: 'dpop+jwt', alg, jwk: await exportJWK(keys.publicKey) };
  const payload = { htm: 'POST', htu: `${portico.issuer}/token`, jti: `odd-${count++}`, iat: Math.floor(Date.now() / 1_000) };
  const parts = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const answer = await refresh('x', `${parts.join('.')}.${alg === 'none' ? '' : 'c2ln'}`);
  expect([answer.status, answer.json.error]).toEqual([400, 'invalid_dpop_proof']);
});

test('a proof that shows its private key is refused', async () => {
  const jwk = await exportJWK(keys.privateKey);
  const payload = { htm: 'POST', htu: `${portico.issuer}/token`, jti: `odd-${count++}`, iat: Math.floor(Date.now() / 1_000) };
  const signed = await new SignJWT(payload).setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk }).sign(keys.privateKey);
  expect((await refresh('x', signed)).json.error).toBe('invalid_dpop_proof');
});
