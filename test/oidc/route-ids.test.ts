import { sliceOfAccount, sliceOfId } from '../../src/domain/slices.ts';
import { accountId, type BareProvider, createBrowser, newCode, redeem, startBareProvider, webClient } from '../support/bare-provider.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let bare: BareProvider;
const slice = sliceOfAccount(accountId);

beforeAll(async () => {
  database = await createTestDatabase();
  bare = await startBareProvider(database, [webClient]);
});

afterAll(async () => {
  await bare.close();
  await database.close();
});

type Session = InstanceType<typeof bare.provider.Session> & { id: string; oldId?: string; touched?: boolean };
const newSession = () => new (bare.provider.Session as unknown as new () => Session)();

test.each(['Grant', 'AuthorizationCode', 'AccessToken', 'RefreshToken'] as const)(
  'the id of a %s carries the slice of its account',
  (model) => {
    const Model = bare.provider[model] as unknown as new (properties: object) => { generateTokenId(): string };
    const ids = Array.from({ length: 50 }, () => new Model({ accountId, clientId: 'web' }).generateTokenId());
    expect(ids.every((id) => sliceOfId(id) === slice && /^[\w-]{43}$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(50);
  },
);

test('ids that belong to no account stay as random as they were', () => {
  const ids = Array.from(
    { length: 50 },
    () => new bare.provider.ClientCredentials({ clientId: 'web' } as never) as unknown as { generateTokenId(): string },
  );
  expect(new Set(ids.map((token) => sliceOfId(token.generateTokenId()))).size).toBeGreaterThan(40);
});

test('a new session takes the slice of the account that signs in, id and uid', () => {
  const session = newSession();
  const anonymous = session.id;
  session.loginAccount({ accountId });
  expect([sliceOfId(session.id), sliceOfId(session.uid)]).toEqual([slice, slice]);
  expect(session.id).not.toBe(anonymous);
  expect(session.oldId).toBeUndefined();
});

test('a stored session is renewed under the slice of its account, and its former row is deleted', async () => {
  const stored = newSession();
  const former = stored.id;
  await stored.save(60);
  const session = (await bare.provider.Session.find(former)) as Session;
  // In this order the library signs in and renews the id (authorization/resume.js).
  session.loginAccount({ accountId });
  session.resetIdentifier();
  expect(session.oldId).toBe(former);
  expect([sliceOfId(session.id), sliceOfId(session.uid)]).toEqual([slice, slice]);
  await session.save(60);
  expect(await bare.provider.Session.find(former)).toBeUndefined();
  expect(await bare.provider.Session.findByUid(session.uid)).toMatchObject({ accountId });
});

test('who signs in again keeps the uid, so that what is bound to the session stays bound', () => {
  const session = newSession();
  session.loginAccount({ accountId });
  const { uid } = session;
  session.loginAccount({ accountId });
  session.resetIdentifier();
  expect(session.uid).toBe(uid);
});

test('signing in, again and over an anonymous session, leaves one row per session', async () => {
  const browser = createBrowser(bare);
  const rows = async () =>
    (await database.db.pool.query('select slice, uid, account_id from portico.oidc_sessions where brand_id = $1', [bare.brand.id])).rows;
  await database.db.pool.query('delete from portico.oidc_sessions');
  // The sign-out page gives the browser an anonymous session first.
  await browser.visit('/session/end');
  expect(await rows()).toHaveLength(1);
  const { json } = await redeem(bare, await newCode(bare, browser));
  const [first, ...others] = await rows();
  expect(others).toEqual([]);
  expect(first).toMatchObject({ slice, account_id: accountId });
  await newCode(bare, browser);
  expect(await rows()).toEqual([first]);
  expect(sliceOfId(String(json.access_token))).toBe(slice);
  expect(sliceOfId(String(json.refresh_token))).toBe(slice);
});
