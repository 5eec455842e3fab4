import { createHash } from 'node:crypto';
import type { Adapter, AdapterPayload } from 'oidc-provider';
import { sliceOfAccount } from '../../src/domain/slices.ts';
import { createAdapter, spentInteraction } from '../../src/oidc/adapter.ts';
import { fates, type Model } from '../../src/oidc/payloads.ts';
import { openUnit } from '../../src/oidc/unit-of-work.ts';
import * as oidcGrants from '../../src/storage/oidc-grants.ts';
import * as oidcSessions from '../../src/storage/oidc-sessions.ts';
import * as oidcTokens from '../../src/storage/oidc-tokens.ts';
import { LostRace } from '../../src/storage/unit-of-work.ts';
import {
  accountId,
  authorizationPath,
  type BareProvider,
  createBrand,
  createBrowser,
  newCode,
  redeem,
  redirectUri,
  refresh,
  services,
  startBareProvider,
  userinfo,
  webClient,
} from '../support/bare-provider.ts';
import { createTestDatabase, resetClock, shiftClock, type TestDatabase } from '../support/database.ts';
import { writing, written } from '../support/writes.ts';

let database: TestDatabase;
let bare: BareProvider;

beforeAll(async () => {
  database = await createTestDatabase();
  bare = await startBareProvider(database, [webClient]);
});

afterEach(async () => {
  bare.whileRunning.hook = undefined;
  await resetClock(database);
});

afterAll(async () => {
  await bare.close();
  await database.close();
});

type Plain = Record<string, unknown>;
interface LibraryModel {
  new (properties: Plain): { jti: string; save(ttl?: number): Promise<string> };
  IN_PAYLOAD: string[];
  find(id: string, options?: object): Promise<Plain | undefined>;
}

const models = Object.keys(fates) as Model[];
const classOf = (model: Model) => bare.provider[model] as unknown as LibraryModel;
const adapterOf = (model: string): Adapter => bare.adapterFor(model);
const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

async function savedGrant(): Promise<string> {
  const grant = new bare.provider.Grant({ accountId, clientId: 'web' });
  grant.addOIDCScope('openid');
  return grant.save();
}

test.each(models)('every member that %s may hold has been decided about', (model) => {
  expect(Object.keys(fates[model]).sort()).toEqual([...new Set(classOf(model).IN_PAYLOAD)].sort());
});

test('a model nobody decided about is refused', () => {
  expect(() => adapterOf('PreAuthorizedCode')).toThrow('nothing is decided about storing PreAuthorizedCode');
});

/** One value for each member of a model; those with a meaning to the store get a plausible one. */
function everything(model: Model, grantId: string): Plain {
  const properties: Plain = {};
  for (const member of classOf(model).IN_PAYLOAD) {
    if (!['jti', 'kind', 'iat', 'exp', 'consumed'].includes(member)) properties[member] = `a value for ${member}`;
  }
  const known: Plain = { accountId, clientId: 'web', grantId, userCode: 'BCDFGHJK', session: { accountId, uid: 'a-uid', amr: ['pwd'] } };
  for (const member of Object.keys(known)) if (member in properties) properties[member] = known[member];
  if (model === 'DeviceCode') for (const later of ['accountId', 'error', 'inFlight', 'grantId']) delete properties[later];
  if (model === 'InitialAccessToken' || model === 'RegistrationAccessToken') delete properties.policies;
  return properties;
}

test.each(models.filter((model) => !['ReplayDetection', 'Session', 'Interaction', 'Grant'].includes(model)))(
  'what goes in as %s comes out again',
  async (model) => {
    const properties = everything(model, await savedGrant());
    delete properties.expiresWithSession;
    if ('extra' in properties) properties.extra = undefined;
    const token = new (classOf(model))(properties);
    const value = await token.save(60);
    const found = await classOf(model).find(value);
    const { userCode, extra, ...expected } = properties;
    expect(found).toMatchObject({ ...expected, jti: value, kind: model });
    expect(found?.iat).toEqual(expect.any(Number));
    // Registration tokens have no end in this provider.
    if (!model.includes('Registration') && !model.includes('Initial')) expect(found?.exp).toEqual(expect.any(Number));
    if (model === 'DeviceCode') expect(await bare.provider.DeviceCode.findByUserCode('BCDFGHJK')).toMatchObject({ jti: value, userCode });
  },
);

test('an interaction comes out again, without the session id', async () => {
  const { Interaction } = bare.provider;
  const properties = everything('Interaction', 'a-grant');
  const uid = await new (classOf('Interaction') as unknown as new (id: string, payload: Plain) => { save(ttl: number): Promise<string> })(
    'an-interaction-uid-of-a-test',
    { ...properties, session: { accountId, uid: 'a-uid', cookie: 'the raw session id' } },
  ).save(60);
  const found = await Interaction.find(uid);
  expect(found).toMatchObject({ ...properties, jti: uid, session: { accountId, uid: 'a-uid' } });
  expect(found?.session).not.toHaveProperty('cookie');
});

test('a grant comes out again', async () => {
  const id = await savedGrant();
  const found = await bare.provider.Grant.find(id);
  expect(found).toMatchObject({ jti: id, accountId, clientId: 'web', openid: { scope: 'openid' } });
});

test('a session comes out again, by its id and by its uid', async () => {
  const session = new (bare.provider.Session as unknown as new () => Plain & InstanceType<typeof bare.provider.Session>)();
  session.loginAccount({ accountId, amr: ['pwd'], loginTs: 12 });
  session.grantIdFor('web', 'a-grant');
  session.state = { secret: 'for the form' };
  await session.save(60);
  const expected = {
    uid: session.uid,
    accountId,
    amr: ['pwd'],
    loginTs: 12,
    state: { secret: 'for the form' },
    authorizations: { web: { grantId: 'a-grant' } },
  };
  expect(await bare.provider.Session.find(session.jti)).toMatchObject({ ...expected, jti: session.jti });
  const byUid = await bare.provider.Session.findByUid(session.uid);
  expect(byUid).toMatchObject(expected);
  // Its id is known to the browser alone, so such a session cannot be written or ended by mistake under a new one.
  await expect(byUid?.destroy()).rejects.toThrow('can only be read');
  await expect(byUid?.persist()).rejects.toThrow('can only be read');
  await session.destroy();
  expect(await bare.provider.Session.findByUid(session.uid)).toBeUndefined();
});

test('an unknown member is sealed, never stored in clear', async () => {
  const id = `${'A'.repeat(42)}1`;
  await adapterOf('ClientCredentials').upsert(id, {
    jti: id,
    kind: 'ClientCredentials',
    iat: 1,
    exp: inAnHour(),
    news: 'something',
  } as AdapterPayload);
  const { rows } = await database.db.pool.query(`select payload::text from portico.oidc_tokens where kind = 'ClientCredentials'`);
  expect(rows.map((row) => row.payload).join()).not.toContain('something');
  expect(await adapterOf('ClientCredentials').find(id)).toMatchObject({ news: 'something', jti: id });
});

test('a row that was moved to another id or tampered with is not found, and does not break the request', async () => {
  const value = await new (classOf('PushedAuthorizationRequest'))({ request: 'sealed' }).save(60);
  await database.db.pool.query(
    `update portico.oidc_tokens set payload = payload || '{"sealed": "AAAA"}' where kind = 'PushedAuthorizationRequest'`,
  );
  expect(await classOf('PushedAuthorizationRequest').find(value)).toBeUndefined();
});

test('ids that can be none of ours never reach the database', async () => {
  database.statements.length = 0;
  for (const id of ['', 'x'.repeat(513), undefined as unknown as string]) {
    for (const model of models.filter((name) => name !== 'ReplayDetection')) expect(await adapterOf(model).find(id)).toBeUndefined();
  }
  expect(await adapterOf('Grant').find('a\0b')).toBeUndefined();
  expect(await adapterOf('Session').findByUid('a\0b')).toBeUndefined();
  expect(await adapterOf('DeviceCode').findByUserCode('a\0b')).toBeUndefined();
  expect(await adapterOf('Client').find('a\0b')).toBeUndefined();
  expect(database.statements).toEqual([]);
  // A bearer id is hashed, so a NUL is only another wrong id.
  expect(await adapterOf('AccessToken').find('a\0b')).toBeUndefined();
});

test.each(['\0', '\ud800', '\udfff'])('text that Postgres cannot hold is a bad request, not a fault (%j)', async (text) => {
  const id = `${'A'.repeat(42)}2`;
  const upsert = adapterOf('ClientCredentials').upsert(id, { iat: 1, exp: inAnHour(), scope: text });
  await expect(upsert).rejects.toMatchObject({ error: 'invalid_request', status: 400 });
});

test.each(['C:\\udata', '\\u0000', 'smile \u{1f600}', '\\\\ud800'])('other text is stored as it is (%j)', async (text) => {
  const id = `${'A'.repeat(42)}3`;
  await adapterOf('ClientCredentials').upsert(id, { iat: 1, exp: inAnHour(), scope: text });
  expect(await adapterOf('ClientCredentials').find(id)).toMatchObject({ scope: text });
});

test('revoking no grant revokes nothing', async () => {
  const { json } = await redeem(bare, await newCode(bare));
  await new (classOf('AccessToken'))({ accountId, clientId: 'web', scope: 'openid' }).save();
  const before = await count();
  for (const model of ['AccessToken', 'RefreshToken', 'AuthorizationCode', 'DeviceCode']) {
    for (const grantId of [undefined, null, '']) await adapterOf(model).revokeByGrantId(grantId as unknown as string);
  }
  expect(await count()).toBe(before);
  expect((await userinfo(bare, json.access_token)).status).toBe(200);
});

async function count(): Promise<number> {
  const { rows } = await database.db.pool.query('select count(*)::int as n from portico.oidc_tokens');
  return rows[0].n;
}

test('a token in another slice than its grant or account is refused loudly', async () => {
  const grantId = await savedGrant();
  const elsewhere = `AAA${'x'.repeat(40)}`;
  const common = { iat: 1, exp: inAnHour(), clientId: 'web' };
  await expect(adapterOf('AccessToken').upsert(elsewhere, { ...common, grantId })).rejects.toThrow('slice of the grant');
  await expect(adapterOf('RefreshToken').upsert(elsewhere, { ...common, accountId })).rejects.toThrow('slice of the account');
  await expect(adapterOf('Grant').upsert(elsewhere, { ...common, accountId })).rejects.toThrow('slice of its account');
  const session = { ...common, accountId, uid: 'a-uid' } as AdapterPayload;
  await expect(adapterOf('Session').upsert(elsewhere, session)).rejects.toThrow('slice of its account');
});

test('what expired is refused at use, with nobody sweeping', async () => {
  const { json } = await redeem(bare, await newCode(bare));
  const code = await newCode(bare);
  await shiftClock(database, 61);
  expect((await redeem(bare, code)).json.error).toBe('invalid_grant');
  expect((await userinfo(bare, json.access_token)).status).toBe(200);
  await shiftClock(database, 900);
  expect((await userinfo(bare, json.access_token)).status).toBe(401);
  await shiftClock(database, 86_400);
  expect((await refresh(bare, json.refresh_token)).json.error).toBe('invalid_grant');
  expect(await adapterOf('RefreshToken').find(String(json.refresh_token))).toBeUndefined();
});

test('a device that polls too long hears expired_token', async () => {
  const { json } = await bare.send('POST', '/device/auth', { form: { client_id: 'web', scope: 'openid' } });
  await shiftClock(database, 620);
  const form = { client_id: 'web', grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: String(json.device_code) };
  expect((await bare.send('POST', '/token', { form })).json.error).toBe('expired_token');
});

test('a pushed request is spent by the first of two sign-ins, even when both take longer than it lived', async () => {
  const pushed = await bare.send('POST', '/request', { form: Object.fromEntries(new URL(authorizationPath(), bare.issuer).searchParams) });
  const path = `/auth?${new URLSearchParams({ client_id: 'web', request_uri: String(pushed.json.request_uri) })}`;
  const browsers = [createBrowser(bare), createBrowser(bare)];
  const paused = await Promise.all(browsers.map((browser) => browser.follow(path, (location) => location.startsWith('/interaction/'))));
  await shiftClock(database, 120);
  const first = new URL(await browsers[0]!.follow(paused[0] as string));
  const second = new URL(await browsers[1]!.follow(paused[1] as string));
  expect(first.searchParams.get('code')).toEqual(expect.any(String));
  expect(second.searchParams.get('error')).toBe('invalid_request_uri');
});

test('a finished interaction is gone for the library and remembered a minute for the second click', async () => {
  const browser = createBrowser(bare);
  const paused = await browser.follow(authorizationPath(), (location) => location.startsWith('/interaction/'));
  const uid = paused.slice('/interaction/'.length);
  const find = () => spentInteraction(services(database), bare.brand, uid);
  expect(await find()).toBeUndefined();
  await browser.follow(paused);
  expect(await bare.provider.Interaction.find(uid)).toBeUndefined();
  expect(await find()).toMatchObject({ clientId: 'web', params: { redirect_uri: redirectUri, state: 'a-state' } });
  expect(await spentInteraction(services(database), await createBrand(database, 'https://other.example.com'), uid)).toBeUndefined();
  await shiftClock(database, 61);
  expect(await find()).toBeUndefined();
});

test('the second of two sign-in clicks does not bring a finished interaction back', async () => {
  const browser = createBrowser(bare);
  const paused = await browser.follow(authorizationPath(), (location) => location.startsWith('/interaction/'));
  const uid = paused.slice('/interaction/'.length);
  const late = await bare.provider.Interaction.find(uid);
  await browser.follow(paused);
  await late?.persist();
  expect(await bare.provider.Interaction.find(uid)).toBeUndefined();
});

test('a session that is ended while its request is running stays ended', async () => {
  const browser = createBrowser(bare);
  await newCode(bare, browser);
  const ended: oidcSessions.EndedSession[] = [];
  bare.whileRunning.hook = async () => {
    ended.push(...(await oidcSessions.endAllOf(database.db, bare.brand.id, accountId)));
  };
  await browser.follow(authorizationPath({ prompt: 'none' }));
  bare.whileRunning.hook = undefined;
  expect(ended).toContainEqual({ clientId: 'web', sid: expect.any(String), accountId });
  const after = new URL(await browser.follow(authorizationPath({ prompt: 'none' })));
  expect(after.searchParams.get('error')).toBe('login_required');
});

test('a grant that is revoked while its request is running stays revoked', async () => {
  const browser = createBrowser(bare);
  await newCode(bare, browser);
  const { found } = await grantDuring(browser);
  expect(found).toBe(0);
});

/** Revokes the grant between the library's read and write of it. */
async function grantDuring(browser: ReturnType<typeof createBrowser>): Promise<{ found: number }> {
  const { Grant } = bare.provider;
  const { save } = Grant.prototype;
  Grant.prototype.save = async function late(...args) {
    await oidcGrants.revokeAllOf(database.db, bare.brand.id, accountId);
    return save.apply(this, args);
  };
  try {
    await browser.follow(authorizationPath({ prompt: 'none' }));
  } finally {
    Grant.prototype.save = save;
  }
  const { rows } = await database.db.pool.query('select 1 from portico.oidc_grants where account_id = $1', [accountId]);
  return { found: rows.length };
}

test('two new clients in two tabs of one session both keep their tokens', async () => {
  const session = new (bare.provider.Session as unknown as new () => InstanceType<typeof bare.provider.Session>)();
  session.loginAccount({ accountId });
  await session.save(60);
  const base = { uid: session.uid, accountId, expiresAt: inAnHour() };
  const key = { slice: sliceOfAccount(accountId), id: createHash('sha256').update(session.jti).digest() };
  for (const client of ['first', 'second']) {
    const payload = JSON.stringify({ authorizations: { [client]: { sid: `sid of ${client}` } } });
    expect(await written(database.db, bare.brand.id, { kind: 'update_session', key, session: { ...base, payload } })).toBe(true);
  }
  const found = await bare.provider.Session.find(session.jti);
  expect(Object.keys(found?.authorizations ?? {}).sort()).toEqual(['first', 'second']);
});

test('signing out everywhere ends grants, codes and tokens of the account', async () => {
  const browser = createBrowser(bare);
  const { json } = await redeem(bare, await newCode(bare, browser));
  const code = await newCode(bare, browser);
  await oidcSessions.endAllOf(database.db, bare.brand.id, accountId);
  await oidcGrants.revokeAllOf(database.db, bare.brand.id, accountId);
  expect((await userinfo(bare, json.access_token)).status).toBe(401);
  await oidcTokens.revokeAllOf(database.db, bare.brand.id, accountId);
  expect((await redeem(bare, code)).json.error).toBe('invalid_grant');
  expect((await refresh(bare, json.refresh_token)).json.error).toBe('invalid_grant');
});

test.each(['AuthorizationCode', 'DeviceCode'] as const)(
  'whoever loses the race for a %s ends its grant, also for what the winner has yet to write',
  async (model) => {
    const grantId = await savedGrant();
    const { json } = await bare.send('POST', '/device/auth', { form: { client_id: 'web', scope: 'openid' } });
    const common = { accountId, clientId: 'web', grantId, scope: 'openid' };
    const code = model === 'DeviceCode' ? await approved(String(json.device_code), common) : await new (classOf(model))(common).save();
    const written = await new (classOf('AccessToken'))(common).save();
    await adapterOf(model).consume(code);
    expect((await userinfo(bare, written)).status).toBe(200);
    await expect(adapterOf(model).consume(code)).rejects.toMatchObject({ error: 'invalid_grant' });
    const late = await new (classOf('AccessToken'))(common).save();
    expect((await userinfo(bare, written)).status).toBe(401);
    expect((await userinfo(bare, late)).status).toBe(401);
  },
);

async function approved(value: string, answer: Plain): Promise<string> {
  const code = await bare.provider.DeviceCode.find(value);
  Object.assign(code as object, { inFlight: true });
  await code?.save();
  Object.assign(code as object, answer);
  await code?.save();
  return value;
}

test('whoever loses the race for a refresh token hears invalid_grant, and the grant lives', async () => {
  const { json } = await redeem(bare, await newCode(bare));
  await adapterOf('RefreshToken').consume(String(json.refresh_token));
  await expect(adapterOf('RefreshToken').consume(String(json.refresh_token))).rejects.toMatchObject({ error: 'invalid_grant' });
  expect((await userinfo(bare, json.access_token)).status).toBe(200);
});

test('ids of one brand mean nothing to another', async () => {
  const other = createAdapter(services(database), await createBrand(database, 'https://another.example.com'), {
    find: async () => undefined,
    upsert: async () => {},
    destroy: async () => {},
  });
  const { json } = await redeem(bare, await newCode(bare));
  const value = String(json.refresh_token);
  expect(await other('RefreshToken').find(value)).toBeUndefined();
  await expect(other('RefreshToken').consume(value)).rejects.toMatchObject({ error: 'invalid_grant' });
  await other('RefreshToken').destroy(value);
  expect((await refresh(bare, value)).status).toBe(200);
});

test('a sign-in, a refresh and userinfo cost these statements and commits, clients and accounts aside', async () => {
  const browser = createBrowser(bare);
  const counted = async (work: () => Promise<unknown>) => {
    database.statements.length = 0;
    await work();
    return { statements: database.statements.length, commits: writing(database.statements).length };
  };
  const fresh = await counted(async () => redeem(bare, await newCode(bare, browser)));
  const live = await counted(async () => redeem(bare, await newCode(bare, browser, { prompt: 'none' })));
  const tokens = await redeem(bare, await newCode(bare));
  const rotation = await counted(() => refresh(bare, tokens.json.refresh_token));
  const info = await counted(() => userinfo(bare, tokens.json.access_token));
  expect({ fresh, live, rotation, info }).toEqual({
    fresh: { statements: 8, commits: 4 },
    live: { statements: 4, commits: 2 },
    rotation: { statements: 2, commits: 1 },
    info: { statements: 1, commits: 0 },
  });
});

test('a session that was ended while a request renewed it does not come back under its new id', async () => {
  const session = new (bare.provider.Session as unknown as new () => InstanceType<typeof bare.provider.Session>)();
  session.loginAccount({ accountId });
  await session.save(60);
  const renewing = openUnit(services(database), bare.brand.id, async (unit) => {
    const found = await bare.provider.Session.find(session.jti);
    await oidcSessions.endAllOf(database.db, bare.brand.id, accountId);
    found?.resetIdentifier();
    await found?.save(60);
    await unit.commit();
  });
  await expect(renewing).rejects.toBeInstanceOf(LostRace);
  expect(await oidcSessions.listOf(database.db, bare.brand.id, accountId)).toEqual([]);
});

test('a session that was ended while it gave a code gives none', async () => {
  const session = new (bare.provider.Session as unknown as new () => InstanceType<typeof bare.provider.Session>)();
  session.loginAccount({ accountId });
  await session.save(60);
  const giving = openUnit(services(database), bare.brand.id, async (unit) => {
    const found = await bare.provider.Session.find(session.jti);
    await oidcSessions.endAllOf(database.db, bare.brand.id, accountId);
    await new (classOf('AuthorizationCode'))({ accountId, clientId: 'web', grantId: await savedGrant(), scope: 'openid' }).save();
    await found?.save(60);
    await unit.commit();
  });
  await expect(giving).rejects.toBeInstanceOf(LostRace);
});
