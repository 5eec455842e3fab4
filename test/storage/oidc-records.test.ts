import { createHash, randomBytes } from 'node:crypto';
import { carrySlice, sliceOfAccount } from '../../src/domain/slices.ts';
import * as oidcReplays from '../../src/storage/oidc-replays.ts';
import * as oidcSessions from '../../src/storage/oidc-sessions.ts';
import * as oidcTokens from '../../src/storage/oidc-tokens.ts';
import { accountId, createBrand } from '../support/bare-provider.ts';
import { createTestDatabase, resetClock, shiftClock, type TestDatabase } from '../support/database.ts';
import { written } from '../support/writes.ts';

const stranger = '7a0f0a3e-52a1-4c8e-9d7c-0b5f6a7c1234';
const inAnHour = () => Date.now() / 1000 + 3600;
let database: TestDatabase;
let brandId: number;

beforeAll(async () => {
  database = await createTestDatabase();
  brandId = (await createBrand(database, 'https://id.example.com')).id;
});

afterEach(() => resetClock(database));
afterAll(() => database.close());

const rowKey = (of = accountId) => ({ slice: sliceOfAccount(of), id: createHash('sha256').update(randomBytes(8)).digest() });

async function session(
  of: string,
  clients: string[],
  uid = carrySlice(randomBytes(32).toString('base64url'), sliceOfAccount(of)),
): Promise<string> {
  const authorizations = Object.fromEntries(clients.map((client) => [client, { sid: `${client}-${uid}`, grantId: 'g' }]));
  const row = { uid, accountId: of, payload: JSON.stringify({ authorizations }), expiresAt: inAnHour() };
  await written(database.db, brandId, { kind: 'save_session', key: rowKey(of), session: row });
  return uid;
}

test('the sessions of an account are listed with their clients, and those of another in the same slice are not', async () => {
  const first = await session(accountId, ['web', 'app']);
  const second = await session(accountId, []);
  await session(stranger, ['web']);
  const listed = await oidcSessions.listOf(database.db, brandId, accountId);
  expect(listed.map(({ uid }) => uid)).toEqual([second, first]);
  expect(listed[1]).toMatchObject({ clientIds: ['app', 'web'], createdAt: expect.any(Date), expiresAt: expect.any(Date) });
  expect(await oidcSessions.listOf(database.db, brandId + 1, accountId)).toEqual([]);
});

test('a session keeps what it was last seen by, also when a later write knows nothing; an old version’s tells nothing', async () => {
  const key = rowKey();
  const uid = carrySlice(randomBytes(32).toString('base64url'), sliceOfAccount(accountId));
  const row = { uid, accountId, payload: '{}', expiresAt: inAnHour() };
  const read = async () => (await oidcSessions.listOf(database.db, brandId, accountId)).find((one) => one.uid === uid);
  await written(database.db, brandId, { kind: 'save_session', key, session: { ...row, device: 'Safari/iPhone', network: '192.0.2.0/24' } });
  await shiftClock(database, 60);
  await written(database.db, brandId, { kind: 'update_session', key, session: row });
  const kept = await read();
  expect(kept).toMatchObject({ device: 'Safari/iPhone', network: '192.0.2.0/24' });
  expect(kept!.usedAt!.getTime() - kept!.createdAt.getTime()).toBeGreaterThan(59_000);
  await written(database.db, brandId, { kind: 'update_session', key, session: { ...row, network: '198.51.100.0/24' } });
  expect(await read()).toMatchObject({ device: 'Safari/iPhone', network: '198.51.100.0/24' });
  await database.db.pool.query('update portico.oidc_sessions set device = null, network = null, used_at = null where uid = $1', [uid]);
  expect(await read()).toMatchObject({ device: null, network: null, usedAt: null });
  await oidcSessions.end(database.db, brandId, accountId, uid);
});

test('one session is ended by its account and by nobody else', async () => {
  const uid = await session(accountId, ['web']);
  expect(await oidcSessions.end(database.db, brandId, stranger, uid)).toBeUndefined();
  const ended = [{ clientId: 'web', sid: `web-${uid}`, accountId }];
  expect(await oidcSessions.end(database.db, brandId, accountId, uid)).toEqual({ ended, grantIds: ['g'] });
  expect(await oidcSessions.findByUid(database.db, brandId, uid)).toBeUndefined();
});

test('ending all sessions says once whom to tell, also when two tabs left two rows of one session', async () => {
  await oidcSessions.endAllOf(database.db, brandId, accountId);
  const twin = await session(accountId, ['web']);
  await session(accountId, ['web', 'app'], twin);
  const other = await session(accountId, ['web']);
  const ended = await oidcSessions.endAllOf(database.db, brandId, accountId);
  expect(ended).toHaveLength(3);
  expect(ended).toEqual(
    expect.arrayContaining([
      { clientId: 'web', sid: `web-${twin}`, accountId },
      { clientId: 'app', sid: `app-${twin}`, accountId },
      { clientId: 'web', sid: `web-${other}`, accountId },
    ]),
  );
  expect(await oidcSessions.listOf(database.db, brandId, accountId)).toEqual([]);
  expect(await oidcSessions.listOf(database.db, brandId, stranger)).toHaveLength(1);
});

test('a session that expired is neither found nor listed', async () => {
  const uid = await session(accountId, ['web']);
  await shiftClock(database, 3601);
  expect(await oidcSessions.findByUid(database.db, brandId, uid)).toBeUndefined();
  expect(await oidcSessions.listOf(database.db, brandId, accountId)).toEqual([]);
});

test('of 20 uses of one identifier at once one is the first, and after its end it may come again', async () => {
  const key = rowKey();
  const insert = () => oidcReplays.insert(database.db, brandId, key, Date.now() / 1000 + 60);
  const first = await Promise.all(Array.from({ length: 20 }, insert));
  expect(first.filter(Boolean)).toHaveLength(1);
  await shiftClock(database, 61);
  const again = await Promise.all(Array.from({ length: 20 }, insert));
  expect(again.filter(Boolean)).toHaveLength(1);
});

const token = (more: Partial<oidcTokens.NewToken> = {}): oidcTokens.NewToken => ({
  kind: 'RefreshToken',
  grantId: undefined,
  accountId,
  clientId: 'web',
  userCode: undefined,
  payload: '{"a": 1}',
  expiresAt: inAnHour(),
  ...more,
});

const save = (key: oidcTokens.RowKey, row = token(), lenient = false) =>
  written(database.db, brandId, { kind: 'save_token', key, token: row, lenient });
const take = (key: oidcTokens.RowKey, model: string) => written(database.db, brandId, { kind: 'spend_token', model, key });

test('of 20 takers one gets the token, and a spent token is never written again', async () => {
  const key = rowKey();
  await save(key);
  const taken = await Promise.all(Array.from({ length: 20 }, () => take(key, 'RefreshToken')));
  expect(taken.filter(Boolean)).toHaveLength(1);
  expect(await save(key, token({ payload: '{"a": 2}' }))).toBe(false);
  expect(await oidcTokens.find(database.db, brandId, key)).toMatchObject({
    payload: { a: 1 },
    consumedAt: expect.any(Number),
  });
});

test('a token is not taken as another kind, nor after its end', async () => {
  const key = rowKey();
  await save(key);
  expect(await take(key, 'AuthorizationCode')).toBe(false);
  await shiftClock(database, 3601);
  expect(await take(key, 'RefreshToken')).toBe(false);
  expect(await oidcTokens.find(database.db, brandId, key)).toBeUndefined();
});

test('what never expires is stored and found', async () => {
  const key = rowKey();
  await save(key, token({ kind: 'InitialAccessToken', accountId: undefined, expiresAt: Number.POSITIVE_INFINITY }));
  expect((await oidcTokens.find(database.db, brandId, key))?.expiresAt).toBe(Number.POSITIVE_INFINITY);
});

test('a device code goes from pending to claimed to answered, each once', async () => {
  const key = rowKey();
  const code = (payload: object) => token({ kind: 'DeviceCode', accountId: undefined, payload: JSON.stringify(payload) });
  const advance = (payload: object, from: 'pending' | 'claimed') =>
    written(database.db, brandId, { kind: 'advance_device_code', key, token: code(payload), from });
  await save(key, code({}));
  expect(await advance({ inFlight: true, error: 'access_denied' }, 'claimed')).toBe(false);
  const claims = await Promise.all(Array.from({ length: 20 }, () => advance({ inFlight: true }, 'pending')));
  expect(claims.filter(Boolean)).toHaveLength(1);
  const answers = await Promise.all(Array.from({ length: 20 }, () => advance({ inFlight: true, error: 'access_denied' }, 'claimed')));
  expect(answers.filter(Boolean)).toHaveLength(1);
  expect(await advance({ error: 'access_denied' }, 'pending')).toBe(false);
});

test('a statement writes all that was decided or, when one rule loses, nothing', async () => {
  const [spent, fresh] = [rowKey(), rowKey()];
  await save(spent);
  const rotate = () =>
    written(
      database.db,
      brandId,
      { kind: 'spend_token', model: 'RefreshToken', key: spent },
      { kind: 'save_token', key: fresh, token: token(), lenient: false },
    );
  const answers = await Promise.all(Array.from({ length: 20 }, rotate));
  expect(answers.filter(Boolean)).toHaveLength(1);
  expect(await oidcTokens.find(database.db, brandId, fresh)).toMatchObject({ consumedAt: null });
  const never = rowKey();
  const late = { kind: 'save_token', key: never, token: token(), lenient: false } as const;
  expect(await written(database.db, brandId, late, { kind: 'spend_token', model: 'RefreshToken', key: spent })).toBe(false);
  expect(await oidcTokens.find(database.db, brandId, never)).toBeUndefined();
});
