import {
  atOnce,
  authorizationParams,
  authorizationPath,
  type BareProvider,
  createBrowser,
  newCode,
  redeem,
  refresh,
  startBareProvider,
  webClient,
} from '../support/bare-provider.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let bare: BareProvider;

beforeAll(async () => {
  database = await createTestDatabase();
  bare = await startBareProvider(database, [webClient]);
});

afterAll(async () => {
  await bare.close();
  await database.close();
});

/** Every row of every table as JSON; bytea stands in it as hex. */
async function dump(): Promise<string> {
  const { pool } = database.db;
  const tables = await pool.query(`select tablename from pg_tables where schemaname = 'portico'`);
  const rows = await Promise.all(
    tables.rows.map(({ tablename }) => pool.query(`select row_to_json(t)::text as row from portico.${tablename} t`)),
  );
  return rows.flatMap((result) => result.rows.map(({ row }) => row)).join('\n');
}

function shapesOf(value: string): string[] {
  const bytes = Buffer.from(value);
  return [value, bytes.toString('hex'), bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url')];
}

/** What of the values the provider made, and of those given, stands in the database. */
async function found(given: string[] = []): Promise<string[]> {
  const content = await dump();
  const values = [...[...bare.made].map((entry) => entry.slice(entry.indexOf(' ') + 1)), ...given];
  return values.filter((value) => shapesOf(value).some((shape) => content.includes(shape)));
}

test('the search itself finds what stands there', async () => {
  await bare.send('POST', '/request', { form: authorizationParams() });
  await database.db.pool.query(`update portico.oidc_tokens set payload = payload || jsonb_build_object('leak', 'a-leaking-value')`);
  expect(await found(['a-leaking-value'])).toEqual(['a-leaking-value']);
  await database.db.pool.query(
    `update portico.oidc_tokens set payload = payload || jsonb_build_object('leak', encode('a-leaking-value', 'hex'))`,
  );
  expect(await found(['a-leaking-value'])).toEqual(['a-leaking-value']);
  await database.db.pool.query('delete from portico.oidc_tokens');
});

test('no id the provider made stands in the database while a sign-in is paused', async () => {
  const browser = createBrowser(bare);
  const pushed = await bare.send('POST', '/request', { form: authorizationParams({ login_hint: 'secret-hint@example.com' }) });
  const path = `/auth?${new URLSearchParams({ client_id: 'web', request_uri: String(pushed.json.request_uri) })}`;
  await browser.follow(path, (location) => location.startsWith('/interaction/'));
  await browser.follow(authorizationPath({ login_hint: 'secret-hint@example.com' }), (location) => location.startsWith('/interaction/'));
  expect([...bare.made].map((entry) => entry.split(' ')[0])).toEqual(expect.arrayContaining(['PushedAuthorizationRequest', 'Interaction']));
  expect(await found([...browser.jar.values(), 'secret-hint@example.com', 'a-state', 'a-nonce'])).toEqual([]);
});

test('none stands there after sign-ins, refreshes, replays, sign-out, registration and half a device flow', async () => {
  const browser = createBrowser(bare);
  const code = await newCode(bare, browser);
  const tokens = await redeem(bare, code);
  await refresh(bare, tokens.json.refresh_token);
  // A second sign-in asks again while a session is alive: the interaction then knows the session.
  await browser.follow(authorizationPath(), (location) => location.startsWith('/interaction/'));
  await browser.visit('/session/end');
  await atOnce(bare, 5, () => refresh(bare, tokens.json.refresh_token));
  const device = await bare.send('POST', '/device/auth', { form: { client_id: 'web', scope: 'openid' } });
  const form = await browser.visit('/device');
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(form.body)?.[1] as string;
  await browser.visit('/device', { method: 'POST', form: { xsrf, user_code: String(device.json.user_code), confirm: 'yes' } });
  const initial = await new bare.provider.InitialAccessToken({}).save();
  const registered = await bare.send('POST', '/reg', { headers: { authorization: `Bearer ${initial}` }, form: {} });
  const models = new Set([...bare.made].map((entry) => entry.split(' ')[0]));
  for (const model of [
    'AuthorizationCode',
    'AccessToken',
    'RefreshToken',
    'Session',
    'DeviceCode',
    'userCode',
    'secret',
    'InitialAccessToken',
  ]) {
    expect(models).toContain(model);
  }
  expect(registered.status).toBeLessThan(500);
  const userCode = String(device.json.user_code);
  expect(
    await found([...browser.jar.values(), userCode, code, String(tokens.json.access_token), String(tokens.json.refresh_token)]),
  ).toEqual([]);
});
