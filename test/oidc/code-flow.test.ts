import * as client from 'openid-client';
import { callbacks, clientsOfTest, party, secrets } from '../support/clients.ts';
import { Browser } from '../support/http-browser.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { answerIn, basic, createAccount, enter, obtainTokens, reachCallback, send } from '../support/protocol.ts';
import { createRelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
const person = { email: 'ada@nightfall.example' };
const legacy = { clientId: 'legacy', clientSecret: 'the secret of the old shop', redirectUri: 'https://old.example/callback' };

beforeAll(async () => {
  const old = { client_id: legacy.clientId, redirect_uris: [legacy.redirectUri], require_pkce: false };
  const clients = [...clientsOfTest, { kind: 'web' as const, metadata: old, secret: legacy.clientSecret }];
  portico = await startPortico({ brands: [{ ...demoBrand, clients }] });
  await createAccount(portico, person);
});
afterAll(() => portico.stop());

/** A code of the shop, and a way to redeem it with whatever parameters. */
async function newCode(parameters: Record<string, string> = {}) {
  const { begun, callback } = await reachCallback(await party(portico.issuer, 'shop'), { ...person, parameters });
  const { code = '' } = answerIn(callback);
  const redeem = (more: Record<string, string>) =>
    send(`${portico.issuer}/token`, {
      form: { grant_type: 'authorization_code', code, redirect_uri: callbacks.shop, ...more },
      headers: basic('shop', secrets.shop as string),
    });
  return { begun, callback, redeem };
}

/** Where an authorization request with these parameters ends, nobody being signed in. */
async function request(parameters: Record<string, string | undefined>) {
  const shop = await party(portico.issuer, 'shop');
  const url = new URL((await shop.begin()).url);
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return new Browser(portico.issuer).get(url.href);
}

test.each([
  ['is missing', {}],
  ['is another one', { code_verifier: 'another-verifier-that-is-long-enough-to-be-one' }],
  ['is too short', { code_verifier: 'short' }],
  ['is empty', { code_verifier: '' }],
])('a code is not redeemed when its verifier %s', async (_, parameters: Record<string, string>) => {
  const { redeem } = await newCode();
  const answer = await redeem(parameters);
  expect(answer.status).toBe(400);
  expect(['invalid_grant', 'invalid_request']).toContain(answer.json.error);
});

test('the right verifier redeems the code, once', async () => {
  const { begun, redeem } = await newCode();
  expect((await redeem({ code_verifier: begun.verifier })).status).toBe(200);
  expect((await redeem({ code_verifier: begun.verifier })).json).toMatchObject({ error: 'invalid_grant' });
});

test('a code is redeemed only with the redirect URI it went to', async () => {
  const { begun, redeem } = await newCode();
  const answer = await redeem({ code_verifier: begun.verifier, redirect_uri: 'https://shop.example/other' });
  expect([answer.status, answer.json.error]).toEqual([400, 'invalid_grant']);
});

test('a code lives for a minute and belongs to its client', async () => {
  const { begun, callback } = await newCode();
  const foreign = await send(`${portico.issuer}/token`, {
    form: {
      grant_type: 'authorization_code',
      code: answerIn(callback).code as string,
      redirect_uri: callbacks.shop,
      code_verifier: begun.verifier,
    },
    headers: basic('radio', secrets.radio as string),
  });
  expect([foreign.status, foreign.json.error]).toEqual([400, 'invalid_grant']);
  const { rows } = await portico.db.pool.query(
    "select extract(epoch from expires_at - portico.now()) as left from portico.oidc_tokens where kind = 'AuthorizationCode' order by expires_at desc limit 1",
  );
  expect(Number(rows[0].left)).toBeLessThanOrEqual(60);
});

test.each([
  ['without a challenge', { code_challenge: undefined, code_challenge_method: undefined }],
  ['with the method plain', { code_challenge_method: 'plain' }],
  ['without a method', { code_challenge_method: undefined }],
  ['with a method alone', { code_challenge: undefined }],
  ['with a short challenge', { code_challenge: 'short' }],
  ['with a challenge of other characters', { code_challenge: `${'!'.repeat(43)}` }],
])('a request %s is refused', async (_, parameters) => {
  const page = await request(parameters);
  expect(answerIn(page.url)).toMatchObject({ error: 'invalid_request', iss: portico.issuer });
});

test('an older confidential client may do without PKCE, and then no verifier is accepted', async () => {
  const old = await createRelyingParty({ issuer: portico.issuer, ...legacy });
  const redeem = async (checks: object) => {
    const url = client.buildAuthorizationUrl(old.config, { redirect_uri: legacy.redirectUri, scope: 'openid', state: 'of the app' });
    const browser = new Browser(portico.issuer);
    const { url: callback } = await enter(browser, await browser.get(url.href), person);
    return client.authorizationCodeGrant(old.config, new URL(callback), { expectedState: 'of the app', ...checks });
  };
  expect((await redeem({})).access_token).toBeTruthy();
  await expect(redeem({ pkceCodeVerifier: client.randomPKCECodeVerifier() })).rejects.toMatchObject({ error: 'invalid_grant' });
});

test('an older client that sends a challenge has to show the verifier', async () => {
  const old = await createRelyingParty({ issuer: portico.issuer, ...legacy });
  const { callback, begun } = await reachCallback(old, person);
  const { verifier: _forgotten, ...rest } = begun;
  const checks = { expectedState: rest.state, expectedNonce: rest.nonce };
  await expect(client.authorizationCodeGrant(old.config, new URL(callback), checks)).rejects.toMatchObject({ error: 'invalid_grant' });
});

test('a public client never does without PKCE, whatever its row says', async () => {
  const metadata = { client_id: 'odd', redirect_uris: ['https://odd.example/'], token_endpoint_auth_method: 'none', require_pkce: false };
  await portico.db.pool.query(
    'insert into portico.clients (brand_id, client_id, metadata, secrets) select id, $1, $2, $3 from portico.brands',
    ['odd', JSON.stringify({ ...metadata, id_token_signed_response_alg: 'ES256' }), '[]'],
  );
  const url = `${portico.issuer}/auth?client_id=odd&response_type=code&scope=openid&redirect_uri=https://odd.example/`;
  expect(answerIn((await new Browser(portico.issuer).get(url)).url)).toMatchObject({ error: 'invalid_request' });
});

test('every answer names the issuer: success and error, in the query and in a posted form (RFC 9207)', async () => {
  const shop = await party(portico.issuer, 'shop');
  const { callback, browser } = await reachCallback(shop, person);
  expect(answerIn(callback).iss).toBe(portico.issuer);
  expect(shop.config.serverMetadata().authorization_response_iss_parameter_supported).toBe(true);
  expect(answerIn((await request({ prompt: 'none' })).url)).toMatchObject({ error: 'login_required', iss: portico.issuer });

  const posted = await browser.get((await shop.begin({ response_mode: 'form_post' })).url);
  expect(posted.form().action).toBe(callbacks.shop);
  expect(posted.form().fields).toMatchObject({ iss: portico.issuer, code: expect.any(String) });
  const refused = await request({ prompt: 'none', response_mode: 'form_post' });
  expect(refused.form().fields).toMatchObject({ iss: portico.issuer, error: 'login_required' });
});

test('openid-client takes the posted answer', async () => {
  const shop = await party(portico.issuer, 'shop');
  const begun = await shop.begin({ response_mode: 'form_post' });
  const browser = new Browser(portico.issuer);
  const page = await enter(browser, await browser.get(begun.url), person);
  expect(page.status).toBe(200);
  const posted = new Request(callbacks.shop, { method: 'POST', body: new URLSearchParams(page.form().fields) });
  expect((await shop.finish(posted, begun)).claims()?.aud).toBe('shop');
});

test('state comes back as it was sent, also with characters of every kind', async () => {
  const state = 'a b&c=d"\'<script>€😀%00';
  const { callback } = await reachCallback(await party(portico.issuer, 'shop'), { ...person, parameters: { state } });
  expect(answerIn(callback).state).toBe(state);
});

test.each(['token', 'id_token', 'code token', 'code id_token', 'none', 'nonsense'])('the response type "%s" is refused', async (type) => {
  const page = await request({ response_type: type });
  const { searchParams, hash } = new URL(page.url);
  expect(new URLSearchParams(hash.slice(1)).get('error') ?? searchParams.get('error')).toBe('unsupported_response_type');
});

test('an unknown client gets a page, and the browser stays here', async () => {
  const page = await request({ client_id: 'nobody', redirect_uri: 'https://evil.example/<script>' });
  expect(page.status).toBe(400);
  expect(page.url).toMatch(portico.issuer);
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(page.body).not.toContain('<script>');
  expect(page.text).toContain('invalid_client');
});

test.each(['client_id', 'redirect_uri', 'scope', 'state', 'response_type', 'nonce', 'code_challenge', 'prompt'])(
  'a request that names %s twice is refused',
  async (name) => {
    const shop = await party(portico.issuer, 'shop');
    const url = new URL((await shop.begin()).url);
    url.searchParams.append(name, url.searchParams.get(name) ?? 'login');
    url.searchParams.append(name, 'other');
    const page = await new Browser(portico.issuer).get(url.href);
    // Without exactly one client there is nobody to answer to; without one redirect URI the only registered one is.
    const answeredHere = name === 'client_id';
    if (answeredHere) expect(page.status).toBe(400);
    else expect(page.url).toMatch(callbacks.shop);
    expect(answeredHere ? page.text : page.url).toContain('invalid_request');
  },
);

test('the token endpoint refuses a parameter that comes twice', async () => {
  const form: [string, string][] = [
    ['grant_type', 'authorization_code'],
    ['code', 'one'],
    ['code', 'two'],
  ];
  const answer = await send(`${portico.issuer}/token`, { form, headers: basic('shop', secrets.shop as string) });
  expect([answer.status, answer.json.error]).toEqual([400, 'invalid_request']);
});

test('a request may be posted: it goes on as a GET, so that a live session is seen', async () => {
  const shop = await party(portico.issuer, 'shop');
  const { browser } = await obtainTokens(shop, person);
  const { url } = await shop.begin();
  const fields = Object.fromEntries(new URL(url).searchParams);
  const page = await browser.get(`${portico.issuer}/auth`, { method: 'POST', fields, from: 'https://shop.example/' });
  expect(page.trail).toHaveLength(3);
  expect(answerIn(page.url)).toHaveProperty('code');
});

test('a posted request that names a parameter twice is refused', async () => {
  const form: [string, string][] = [
    ['client_id', 'shop'],
    ['client_id', 'radio'],
  ];
  expect((await send(`${portico.issuer}/auth`, { form })).status).toBe(400);
});

test('nonsense in parameters is answered with 4xx and never with a fault', async () => {
  const odd = ['\0', '\ud800', '__proto__', '{}', '%', 'a'.repeat(5_000), '😀', 'a\r\nb: c'];
  for (const value of odd) {
    for (const name of ['client_id', 'scope', 'redirect_uri', 'nonce', 'login_hint', 'claims', 'resource', 'max_age', 'ui_locales']) {
      const page = await request({ [name]: value });
      expect([name, value, page.status < 500]).toEqual([name, value, true]);
    }
  }
});
