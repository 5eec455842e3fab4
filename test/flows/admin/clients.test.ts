import { createClient } from '../../../src/flows/admin/create-client.ts';
import { disableClient, enableClient } from '../../../src/flows/admin/disable-client.ts';
import { rotateClientSecret } from '../../../src/flows/admin/rotate-client-secret.ts';
import { updateClient } from '../../../src/flows/admin/update-client.ts';
import { compareSecret, createClientStore } from '../../../src/oidc/clients.ts';
import * as clients from '../../../src/storage/clients.ts';
import { resetClock, shiftClock } from '../../support/database.ts';
import { createOperator, type Operator, twentyAtOnce } from './operator.ts';

let operator: Operator;
beforeAll(async () => {
  operator = await createOperator();
});
afterEach(() => resetClock(operator.database));
afterAll(() => operator.close());

const service = (client_id: string) => ({ kind: 'service' as const, metadata: { client_id } });
const DAY = 86_400;

test('every change of a client raises the version of its brand', async () => {
  const brand = await operator.brand();
  const versions = [await operator.version(brand)];
  const note = async () => versions.push(await operator.version(brand));
  await createClient(operator, brand, service('a')).then(note);
  await updateClient(operator, brand, 'a', { client_name: 'A' }).then(note);
  await updateClient(operator, brand, 'a', { client_name: 'A' }).then(note);
  await rotateClientSecret(operator, brand, { clientId: 'a' }).then(note);
  await disableClient(operator, brand, 'a').then(note);
  await enableClient(operator, brand, 'a').then(note);
  expect(versions).toEqual([1, 2, 3, 3, 4, 5, 6]);
});

test('of 20 who create one client at once one does', async () => {
  const brand = await operator.brand();
  const { done, refused } = await twentyAtOnce(() => createClient(operator, brand, service('one')));
  expect(done).toHaveLength(1);
  expect(new Set(refused)).toEqual(new Set([`${brand.slug} has a client "one" already. Choose another id, or change that client.`]));
  expect(await operator.version(brand)).toBe(2);
});

test('of 20 updates at once, each of another member, none is lost', async () => {
  const brand = await operator.brand();
  await createClient(operator, brand, { kind: 'web', metadata: { client_id: 'many', redirect_uris: ['https://a.example/cb'] } });
  const members = ['client_uri', 'logo_uri', 'policy_uri', 'tos_uri'] as const;
  await twentyAtOnce((index) =>
    updateClient(operator, brand, 'many', { [members[index % 4] as string]: `https://a.example/${index % 4}` }),
  );
  const { metadata } = (await clients.find(operator.db, brand.id, 'many'))!;
  expect(members.map((member) => metadata[member])).toEqual([0, 1, 2, 3].map((index) => `https://a.example/${index}`));
});

/** Asks as the token endpoint does. */
async function accepts(brand: Parameters<typeof createClientStore>[1], clientId: string, secret: string): Promise<boolean> {
  const payload = await createClientStore(operator, brand).find(clientId);
  return payload !== undefined && compareSecret(payload, secret);
}

test('two secrets are alive for a day after a rotation, then one', async () => {
  const brand = await operator.brand();
  const { secret: old = '' } = await createClient(operator, brand, service('r'));
  const { secret } = await rotateClientSecret(operator, brand, { clientId: 'r' });
  expect(await Promise.all([old, secret, 'x'].map((each) => accepts(brand, 'r', each)))).toEqual([true, true, false]);
  await shiftClock(operator.database, DAY - 60);
  expect(await accepts(brand, 'r', old)).toBe(true);
  await shiftClock(operator.database, 120);
  expect(await Promise.all([old, secret].map((each) => accepts(brand, 'r', each)))).toEqual([false, true]);
  const { secret: third } = await rotateClientSecret(operator, brand, { clientId: 'r', graceSeconds: 0 });
  expect(await Promise.all([old, secret, third].map((each) => accepts(brand, 'r', each)))).toEqual([false, false, true]);
});

test('of 20 rotations at once one succeeds; the secret it shows and the former one work', async () => {
  const brand = await operator.brand();
  const { secret: old = '' } = await createClient(operator, brand, service('r'));
  const { done, refused } = await twentyAtOnce(() => rotateClientSecret(operator, brand, { clientId: 'r' }));
  expect(done).toHaveLength(1);
  expect(refused.every((message) => message.includes('its old one still works'))).toBe(true);
  expect(await accepts(brand, 'r', old)).toBe(true);
  expect(await accepts(brand, 'r', done[0]?.secret ?? '')).toBe(true);
  const { secret } = await rotateClientSecret(operator, brand, { clientId: 'r', force: true });
  const all = [old, done[0]?.secret ?? '', secret];
  expect(await Promise.all(all.map((each) => accepts(brand, 'r', each)))).toEqual([false, true, true]);
});

test('a client without a secret, a disabled and an unknown one are refused a rotation', async () => {
  const brand = await operator.brand();
  await createClient(operator, brand, { kind: 'spa', metadata: { client_id: 'spa', redirect_uris: ['https://a.example/cb'] } });
  await createClient(operator, brand, service('off'));
  await disableClient(operator, brand, 'off');
  const rotate = (clientId: string) => rotateClientSecret(operator, brand, { clientId });
  await expect(rotate('spa')).rejects.toThrow('"spa" authenticates with none and has no secret.');
  await expect(rotate('off')).rejects.toThrow('"off" is disabled. Enable it first.');
  await expect(rotate('nobody')).rejects.toThrow(`${brand.slug} has no client "nobody".`);
  await expect(rotateClientSecret(operator, brand, { clientId: 'spa', graceSeconds: 91 * DAY })).rejects.toThrow('0 to 90 days');
});

test('a client that stops using a secret loses it, and gets a new one when it starts again', async () => {
  const brand = await operator.brand();
  const web = { client_id: 'w', redirect_uris: ['https://a.example/cb'] };
  const { secret: first = '' } = await createClient(operator, brand, { kind: 'web', metadata: web });
  expect((await updateClient(operator, brand, 'w', { token_endpoint_auth_method: 'none' })).secret).toBeUndefined();
  expect((await clients.find(operator.db, brand.id, 'w'))?.secrets).toEqual([]);
  const { secret } = await updateClient(operator, brand, 'w', { token_endpoint_auth_method: 'client_secret_post' });
  expect(secret).toMatch(/^[\w-]{43}$/);
  expect(await accepts(brand, 'w', first)).toBe(false);
  expect(await accepts(brand, 'w', secret ?? '')).toBe(true);
});

test.each<[string, object, string]>([
  ['no address to go back to', {}, 'redirect_uris: name at least one'],
  [
    'a private key',
    { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [{ kty: 'EC', d: 'x' }] } },
    'jwks: holds a private key',
  ],
  ['private_key_jwt without keys', { token_endpoint_auth_method: 'private_key_jwt' }, 'jwks: private_key_jwt needs the public keys'],
  [
    'a public client with client_credentials',
    { token_endpoint_auth_method: 'none', grant_types: ['client_credentials'] },
    'a public client cannot',
  ],
  ['refresh_token alone', { grant_types: ['refresh_token'] }, 'grant_types: refresh_token needs authorization_code'],
  ['a wildcard', { redirect_uris: ['https://*.example/cb'] }, 'must not have a wildcard'],
  ['a path as an origin', { allowed_origins: ['https://a.example/'] }, 'https://a.example/ is not an origin'],
  [
    'a reset page with a fragment',
    { reset_urls: ['https://a.example/#token'] },
    'reset_urls: https://a.example/#token must not have a fragment',
  ],
  ['a reset page without https', { reset_urls: ['http://a.example/'] }, 'must use https (http is for loopback addresses)'],
  ['a reset page of an app scheme', { reset_urls: ['com.example.app:/reset'] }, 'must be an https address'],
  ['a reset page with a password in it', { reset_urls: ['https://a:b@a.example/'] }, 'must not carry a user name or password'],
  ['a reset page with a wildcard', { reset_urls: ['https://*.a.example/'] }, 'must not have a wildcard'],
  ['a reset page that has our parameter', { reset_urls: ['https://a.example/?publisherId=1'] }, 'must not have publisherId in its query'],
  ['a reset page of another company', { first_party: false, reset_urls: ['https://a.example/reset'] }, 'are for the brand’s own clients'],
  ['an id with spaces', { client_id: 'my client' }, 'client_id: may have letters'],
])('%s is refused', async (_what, metadata, message) => {
  const brand = await operator.brand();
  await expect(createClient(operator, brand, { kind: 'web', metadata })).rejects.toThrow(message);
  expect(await clients.list(operator.db, brand.id)).toEqual([]);
});
