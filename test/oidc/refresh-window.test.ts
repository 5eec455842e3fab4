// A lost answer, or two tabs at once, must not sign a phone out; a stolen token must.
import { clientsOfTest, party } from '../support/clients.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { type Answer, createAccount, obtainTokens, send } from '../support/protocol.ts';

let portico: RunningPortico;
const person = { email: 'ada@nightfall.example' };

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
  await createAccount(portico, person);
});
afterEach(() => resetClock(portico.database));
afterAll(() => portico.stop());

const refresh = (token: unknown, clientId = 'phone'): Promise<Answer> =>
  send(`${portico.issuer}/token`, { form: { grant_type: 'refresh_token', client_id: clientId, refresh_token: String(token) } });

async function phone(): Promise<string> {
  const { tokens } = await obtainTokens(await party(portico.issuer, 'phone'), person);
  return String(tokens.refresh_token);
}

async function rows(): Promise<number> {
  const { rows } = await portico.db.pool.query("select count(*)::int as count from portico.oidc_tokens where kind = 'RefreshToken'");
  return rows[0].count;
}

test('20 uses at once get the same successor, and there is one row of it', async () => {
  const first = await phone();
  const before = await rows();
  const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(first)));
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
  expect(new Set(answers.map(({ json }) => json.refresh_token)).size).toBe(1);
  expect(await rows()).toBe(before + 1);
  expect((await refresh(answers[0]?.json.refresh_token)).status).toBe(200);
});

test('an answer that got lost is given again within the window, however often', async () => {
  const first = await phone();
  const { json } = await refresh(first);
  for (const seconds of [1, 4, 4]) {
    await shiftClock(portico.database, seconds);
    const again = await refresh(first);
    expect([again.status, again.json.refresh_token]).toEqual([200, json.refresh_token]);
  }
});

test('past the window it is reuse, and the family ends', async () => {
  const first = await phone();
  const { json } = await refresh(first);
  await shiftClock(portico.database, 11);
  expect((await refresh(first)).json.error).toBe('invalid_grant');
  expect((await refresh(json.refresh_token)).json.error).toBe('invalid_grant');
});

test('once the successor was used it is reuse, and the family ends', async () => {
  const first = await phone();
  const second = (await refresh(first)).json.refresh_token;
  const third = (await refresh(second)).json.refresh_token;
  expect((await refresh(first)).json.error).toBe('invalid_grant');
  expect((await refresh(third)).json.error).toBe('invalid_grant');
});

test('two generations on it is reuse, although the one between is forgiven', async () => {
  const first = await phone();
  const second = (await refresh(first)).json.refresh_token;
  const third = (await refresh(second)).json.refresh_token;
  expect((await refresh(second)).json.refresh_token).toBe(third);
  expect((await refresh(first)).json.error).toBe('invalid_grant');
  expect((await refresh(second)).json.error).toBe('invalid_grant');
});

test('the window is the client’s own: another client gets nothing', async () => {
  const first = await phone();
  await refresh(first);
  expect((await refresh(first, 'shop')).status).toBe(401);
  expect((await refresh(first)).status).toBe(200);
});

test('the successor is not what is stored, and nobody can foresee it from what is', async () => {
  const first = await phone();
  const second = String((await refresh(first)).json.refresh_token);
  expect(second).toMatch(/^[\w-]{43}$/);
  const { rows } = await portico.db.pool.query("select payload::text || encode(id, 'escape') as row from portico.oidc_tokens");
  expect(rows.filter(({ row }) => row.includes(second) || row.includes(first))).toEqual([]);
});
