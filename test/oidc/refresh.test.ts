import { setTimeout } from 'node:timers/promises';
import { clientsOfTest, party, secrets } from '../support/clients.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { basic, createAccount, obtainTokens, send } from '../support/protocol.ts';
import { createRelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
const person = { email: 'ada@nightfall.example' };
const DAY = 86_400;

beforeAll(async () => {
  const strict = {
    kind: 'native' as const,
    metadata: { client_id: 'strict', redirect_uris: ['https://strict.example/app'], refresh_idempotency_window: 0 },
  };
  portico = await startPortico({ brands: [{ ...demoBrand, clients: [...clientsOfTest, strict] }] });
  await createAccount(portico, person);
});
afterEach(() => resetClock(portico.database));
afterAll(() => portico.stop());

const shop = () => party(portico.issuer, 'shop');
const phone = () => createRelyingParty({ issuer: portico.issuer, clientId: 'strict', redirectUri: 'https://strict.example/app' });

function refreshByHand(token: string | undefined, headers: Record<string, string>, more: Record<string, string> = {}) {
  return send(`${portico.issuer}/token`, { form: { grant_type: 'refresh_token', refresh_token: token ?? '', ...more }, headers });
}

test('a refresh token comes without offline_access', async () => {
  const { tokens } = await obtainTokens(await shop(), person);
  expect(tokens.refresh_token).toBeTruthy();
  expect(tokens.scope).toBe('openid email');
});

test('every use makes a successor, also for a confidential client', async () => {
  const app = await shop();
  let { refresh_token: token } = (await obtainTokens(app, person)).tokens;
  const seen = new Set([token]);
  for (let round = 0; round < 3; round += 1) {
    const refreshed = await app.refresh(token as string);
    token = refreshed.refresh_token;
    seen.add(token);
    expect((await app.userinfo(refreshed)).sub).toBeTruthy();
  }
  expect(seen.size).toBe(4);
});

test('a refresh token that is used again ends the family, access tokens included', async () => {
  for (const app of [await shop(), await phone()]) {
    const { tokens } = await obtainTokens(app, person);
    const second = await app.refresh(tokens.refresh_token as string);
    const third = await app.refresh(second.refresh_token as string);
    await setTimeout(1_100);
    await expect(app.refresh(tokens.refresh_token as string)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(app.refresh(third.refresh_token as string)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(app.userinfo(third)).rejects.toMatchObject({ status: 401 });
  }
});

test('two uses in one moment are a lost race: the second is refused, and the family lives', async () => {
  const app = await shop();
  const { tokens } = await obtainTokens(app, person);
  const second = await app.refresh(tokens.refresh_token as string);
  await expect(app.refresh(tokens.refresh_token as string)).rejects.toMatchObject({ error: 'invalid_grant' });
  expect(await app.refresh(second.refresh_token as string)).toHaveProperty('access_token');
});

test("another client's refresh token is refused and stays good for its owner", async () => {
  const app = await shop();
  const { tokens } = await obtainTokens(app, person);
  const foreign = await refreshByHand(tokens.refresh_token, basic('radio', secrets.radio as string));
  expect([foreign.status, foreign.json.error]).toEqual([400, 'invalid_grant']);
  const unauthenticated = await refreshByHand(tokens.refresh_token, {}, { client_id: 'strict' });
  expect([unauthenticated.status, unauthenticated.json.error]).toEqual([400, 'invalid_grant']);
  expect((await app.refresh(tokens.refresh_token as string)).access_token).toBeTruthy();
});

test.each([
  ['a wrong secret', { ...basic('shop', 'wrong') }, {}],
  ['no secret', {}, { client_id: 'shop' }],
])('with %s nothing is refreshed, and the token stays good for its owner', async (_, headers, more) => {
  const app = await shop();
  const { tokens } = await obtainTokens(app, person);
  const refused = await refreshByHand(tokens.refresh_token, headers, more);
  expect([refused.status, refused.json.error]).toEqual([401, 'invalid_client']);
  expect((await app.refresh(tokens.refresh_token as string)).access_token).toBeTruthy();
});

test('a scope can be narrowed and never widened', async () => {
  const app = await shop();
  const { tokens } = await obtainTokens(app, person);
  const wider = await refreshByHand(tokens.refresh_token, basic('shop', secrets.shop as string), { scope: 'openid email phone' });
  expect([wider.status, wider.json.error]).toEqual([400, 'invalid_scope']);
  const narrower = await refreshByHand(tokens.refresh_token, basic('shop', secrets.shop as string), { scope: 'openid' });
  expect(narrower.json).toMatchObject({ scope: 'openid' });
});

test('a client without the grant gets no refresh token', async () => {
  const { services, issuer, db } = portico;
  const { applyBrand } = await import('../../src/flows/admin/apply-brand.ts');
  const metadata = { client_id: 'once', redirect_uris: ['https://once.example/'], grant_types: ['authorization_code' as const] };
  await applyBrand(services, {
    slug: 'nightfall',
    name: 'Nightfall Records',
    issuer,
    clients: [{ kind: 'web', metadata, secret: 'once' }],
  });
  const once = await createRelyingParty({ issuer, clientId: 'once', clientSecret: 'once', redirectUri: 'https://once.example/' });
  const { tokens } = await obtainTokens(once, { ...person, parameters: { scope: 'openid offline_access', prompt: 'consent' } });
  expect(tokens.refresh_token).toBeUndefined();
  const { rows } = await db.pool.query(
    "select count(*)::int as n from portico.oidc_tokens where kind = 'RefreshToken' and client_id = 'once'",
  );
  expect(rows[0].n).toBe(0);
});

test('signing out ends what a website holds; a phone stays signed in', async () => {
  const [web, native] = [await shop(), await phone()];
  const first = await obtainTokens(web, person);
  const second = await obtainTokens(native, { ...person, browser: first.browser });
  const asked = await first.browser.get(web.endSessionUrl(first.tokens));
  await first.browser.submit(asked, asked.form('logout'));
  await expect(web.refresh(first.tokens.refresh_token as string)).rejects.toMatchObject({ error: 'invalid_grant' });
  await expect(web.userinfo(first.tokens)).rejects.toMatchObject({ status: 401 });
  expect((await native.refresh(second.tokens.refresh_token as string)).access_token).toBeTruthy();
});

test('a website loses its tokens when the session has run out', async () => {
  const app = await shop();
  const { tokens } = await obtainTokens(app, person);
  await shiftClock(portico.database, 12 * 3_600 + 60);
  await expect(app.refresh(tokens.refresh_token as string)).rejects.toMatchObject({ error: 'invalid_grant' });
});

test('an access token lives for a quarter of an hour', async () => {
  const app = await shop();
  const { tokens } = await obtainTokens(app, person);
  expect(tokens.expires_in).toBe(900);
  await shiftClock(portico.database, 890);
  expect((await app.userinfo(tokens)).sub).toBeTruthy();
  await shiftClock(portico.database, 20);
  await expect(app.userinfo(tokens)).rejects.toMatchObject({ status: 401 });
});

test('a phone that is not used for 90 days has to sign in again', async () => {
  const app = await phone();
  const { tokens } = await obtainTokens(app, person);
  await shiftClock(portico.database, 89 * DAY);
  const refreshed = await refreshByHand(tokens.refresh_token, {}, { client_id: 'strict' });
  expect(refreshed.status).toBe(200);
  await shiftClock(portico.database, 91 * DAY);
  const late = await refreshByHand(refreshed.json.refresh_token as string, {}, { client_id: 'strict' });
  expect([late.status, late.json.error]).toEqual([400, 'invalid_grant']);
});

test('however often it is used, a family on a phone ends after a year', async () => {
  const { tokens } = await obtainTokens(await phone(), person);
  let token = tokens.refresh_token;
  for (const days of [80, 160, 240, 320, 364]) {
    await resetClock(portico.database);
    await shiftClock(portico.database, days * DAY);
    const answer = await refreshByHand(token, {}, { client_id: 'strict' });
    expect([days, answer.status]).toEqual([days, 200]);
    token = answer.json.refresh_token as string;
  }
  await shiftClock(portico.database, DAY + 60);
  expect((await refreshByHand(token, {}, { client_id: 'strict' })).json.error).toBe('invalid_grant');
});

test('a family that begins late in a long session lives its whole year', async () => {
  const app = await phone();
  const { browser } = await obtainTokens(app, { ...person, remember: true });
  for (const days of [13, 13, 13, 13, 13, 13]) {
    await shiftClock(portico.database, days * DAY);
    await browser.get((await app.begin()).url);
  }
  // openid-client has its own clock; the code is redeemed by hand.
  const begun = await app.begin();
  const { url } = await browser.get(begun.url);
  const code = new URL(url).searchParams.get('code') ?? '';
  const form = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: app.redirectUri,
    code_verifier: begun.verifier,
    client_id: 'strict',
  };
  let token = (await send(`${portico.issuer}/token`, { form })).json.refresh_token as string;
  for (const days of [80, 80, 80, 80, 44]) {
    await shiftClock(portico.database, days * DAY);
    const answer = await refreshByHand(token, {}, { client_id: 'strict' });
    expect(answer.status).toBe(200);
    token = answer.json.refresh_token as string;
  }
});

test('a thief who came first is found out whenever the owner of the phone comes, also a month later', async () => {
  const app = await phone();
  const { tokens } = await obtainTokens(app, person);
  const stolen = await app.refresh(tokens.refresh_token as string);
  await shiftClock(portico.database, 30 * 86_400);
  await expect(app.refresh(tokens.refresh_token as string)).rejects.toMatchObject({ error: 'invalid_grant' });
  await expect(app.refresh(stolen.refresh_token as string)).rejects.toMatchObject({ error: 'invalid_grant' });
});

test('a refresh that is refused for another reason spends nothing', async () => {
  const app = await shop();
  const { tokens } = await obtainTokens(app, person);
  const form = { grant_type: 'refresh_token', refresh_token: String(tokens.refresh_token), resource: 'https://unknown.example' };
  const refused = await send(`${portico.issuer}/token`, { form, headers: basic('shop', secrets.shop as string) });
  expect([refused.status, refused.json.error]).toEqual([400, 'invalid_target']);
  await setTimeout(300);
  expect(await app.refresh(tokens.refresh_token as string)).toHaveProperty('refresh_token');
});
