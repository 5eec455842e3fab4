import { disableClient, enableClient } from '../../src/flows/admin/disable-client.ts';
import * as accounts from '../../src/storage/accounts.ts';
import * as brands from '../../src/storage/brands.ts';
import { clientsOfTest, party, secrets } from '../support/clients.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { basic, createAccount, obtainTokens, send, setClientDisabled } from '../support/protocol.ts';

let portico: RunningPortico;
let subject: string;
const person = { email: 'ada@nightfall.example' };

beforeAll(async () => {
  const dynamic = { client_id: 'stranger', redirect_uris: ['https://stranger.example/'], first_party: false, dynamic: true };
  const list = [...clientsOfTest, { kind: 'web' as const, metadata: dynamic, secret: 'secret of the stranger' }];
  portico = await startPortico({ brands: [{ ...demoBrand, clients: list }] });
  subject = await createAccount(portico, person);
});
afterEach(() => resetClock(portico.database));
afterAll(() => portico.stop());

const shop = () => party(portico.issuer, 'shop');
const introspect = (token: string | undefined, headers: Record<string, string>, more: Record<string, string> = {}) =>
  send(`${portico.issuer}/token/introspection`, { form: { token: token ?? '', ...more }, headers });
const asRadio = () => basic('radio', secrets.radio as string);

test('a client learns what its own tokens are worth', async () => {
  const app = await shop();
  const { tokens } = await obtainTokens(app, person);
  expect(await app.introspect(tokens.access_token)).toMatchObject({
    active: true,
    sub: subject,
    client_id: 'shop',
    scope: 'openid email',
    token_type: 'Bearer',
    iss: portico.issuer,
  });
  expect(await app.introspect(tokens.refresh_token as string)).toMatchObject({ active: true, client_id: 'shop' });
});

test('an API of the brand may look at what it was shown; the token itself is not repeated', async () => {
  const { tokens } = await obtainTokens(await shop(), person);
  const answer = await introspect(tokens.access_token, asRadio());
  expect(answer.json).toMatchObject({ active: true, client_id: 'shop', sub: subject });
  expect(answer.text).not.toContain(tokens.access_token);
  expect(answer.headers.get('cache-control')).toContain('no-store');
});

test('a public client sees its own tokens only', async () => {
  const { tokens } = await obtainTokens(await shop(), person);
  expect((await introspect(tokens.access_token, {}, { client_id: 'phone' })).json).toEqual({ active: false });
  const phone = await party(portico.issuer, 'phone', 'https://phone.example/callback');
  const own = await obtainTokens(phone, person);
  expect(await phone.introspect(own.tokens.access_token)).toMatchObject({ active: true, client_id: 'phone' });
});

test('a client that anybody could register sees its own tokens only', async () => {
  const { tokens } = await obtainTokens(await shop(), person);
  expect((await introspect(tokens.access_token, basic('stranger', 'secret of the stranger'))).json).toEqual({ active: false });
});

test('without authentication there is no answer', async () => {
  const { tokens } = await obtainTokens(await shop(), person);
  expect((await introspect(tokens.access_token, basic('shop', 'wrong'))).status).toBe(401);
  expect((await introspect(tokens.access_token, {}, { client_id: 'shop' })).status).toBe(401);
  expect((await introspect(tokens.access_token, {})).status).toBe(400);
});

test.each(['', 'nonsense', 'a'.repeat(5_000), '\0'])('an unknown token is inactive', async (token) => {
  const answer = await introspect(token, asRadio());
  expect(answer.status).toBe(token === '' ? 400 : 200);
  if (token) expect(answer.json).toEqual({ active: false });
});

test('an expired or revoked token is inactive', async () => {
  const app = await shop();
  const { tokens } = await obtainTokens(app, person);
  await app.revoke(tokens.access_token);
  expect(await app.introspect(tokens.access_token)).toEqual({ active: false });
  const other = await obtainTokens(app, person);
  await shiftClock(portico.database, 901);
  expect((await introspect(other.tokens.access_token, asRadio())).json).toEqual({ active: false });
});

test('a spent refresh token is inactive', async () => {
  const app = await shop();
  const { tokens } = await obtainTokens(app, person);
  await app.refresh(tokens.refresh_token as string);
  expect(await app.introspect(tokens.refresh_token as string)).toEqual({ active: false });
});

test("a disabled client's token is inactive, whatever is left of it, and looking at it is no fault", async () => {
  const { tokens } = await obtainTokens(await shop(), person);
  await setClientDisabled(portico, 'shop', true);
  const answer = await introspect(tokens.access_token, asRadio());
  await setClientDisabled(portico, 'shop', false);
  expect([answer.status, answer.json]).toEqual([200, { active: false }]);
});

test('disabling a client ends its tokens for good', async () => {
  const { tokens } = await obtainTokens(await shop(), person);
  const brand = await brands.findBySlug(portico.db, 'nightfall');
  if (!brand) throw new Error('no brand');
  await disableClient(portico.services, brand, 'shop');
  await enableClient(portico.services, brand, 'shop');
  expect((await introspect(tokens.access_token, asRadio())).json).toEqual({ active: false });
});

test("a disabled account's token is inactive", async () => {
  const id = await createAccount(portico, { email: 'eve@nightfall.example' });
  const { tokens } = await obtainTokens(await shop(), { email: 'eve@nightfall.example' });
  const brand = await brands.findBySlug(portico.db, 'nightfall');
  await accounts.disable(portico.db, brand?.id as number, id);
  expect((await introspect(tokens.access_token, asRadio())).json).toEqual({ active: false });
});

test('an ID token cannot be introspected', async () => {
  const { tokens } = await obtainTokens(await shop(), person);
  const answer = await introspect(tokens.id_token, asRadio());
  expect([answer.status, answer.json.error]).toEqual([400, 'unsupported_token_type']);
});
