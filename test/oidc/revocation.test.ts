import { clientsOfTest, party, secrets } from '../support/clients.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { answerIn, basic, createAccount, obtainTokens, send } from '../support/protocol.ts';

let portico: RunningPortico;
const person = { email: 'ada@nightfall.example' };

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
  await createAccount(portico, person);
});
afterAll(() => portico.stop());

const shop = () => party(portico.issuer, 'shop');
const revoke = (token: string | undefined, headers: Record<string, string>, more: Record<string, string> = {}) =>
  send(`${portico.issuer}/token/revocation`, { form: { token: token ?? '', ...more }, headers });
const asShop = () => basic('shop', secrets.shop as string);

test('revoking an access token leaves what the person allowed', async () => {
  const partner = await party(portico.issuer, 'partner');
  const { tokens, browser } = await obtainTokens(partner, person);
  await partner.revoke(tokens.access_token);
  await expect(partner.userinfo(tokens)).rejects.toMatchObject({ status: 401 });
  // Nobody is asked again.
  const { url } = await browser.get((await partner.begin()).url);
  expect(answerIn(url)).toHaveProperty('code');
});

test('revoking a refresh token ends the family', async () => {
  const app = await shop();
  const { tokens } = await obtainTokens(app, person);
  const second = await app.refresh(tokens.refresh_token as string);
  await app.revoke(second.refresh_token as string);
  await expect(app.refresh(second.refresh_token as string)).rejects.toMatchObject({ error: 'invalid_grant' });
  await expect(app.userinfo(second)).rejects.toMatchObject({ status: 401 });
  await expect(app.userinfo(tokens)).rejects.toMatchObject({ status: 401 });
});

test('a wrong hint changes nothing', async () => {
  const app = await shop();
  const { tokens } = await obtainTokens(app, person);
  expect((await revoke(tokens.refresh_token, asShop(), { token_type_hint: 'access_token' })).status).toBe(200);
  await expect(app.refresh(tokens.refresh_token as string)).rejects.toMatchObject({ error: 'invalid_grant' });
});

test("nobody revokes another client's token", async () => {
  const app = await shop();
  const { tokens } = await obtainTokens(app, person);
  const foreign = await revoke(tokens.refresh_token, basic('radio', secrets.radio as string));
  expect([foreign.status, foreign.json.error]).toEqual([400, 'invalid_request']);
  await revoke(tokens.refresh_token, {}, { client_id: 'phone' });
  expect((await revoke(tokens.refresh_token, basic('shop', 'wrong'))).status).toBe(401);
  expect((await app.refresh(tokens.refresh_token as string)).access_token).toBeTruthy();
});

test('a token that is unknown or already revoked is no error (RFC 7009 2.2)', async () => {
  const { tokens } = await obtainTokens(await shop(), person);
  for (const token of ['nonsense', tokens.access_token, tokens.access_token]) {
    const answer = await revoke(token, asShop());
    expect([answer.status, answer.text]).toEqual([200, '']);
  }
  expect((await revoke('', asShop())).json.error).toBe('invalid_request');
});

test('a client without a secret revokes its own', async () => {
  const phone = await party(portico.issuer, 'phone', 'https://phone.example/callback');
  const { tokens } = await obtainTokens(phone, person);
  await phone.revoke(tokens.refresh_token as string);
  await expect(phone.refresh(tokens.refresh_token as string)).rejects.toMatchObject({ error: 'invalid_grant' });
});

test('while the database is away nothing is said to be revoked (RFC 7009 2.2.1)', async () => {
  const app = await shop();
  const { tokens } = await obtainTokens(app, person);
  const { pool } = portico.db;
  const held = await Promise.all(Array.from({ length: 20 }, () => pool.connect()));
  const answers = await Promise.all([
    revoke(tokens.refresh_token, asShop()),
    send(`${portico.issuer}/token`, {
      form: { grant_type: 'refresh_token', refresh_token: tokens.refresh_token as string },
      headers: asShop(),
    }),
    send(`${portico.issuer}/userinfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } }),
  ]);
  for (const connection of held) connection.release();
  for (const answer of answers) {
    expect([answer.status, answer.json]).toEqual([503, { error: 'temporarily_unavailable', error_description: expect.any(String) }]);
    expect(answer.headers.get('retry-after')).toBe('2');
  }
  expect(await app.introspect(tokens.refresh_token as string)).toMatchObject({ active: true });
});
