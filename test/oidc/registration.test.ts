// Dynamic registration (RFC 7591, 7592): off by default; a registered client is a stranger whose secret is shown once.
import fc from 'fast-check';
import { decodeProtectedHeader } from 'jose';
import * as client from 'openid-client';
import { Browser } from '../support/http-browser.ts';
import { demoBrand, limits, type RunningPortico, startPortico } from '../support/portico.ts';
import { answerIn, basic, createAccount, enter, obtainTokens, send } from '../support/protocol.ts';
import { createRelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
const person = { email: 'ada@nightfall.example' };
const callback = 'https://stranger.example/callback';

beforeAll(async () => {
  const settings = { dynamicRegistration: true, limits, resources: { 'https://api.nightfall.example': ['read'] } };
  portico = await startPortico({
    brands: [
      { ...demoBrand, settings, algorithms: ['ES256', 'RS256'] },
      { slug: 'off', name: 'Off', path: '/off' },
    ],
  });
  await createAccount(portico, person);
});
afterAll(() => portico.stop());

interface Registered extends Record<string, unknown> {
  client_id: string;
  client_secret: string;
  registration_client_uri: string;
  registration_access_token: string;
}

const ask = (metadata: unknown) => send(`${portico.issuer}/reg`, { json: metadata });

async function register(metadata: Record<string, unknown> = {}): Promise<Registered> {
  const answer = await ask({ redirect_uris: [callback], client_name: 'A stranger', ...metadata });
  expect([answer.status, answer.json]).toEqual([201, expect.objectContaining({ client_id: expect.any(String) })]);
  return answer.json as Registered;
}

const manage = (registered: Registered, method: string, json?: unknown, token = registered.registration_access_token) =>
  send(registered.registration_client_uri, { method, json, headers: { authorization: `Bearer ${token}` } });

const works = async ({ client_id }: Registered, secret: string) =>
  (await send(`${portico.issuer}/token/introspection`, { form: { token: 'x' }, headers: basic(client_id, secret) })).status === 200;

/** What the library itself adds to an answer and does not take back. */
function editable({ registration_client_uri: _uri, registration_access_token: _token, client_id_issued_at: _at, ...rest }: Registered) {
  const { client_secret_expires_at: _expires, client_secret: _secret, ...metadata } = rest as Record<string, unknown>;
  return metadata;
}

test('it is off unless the brand switches it on', async () => {
  const answer = await send(`${portico.issuers.off}/reg`, { json: { redirect_uris: [callback] } });
  expect(answer.status).toBe(404);
  const found = (await send(`${portico.issuers.off}/.well-known/openid-configuration`)).json;
  expect(found.registration_endpoint).toBeUndefined();
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const headers = { authorization: 'Bearer x' };
    expect((await send(`${portico.issuers.off}/reg/x`, { method, headers })).status).toBe(404);
  }
});

test('openid-client registers itself, signs people in and gets RS256', async () => {
  const config = await client.dynamicClientRegistration(new URL(portico.issuer), { redirect_uris: [callback] }, undefined, {
    execute: [client.allowInsecureRequests],
  });
  const { client_id, client_secret } = config.clientMetadata() as { client_id: string; client_secret: string };
  const app = await createRelyingParty({
    issuer: portico.issuer,
    clientId: client_id,
    clientSecret: client_secret,
    redirectUri: callback,
    metadata: { id_token_signed_response_alg: 'RS256' },
  });
  const { tokens } = await obtainTokens(app, person);
  expect(decodeProtectedHeader(tokens.id_token as string).alg).toBe('RS256');
  expect(tokens.refresh_token).toBeUndefined();
});

test('the person is always asked', async () => {
  const registered = await register({ grant_types: ['authorization_code', 'refresh_token'] });
  const app = await createRelyingParty({
    issuer: portico.issuer,
    clientId: registered.client_id,
    clientSecret: registered.client_secret,
    redirectUri: callback,
    metadata: { id_token_signed_response_alg: 'RS256' },
  });
  const browser = new Browser(portico.issuer);
  const page = await enter(browser, await browser.get((await app.begin()).url), person);
  expect(page.text).toContain('A stranger');
  expect(page.text).toContain('stranger.example');
  expect(answerIn((await browser.get((await app.begin({ prompt: 'none' })).url)).url).error).toBe('consent_required');
  const denied = await browser.submit(page, page.form('deny'));
  expect(answerIn(denied.url).error).toBe('access_denied');
});

test('the secret is shown once and stored as a digest', async () => {
  const registered = await register();
  expect(registered.client_secret.length).toBeGreaterThanOrEqual(43);
  expect(await works(registered, registered.client_secret)).toBe(true);
  const { rows } = await portico.db.pool.query('select metadata::text || secrets::text as text from portico.clients');
  expect(rows.map(({ text }) => text).join()).not.toContain(registered.client_secret);
  const read = await manage(registered, 'GET');
  expect(read.json).toMatchObject({ client_id: registered.client_id, redirect_uris: [callback] });
  expect(read.json.client_secret).toBeUndefined();
  expect(JSON.stringify(portico.logs)).not.toContain(registered.client_secret);
});

test('nothing of ours is shown: neither members, nor digests, nor the placeholder', async () => {
  const registered = await register();
  const updated = await manage(registered, 'PUT', editable(registered));
  for (const shown of [registered, (await manage(updated.json as Registered, 'GET')).json, updated.json]) {
    expect(JSON.stringify(shown)).not.toMatch(/first_party|secret_digests|stored-as-a-digest|"dynamic"|allowed_origins|require_pkce/);
  }
});

test('an update keeps the secret, whether it is repeated or not', async () => {
  let registered = await register();
  const secret = registered.client_secret;
  for (const more of [{}, { client_secret: secret }, { client_name: 'Renamed' }]) {
    const answer = await manage(registered, 'PUT', { ...editable(registered), ...more });
    expect([more, answer.status]).toEqual([more, 200]);
    registered = answer.json as Registered;
    expect(await works(registered, secret)).toBe(true);
  }
  expect(registered.client_name).toBe('Renamed');
});

test.each(['wrong', '', 'stored-as-a-digest', 1, null, ['x'], {}])('an update with the secret %j is refused', async (client_secret) => {
  const registered = await register();
  const answer = await manage(registered, 'PUT', { ...editable(registered), client_secret });
  expect([answer.status, answer.json.error]).toEqual([400, 'invalid_request']);
  expect(await works(registered, registered.client_secret)).toBe(true);
});

test('an update gives a new registration access token and the old one is dead', async () => {
  const registered = await register();
  const updated = (await manage(registered, 'PUT', editable(registered))).json as Registered;
  expect(updated.registration_access_token).not.toBe(registered.registration_access_token);
  expect((await manage(registered, 'GET')).status).toBe(401);
  expect((await manage(registered, 'GET', undefined, updated.registration_access_token)).status).toBe(200);
});

test('a client that gives its secret up and takes one again gets a new one', async () => {
  const first = await register();
  const open = (await manage(first, 'PUT', { ...editable(first), token_endpoint_auth_method: 'none' })).json as Registered;
  expect(await works(first, first.client_secret)).toBe(false);
  const again = await manage(open, 'PUT', { ...editable(open), token_endpoint_auth_method: 'client_secret_basic' });
  const { client_secret: fresh } = again.json as Registered;
  expect(await works(first, fresh)).toBe(true);
  expect(await works(first, first.client_secret)).toBe(false);
});

test('a deleted client is gone, and so is its token', async () => {
  const registered = await register();
  expect((await manage(registered, 'DELETE')).status).toBe(204);
  expect((await manage(registered, 'GET')).status).toBe(401);
  expect(await works(registered, registered.client_secret)).toBe(false);
});

test("one client's token does not open another's record, and tries end it", async () => {
  const [one, other] = [await register(), await register()];
  const token = one.registration_access_token;
  expect((await send(other.registration_client_uri, { headers: { authorization: `Bearer ${token}` } })).status).toBe(401);
  expect((await manage(other, 'GET')).status).toBe(200);
  for (const headers of [{}, { authorization: 'Bearer nonsense' }] as Record<string, string>[])
    for (const method of ['GET', 'PUT', 'DELETE'])
      expect((await send(other.registration_client_uri, { method, headers })).status).toBeGreaterThanOrEqual(400);
  expect((await manage(other, 'GET')).status).toBe(200);
});

test.each([
  ['first_party', true],
  ['first_party', false],
  ['dynamic', false],
  ['allowed_origins', ['https://evil.example']],
  ['reset_urls', ['https://evil.example/']],
  ['resource_scopes', ['read']],
  ['require_pkce', false],
  ['refresh_idempotency_window', 10],
  ['secret_digests', [{ digest: 'x', expires_at: null }]],
])('a stranger cannot set %s to %j', async (member, value) => {
  const answer = await ask({ redirect_uris: [callback], [member]: value });
  expect([answer.status, answer.json.error]).toEqual([400, 'invalid_client_metadata']);
  const registered = await register();
  const updated = await manage(registered, 'PUT', { ...editable(registered), [member]: value });
  expect([updated.status, updated.json.error]).toEqual([400, 'invalid_client_metadata']);
});

test('a stranger cannot choose the id or the secret of another client', async () => {
  const victim = await register();
  const registered = await register({ client_id: victim.client_id, client_secret: 'x'.repeat(43) });
  expect(registered.client_id).not.toBe(victim.client_id);
  expect(registered.client_secret).not.toBe('x'.repeat(43));
  expect(await works(victim, victim.client_secret)).toBe(true);
});

test.each([
  ['id_token_signed_response_alg', 'none'],
  ['id_token_signed_response_alg', 'HS256'],
  ['token_endpoint_auth_method', 'client_secret_jwt'],
  ['token_endpoint_auth_method', 'tls_client_auth'],
  ['token_endpoint_auth_signing_alg', 'HS256'],
  ['request_object_signing_alg', 'none'],
  ['request_object_signing_alg', 'HS256'],
  ['response_types', ['token']],
  ['response_types', ['code id_token']],
  ['grant_types', ['implicit']],
  ['grant_types', ['password']],
  ['scope', 'openid read'],
  ['subject_type', 'pairwise'],
  ['client_uri', 'javascript:alert(1)'],
  ['logo_uri', 'data:image/svg+xml,x'],
  ['policy_uri', 'file:///etc/passwd'],
  ['backchannel_logout_uri', 'javascript:alert(1)'],
  ['initiate_login_uri', 'http://stranger.example/'],
])('%s = %j is refused', async (member, value) => {
  const answer = await ask({ redirect_uris: [callback], [member]: value });
  expect([answer.status, answer.json.error]).toEqual([400, 'invalid_client_metadata']);
});

test.each(['x', '[]', 'null', '"x"', '1', '{', '{"redirect_uris":{}}', '{"redirect_uris":[1]}', '{"redirect_uris":[]}', '{}'])(
  'the body %s is refused',
  async (body) => {
    const answer = await fetch(`${portico.issuer}/reg`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    expect(answer.status).toBe(400);
  },
);

test('a record that does not exist, or an address that is none, is no fault', async () => {
  for (const id of ['nobody', '%E0%A4%A', '%00', '__proto__', 'a'.repeat(2_000)]) {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await send(`${portico.issuer}/reg/${id}`, {
        method,
        headers: { authorization: 'Bearer x' },
        ...(method === 'PUT' ? { json: { client_secret: 'x' } } : {}),
      });
      expect([id, method, answer.status >= 400 && answer.status < 500]).toEqual([id, method, true]);
    }
  }
});

test('no dangerous redirect URI is registered, for either kind of client', async () => {
  const scheme = fc.oneof(
    fc.constantFrom(
      'javascript',
      'data',
      'file',
      'vbscript',
      'blob',
      'about',
      'ftp',
      'ws',
      'wss',
      'http',
      'intent',
      'view-source',
      'mailto',
      'tel',
    ),
    fc.stringMatching(/^[a-z][a-z0-9+-]{0,12}$/).filter((text) => text !== 'https'),
  );
  const rest = fc.constantFrom(':alert(1)', '://evil.example/', ':/callback', '://x', ':text/html,x');
  const casing = fc.constantFrom(
    (text: string) => text,
    (text: string) => text.toUpperCase(),
    (text: string) => ` ${text}`,
  );
  await fc.assert(
    fc.asyncProperty(scheme, rest, casing, fc.constantFrom('web', 'native'), async (name, tail, change, application_type) => {
      const uri = change(name + tail);
      const answer = await ask({ redirect_uris: [uri], application_type });
      expect([uri, answer.status, answer.json.error]).toEqual([uri, 400, 'invalid_redirect_uri']);
    }),
    { numRuns: 150 },
  );
});

test.each([
  ['web', 'http://stranger.example/callback'],
  ['web', 'https://stranger.example/callback#x'],
  ['web', 'https://user:password@stranger.example/'],
  ['web', 'https://*.stranger.example/'],
  ['web', 'https://stranger.example/a/../b'],
  ['web', 'com.example.app:/callback'],
  ['native', 'http://stranger.example/callback'],
  ['native', 'myapp:/callback'],
])('a %s client cannot register %s', async (application_type, uri) => {
  for (const members of [{ redirect_uris: [uri] }, { redirect_uris: [callback], post_logout_redirect_uris: [uri] }]) {
    const answer = await ask({ ...members, application_type });
    expect([answer.status, answer.json.error]).toEqual([400, expect.stringMatching(/^invalid_(redirect_uri|client_metadata)$/)]);
  }
});

test.each([
  ['web', callback],
  ['native', 'com.example.app:/callback'],
  ['native', 'http://127.0.0.1/callback'],
  ['native', 'http://[::1]:8080/callback'],
  ['native', 'https://stranger.example/app'],
])('a %s client may register %s', async (application_type, uri) => {
  const registered = await register({ application_type, redirect_uris: [uri], token_endpoint_auth_method: 'none' });
  expect(registered.client_secret).toBeUndefined();
});

test('a stranger gets nothing of the brand’s APIs', async () => {
  const registered = await register({ grant_types: ['client_credentials'], redirect_uris: [], response_types: [] });
  const answer = await send(`${portico.issuer}/token`, {
    form: { grant_type: 'client_credentials', resource: 'https://api.nightfall.example', scope: 'read' },
    headers: basic(registered.client_id, registered.client_secret),
  });
  expect([answer.status, answer.json.error]).toEqual([400, 'invalid_target']);
});

test('strangers cannot fill the table: a network registers so many clients and no more', async () => {
  const settings = { dynamicRegistration: true, limits: { ...limits, registerPerNetwork: { attempts: 5, seconds: 3_600 } } };
  const strict = await startPortico({ brands: [{ ...demoBrand, settings }] });
  try {
    const register = () =>
      send(`${strict.issuer}/reg`, {
        json: { redirect_uris: ['https://stranger.example/callback'], id_token_signed_response_alg: 'ES256' },
      });
    const answers = await Promise.all(Array.from({ length: 20 }, register));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(5);
    const refused = answers.find(({ status }) => status === 429);
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
  } finally {
    await strict.stop();
  }
});
