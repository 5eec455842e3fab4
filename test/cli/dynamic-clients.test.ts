// A client that registered itself is a client like any other to the operator.
import { exportJWK, generateKeyPair } from 'jose';
import { demoBrand, limits, type RunningPortico, startPortico } from '../support/portico.ts';
import { basic, send } from '../support/protocol.ts';
import { type CommandLine, commandLine } from './command-line.ts';

let portico: RunningPortico;
let run: CommandLine;

beforeAll(async () => {
  portico = await startPortico({
    brands: [{ ...demoBrand, settings: { dynamicRegistration: true, limits }, algorithms: ['ES256', 'RS256'] }],
  });
  run = commandLine(portico);
});
afterAll(() => portico.stop());

const metadata = {
  redirect_uris: ['https://stranger.example/callback'],
  client_name: 'A stranger',
  contacts: ['ada@stranger.example'],
  default_max_age: 600,
  require_auth_time: true,
  request_object_signing_alg: 'ES256',
  jwks: { keys: [await exportJWK((await generateKeyPair('ES256')).publicKey)] },
};

/** What the library shows beside the metadata, and renews. */
function withoutPasses({ registration_client_uri: _uri, registration_access_token: _token, ...shown }: Record<string, unknown>) {
  const { client_secret: _secret, ...rest } = shown;
  return rest;
}

test('a registered client reads the same at its own address, before and after an update of its own', async () => {
  const registered = await send(`${portico.issuer}/reg`, { json: metadata });
  expect([registered.status, registered.json]).toEqual([201, expect.objectContaining(metadata)]);
  const { registration_client_uri: uri, registration_access_token: token, client_id_issued_at: issuedAt } = registered.json;
  expect(issuedAt).toEqual(expect.any(Number));
  const headers = { authorization: `Bearer ${token}` };
  const read = await send(String(uri), { headers });
  expect(withoutPasses(read.json)).toEqual(withoutPasses(registered.json));

  const { client_id_issued_at: _at, client_secret_expires_at: _end, ...editable } = withoutPasses(read.json);
  const updated = await send(String(uri), { method: 'PUT', json: editable, headers });
  expect([updated.status, withoutPasses(updated.json)]).toEqual([200, withoutPasses(read.json)]);
});

test('an operator changes a registered client, and its secret and its own members stay', async () => {
  const registered = await send(`${portico.issuer}/reg`, { json: metadata });
  const id = String(registered.json.client_id);
  // One id in 64 begins with a dash, which says option anywhere else.
  const ran = await run(['client', 'update', '--name', 'A known stranger', '--json', '--', id]);
  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(ran.json()).toMatchObject({ ...metadata, client_id: id, client_name: 'A known stranger', dynamic: true, first_party: false });
  const answer = await send(`${portico.issuer}/token/introspection`, {
    form: { token: 'x' },
    headers: basic(id, String(registered.json.client_secret)),
  });
  expect(answer.status).toBe(200);
  const headers = { authorization: `Bearer ${registered.json.registration_access_token}` };
  const read = await send(String(registered.json.registration_client_uri), { headers });
  expect(withoutPasses(read.json)).toEqual({ ...withoutPasses(registered.json), client_name: 'A known stranger' });
});
