// Requests by value (RFC 9101): signed by the client, never fetched.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { clientsOfTest } from '../support/clients.ts';
import { Browser } from '../support/http-browser.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { answerIn, createAccount, enter, send } from '../support/protocol.ts';
import { createRelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
let pair: { privateKey: CryptoKey; publicKey: CryptoKey };
const person = { email: 'ada@nightfall.example' };
const redirectUri = 'https://signer.example/callback';

beforeAll(async () => {
  pair = await generateKeyPair('RS256', { extractable: true });
  const jwks = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'one', use: 'sig' }] };
  const metadata = { client_id: 'signer', redirect_uris: [redirectUri], jwks, token_endpoint_auth_method: 'none' as const };
  const without = { client_id: 'keyless', redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' as const };
  const clients = [...clientsOfTest, { kind: 'web' as const, metadata }, { kind: 'web' as const, metadata: without }];
  portico = await startPortico({ brands: [{ ...demoBrand, clients }] });
  await createAccount(portico, person);
});
afterAll(() => portico.stop());

const signer = () => createRelyingParty({ issuer: portico.issuer, clientId: 'signer', redirectUri });

async function begin(claims: Record<string, unknown> = {}) {
  const app = await signer();
  const begun = await app.begin();
  const now = Math.floor(Date.now() / 1_000);
  const usual = { iss: 'signer', aud: portico.issuer, iat: now, nbf: now, exp: now + 60 };
  return { app, begun, payload: { ...usual, ...answerIn(begun.url), ...claims } };
}

const sign = (payload: Record<string, unknown>, header: Record<string, unknown> = {}, key: CryptoKey | Uint8Array = pair.privateKey) =>
  new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'one', ...header }).sign(key);

const address = (request: string, more: Record<string, string> = {}) =>
  `${portico.issuer}/auth?${new URLSearchParams({ client_id: 'signer', request, ...more })}`;

const ask = async (request: string, more: Record<string, string> = {}) => {
  const page = await new Browser(portico.issuer).get(address(request, more));
  return page.url.startsWith(redirectUri) ? answerIn(page.url).error : page;
};

test('a signed request is answered like any other', async () => {
  const { app, begun, payload } = await begin();
  const browser = new Browser(portico.issuer);
  const { url } = await enter(browser, await browser.get(address(await sign(payload))), person);
  expect((await app.finish(url, begun)).claims()?.aud).toBe('signer');
});

test('what stands beside a signed request counts for nothing', async () => {
  const { begun, payload } = await begin();
  const beside = { redirect_uri: 'https://evil.example/', state: 'other', scope: 'openid phone', prompt: 'none' };
  const browser = new Browser(portico.issuer);
  const { url } = await enter(browser, await browser.get(address(await sign(payload), beside)), person);
  expect(url.startsWith(redirectUri)).toBe(true);
  expect(answerIn(url).state).toBe(begun.state);
});

test.each([
  ['of another issuer', { iss: 'shop' }],
  ['for another audience', { aud: 'https://elsewhere.example' }],
  ['that has expired', { exp: 1_000_000_000 }],
  ['of another client', { client_id: 'shop' }],
  ['that contains a request', { request: 'x' }],
  ['that points to a request', { request_uri: 'https://evil.example/' }],
])('a request %s is refused', async (_, claims) => {
  const { payload } = await begin(claims);
  expect(await ask(await sign(payload))).toBe('invalid_request_object');
});

test('a request is refused when it is unsigned or its signature is not the registered key’s', async () => {
  const { payload } = await begin();
  const body = Buffer.from(JSON.stringify(payload)).toString('base64url');
  const part = (header: object) => Buffer.from(JSON.stringify(header)).toString('base64url');
  const stranger = await generateKeyPair('RS256', { extractable: true });
  const publicKey = await exportSPKI(pair.publicKey);
  const own = await exportJWK(stranger.publicKey);
  for (const request of [
    `${part({ alg: 'none' })}.${body}.`,
    `${part({ alg: 'None' })}.${body}.`,
    await sign(payload, { alg: 'HS256' }, new TextEncoder().encode(publicKey)),
    await sign(payload, { alg: 'HS256' }, new TextEncoder().encode(JSON.stringify(await exportJWK(pair.publicKey)))),
    await sign(payload, { alg: 'HS256' }, new TextEncoder().encode('stored-as-a-digest')),
    await sign(payload, {}, stranger.privateKey),
    await sign(payload, { jwk: own }, stranger.privateKey),
    await sign(payload, { kid: '../../dev/null' }, stranger.privateKey),
    (await sign(payload)).replace(/\.[^.]*$/, '.c2ln'),
    'x',
    'x.y.z',
  ]) {
    expect(await ask(request)).toBe('invalid_request_object');
  }
});

test('a client without keys cannot sign', async () => {
  const { payload } = await begin({ iss: 'keyless', client_id: 'keyless' });
  const answer = await send(address(await sign(payload), { client_id: 'keyless' }));
  expect(answer.headers.get('location')).toContain('error=invalid_request_object');
});

test('nothing is ever fetched: neither request_uri, nor jku, nor x5u', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end('{"keys":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { payload } = await begin();
  const stranger = await generateKeyPair('RS256');
  expect(await ask(await sign(payload, { jku: url, x5u: url }, stranger.privateKey))).toBe('invalid_request_object');
  for (const pointer of [url, 'https://evil.example/', 'file:///etc/passwd', 'urn:x']) {
    const answer = await send(
      `${portico.issuer}/auth?client_id=signer&response_type=code&scope=openid&request_uri=${encodeURIComponent(pointer)}`,
    );
    expect([answer.status, answer.headers.get('location')]).toEqual([303, expect.stringContaining('error=request_uri_not_supported')]);
  }
  await new Promise((resolve) => server.close(resolve));
  expect(asked).toEqual([]);
});
