import { claimsOfScope } from '../../src/domain/claims.ts';
import { callbacks, clientsOfTest, secrets } from '../support/clients.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { createAccount, obtainTokens, send } from '../support/protocol.ts';
import { createRelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
let subject: string;
const person = { email: 'Ada@Nightfall.example' };
const claims = {
  name: 'Augusta Ada King',
  given_name: 'Ada',
  family_name: 'King',
  middle_name: 'Augusta',
  nickname: 'Ada',
  preferred_username: 'ada',
  profile: 'https://nightfall.example/ada',
  picture: 'https://nightfall.example/ada.png',
  website: 'https://ada.example/',
  gender: 'female',
  birthdate: '1815-12-10',
  zoneinfo: 'Europe/London',
  locale: 'en-GB',
  phone_number: '+442071234567',
  phone_number_verified: true,
  address: {
    formatted: '12 St James’s Square\nLondon SW1Y 4JH',
    street_address: '12 St James’s Square',
    locality: 'London',
    region: 'Greater London',
    postal_code: 'SW1Y 4JH',
    country: 'GB',
  },
};

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
  subject = await createAccount(portico, { ...person, claims, emailVerified: true });
  await createAccount(portico, { email: 'bare@nightfall.example' });
});
afterAll(() => portico.stop());

const shop = (scope: string) =>
  createRelyingParty({ issuer: portico.issuer, clientId: 'shop', clientSecret: secrets.shop, redirectUri: callbacks.shop, scope });

async function learn(scope: string, parameters: Record<string, string> = {}, email = person.email) {
  const app = await shop(scope);
  const { tokens } = await obtainTokens(app, { email, parameters });
  return { app, tokens, userinfo: await app.userinfo(tokens) };
}

test.each(['profile', 'email', 'phone', 'address'] as const)('the scope %s releases all of its claims and no others', async (scope) => {
  const { userinfo } = await learn(`openid ${scope}`);
  expect(Object.keys(userinfo).sort()).toEqual(['sub', ...claimsOfScope[scope]].sort());
  const all: Record<string, unknown> = { ...claims, email: 'Ada@nightfall.example', email_verified: true, sub: subject };
  for (const [name, value] of Object.entries(userinfo)) {
    if (name === 'updated_at') expect(Math.abs((value as number) - Date.now() / 1_000)).toBeLessThan(60);
    else expect([name, value]).toEqual([name, all[name]]);
  }
});

test('openid alone releases the subject', async () => {
  expect((await learn('openid')).userinfo).toEqual({ sub: subject });
});

test('claims without a value are left out', async () => {
  const { userinfo } = await learn('openid profile email phone address', {}, 'bare@nightfall.example');
  expect(Object.keys(userinfo).sort()).toEqual(['email', 'email_verified', 'sub', 'updated_at']);
});

test('a client may ask for single claims, at userinfo and in the ID token', async () => {
  const wanted = { userinfo: { given_name: null, phone_number: { essential: true } }, id_token: { email: null, address: null } };
  const { userinfo, tokens } = await learn('openid', { claims: JSON.stringify(wanted) });
  expect(userinfo).toEqual({ sub: subject, given_name: 'Ada', phone_number: '+442071234567' });
  const { email, address, given_name } = tokens.claims() as Record<string, unknown>;
  expect([email, address, given_name]).toEqual(['Ada@nightfall.example', claims.address, undefined]);
});

test('claims that do not exist are not made up, nor found on a prototype', async () => {
  const wanted = '{"userinfo":{"favourite_record":null,"constructor":null,"toString":null,"__proto__":{"x":1}}}';
  expect((await learn('openid', { claims: wanted })).userinfo).toEqual({ sub: subject });
});

test.each(['x', '[]', '"x"', 'null', '{}', '{"userinfo":[]}', '{"id_token":"x"}'])('the claims parameter %s is refused', async (wanted) => {
  const app = await shop('openid');
  const answer = await send((await app.begin({ claims: wanted })).url);
  expect(new URL(answer.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_request');
});

test('userinfo takes the token in the header or in a posted form, and never in the address', async () => {
  const { tokens } = await learn('openid email');
  const url = `${portico.issuer}/userinfo`;
  const token = tokens.access_token;
  for (const answer of [
    await send(url, { headers: { authorization: `Bearer ${token}` } }),
    await send(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } }),
    await send(url, { form: { access_token: token } }),
  ]) {
    expect([answer.status, answer.json.sub]).toEqual([200, subject]);
    expect(answer.headers.get('cache-control')).toContain('no-store');
  }
  expect((await send(`${url}?access_token=${token}`)).status).toBeGreaterThanOrEqual(400);
});

test.each([
  ['no token', undefined],
  ['an unknown token', 'Bearer nonsense'],
  ['a client secret', `Basic ${Buffer.from('shop:the secret of the shop').toString('base64')}`],
])('userinfo with %s is refused', async (_, authorization) => {
  const answer = await send(`${portico.issuer}/userinfo`, { headers: authorization ? { authorization } : {} });
  expect([400, 401]).toContain(answer.status);
  expect(answer.json.error).toMatch(/^invalid_(token|request)$/);
  expect(answer.headers.get('www-authenticate')).toContain('Bearer');
});

test('an ID token, a refresh token or a code is no access token', async () => {
  const { tokens } = await learn('openid');
  for (const token of [tokens.id_token, tokens.refresh_token]) {
    const answer = await send(`${portico.issuer}/userinfo`, { headers: { authorization: `Bearer ${token}` } });
    expect([answer.status, answer.json.error]).toEqual([401, 'invalid_token']);
  }
});

test('what changed about a person is seen at the next look', async () => {
  const { app, tokens } = await learn('openid email', {}, 'bare@nightfall.example');
  await portico.db.pool.query("update portico.accounts set email_verified = true where email = 'bare@nightfall.example'");
  expect(await app.userinfo(tokens)).toMatchObject({ email_verified: true });
});
