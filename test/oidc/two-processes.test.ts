// Two server processes on one database behind one address: what must happen once happens once, whichever of the two is asked.
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BrandSettings, defaultSettings } from '../../src/domain/brands.ts';
import type { ClientMetadata } from '../../src/domain/clients.ts';
import { applyBrand } from '../../src/flows/admin/apply-brand.ts';
import { rotateSigningKeys } from '../../src/flows/admin/rotate-signing-keys.ts';
import { register } from '../../src/flows/register.ts';
import { createHasher } from '../../src/hasher.ts';
import { createKeyring } from '../../src/keyring.ts';
import * as brands from '../../src/storage/brands.ts';
import { createSigner } from '../support/bare-provider.ts';
import { callbacks, clientsOfTest, party, secrets } from '../support/clients.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { exchange, postForm } from '../support/exchange.ts';
import { Browser } from '../support/http-browser.ts';
import { freePort } from '../support/portico.ts';
import { basic, enter, type Message, password, reachCallback } from '../support/protocol.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';

const long = process.env.PORTICO_TEST_LONG === '1';
const ROUNDS = long ? 30 : 2;
const TIMES = 20;
const person = { email: 'ada@nightfall.example' };
const secret = 'a root secret of a test, longer than thirty-two characters';
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

let database: TestDatabase;
let issuer: string;
/** Where the two listen; the first is at the issuer's own address. */
let origins: string[];
let servers: ServerProcess[] = [];
let signer: Awaited<ReturnType<typeof createSigner>>;
let browser: Browser;

beforeAll(async () => {
  database = await createTestDatabase();
  signer = await createSigner();
  origins = [`http://localhost:${await freePort()}`, `http://localhost:${await freePort()}`];
  issuer = origins[0] as string;
  await prepare();
  servers = await Promise.all(origins.map(start));
  browser = new Browser(issuer);
  // Signs in once; every code below comes from the live session.
  await code('shop');
}, 60_000);
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await database.close();
});

async function prepare(): Promise<void> {
  const often = { attempts: 1_000_000, seconds: 60 };
  const limits: BrandSettings['limits'] = {
    ...defaultSettings.limits,
    loginPerNetwork: often,
    clientFailures: often,
    userCodePerNetwork: often,
  };
  const tv = { client_id: 'tv', grant_types: [deviceGrant, 'refresh_token'], redirect_uris: [], token_endpoint_auth_method: 'none' };
  const robot = { client_id: 'robot', token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [signer.jwk] } };
  const services = { db: database.db, keyring: createKeyring(secret), hasher: createHasher({ concurrency: 1 }) };
  await applyBrand(services, {
    slug: 'nightfall',
    name: 'Nightfall Records',
    issuer,
    algorithms: ['ES256'],
    settings: { limits, deviceFlow: true },
    clients: [
      ...clientsOfTest,
      { kind: 'web', metadata: tv as unknown as ClientMetadata },
      { kind: 'service', metadata: robot as unknown as ClientMetadata },
    ],
  });
  const brand = await brands.findBySlug(database.db, 'nightfall');
  await register(services, brand!, { ...person, password, byOperator: true });
}

function start(origin: string): Promise<ServerProcess> {
  return startServerProcess(origin, {
    NODE_ENV: 'test',
    PORT: new URL(origin).port,
    PUBLIC_URL: issuer,
    DATABASE_URL: database.url,
    DATABASE_POOL: '5',
    PORTICO_SECRET: secret,
    PORTICO_DEMO: 'off',
    LOG_LEVEL: 'warn',
    HASH_CONCURRENCY: '1',
  });
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  json: Record<string, unknown>;
}

/** The same request as one of the two sees it: its own socket, the issuer's name. */
async function ask(index: number, path: string, { form, headers = {} }: Pick<Message, 'form' | 'headers'> = {}): Promise<Answer> {
  const sent = { headers: { ...headers, host: new URL(issuer).host } };
  const url = `${origins[index % 2]}${path}`;
  const answer = await (form ? postForm(url, new URLSearchParams(form).toString(), sent.headers) : exchange(url, sent));
  const isJson = /\bjson\b/.test(answer.headers['content-type'] ?? '');
  return { status: answer.status, headers: answer.headers, text: answer.body, json: isJson ? JSON.parse(answer.body) : {} };
}

const atOnce = (use: (index: number) => Promise<Answer>) => Promise.all(Array.from({ length: TIMES }, (_, index) => use(index)));
const successes = (answers: Answer[]) => answers.filter(({ status }) => status === 200);
const failures = (answers: Answer[]) => [
  ...new Set(answers.filter(({ status }) => status >= 400).map(({ status, json }) => `${status} ${json.error}`)),
];

async function rounds(round: () => Promise<void>): Promise<void> {
  for (let index = 0; index < ROUNDS; index += 1) await round();
}
const patience = long ? 300_000 : 30_000;

type App = 'shop' | 'phone';

interface Code {
  code: string;
  verifier: string;
}

async function code(app: App): Promise<Code> {
  const { begun, callback } = await reachCallback(await party(issuer, app), { ...person, browser });
  const value = new URL(callback).searchParams.get('code');
  if (!value) throw new Error(`no code: ${callback}`);
  return { code: value, verifier: begun.verifier };
}

const authentication = (app: App) => (app === 'shop' ? basic('shop', secrets.shop as string) : {});
const named = (app: App): Record<string, string> => (app === 'shop' ? {} : { client_id: app });

function redeem(index: number, app: App, { code, verifier }: Code, more: Record<string, string> = {}) {
  const redirect_uri = app === 'shop' ? callbacks.shop : callbacks.loopback;
  const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri, ...named(app) };
  return ask(index, '/token', { form, headers: { ...authentication(app), ...more } });
}

const refresh = (index: number, app: App, token: unknown) =>
  ask(index, '/token', {
    form: { grant_type: 'refresh_token', refresh_token: String(token), ...named(app) },
    headers: authentication(app),
  });

const userinfo = (index: number, token: unknown) => ask(index, '/userinfo', { headers: { authorization: `Bearer ${token}` } });

test(
  'of 20 redemptions of one code one gets tokens, and afterwards nothing of its grant works',
  () =>
    rounds(async () => {
      const fresh = await code('shop');
      const answers = await atOnce((index) => redeem(index, 'shop', fresh));
      expect(successes(answers)).toHaveLength(1);
      expect(failures(answers)).toEqual(['400 invalid_grant']);
      const { json } = successes(answers)[0] as Answer;
      for (const index of [0, 1]) {
        expect((await userinfo(index, json.access_token)).status).toBe(401);
        expect((await refresh(index, 'shop', json.refresh_token)).json.error).toBe('invalid_grant');
      }
    }),
  patience,
);

test(
  'of 20 uses of one refresh token without a window one gets a successor, and the family lives',
  () =>
    rounds(async () => {
      const { json } = await redeem(0, 'shop', await code('shop'));
      const answers = await atOnce((index) => refresh(index, 'shop', json.refresh_token));
      expect(successes(answers)).toHaveLength(1);
      expect(failures(answers)).toEqual(['400 invalid_grant']);
      const winner = successes(answers)[0] as Answer;
      expect((await userinfo(1, winner.json.access_token)).status).toBe(200);
      expect((await refresh(1, 'shop', winner.json.refresh_token)).status).toBe(200);
    }),
  patience,
);

test(
  'of 20 uses of one refresh token within its window all get the same successor, and there is one row of it',
  () =>
    rounds(async () => {
      const { json } = await redeem(0, 'phone', await code('phone'));
      const before = await refreshTokens();
      const answers = await atOnce((index) => refresh(index, 'phone', json.refresh_token));
      expect(answers.map(({ status }) => status)).toEqual(Array(TIMES).fill(200));
      expect(new Set(answers.map(({ json }) => json.refresh_token)).size).toBe(1);
      expect(await refreshTokens()).toBe(before + 1);
      expect((await refresh(1, 'phone', answers[0]?.json.refresh_token)).status).toBe(200);
      // The successor was used: now it is a replay.
      expect((await refresh(0, 'phone', json.refresh_token)).json.error).toBe('invalid_grant');
    }),
  patience,
);

async function refreshTokens(): Promise<number> {
  const { rows } = await database.db.pool.query("select count(*)::int as count from portico.oidc_tokens where kind = 'RefreshToken'");
  return rows[0].count;
}

test(
  'of 20 browsers with one pushed request one gets a code',
  () =>
    rounds(async () => {
      const parameters = Object.fromEntries(new URL((await (await party(issuer, 'shop')).begin()).url).searchParams);
      const pushed = await ask(0, '/request', { form: parameters, headers: authentication('shop') });
      const path = `/auth?${new URLSearchParams({ client_id: 'shop', request_uri: String(pushed.json.request_uri) })}`;
      const cookie = browser.cookies.header(new URL(`${issuer}/auth`));
      const answers = await atOnce((index) => ask(index, path, { headers: { cookie } }));
      const targets = answers.map(({ headers }) => new URL(String(headers.location)).searchParams);
      expect(targets.filter((target) => target.has('code'))).toHaveLength(1);
      const errors = targets.map((target) => target.get('error')).filter(Boolean);
      expect([errors.length, new Set(errors)]).toEqual([TIMES - 1, new Set(['invalid_request_uri'])]);
    }),
  patience,
);

test(
  'a DPoP proof is good for one of 20',
  () =>
    rounds(async () => {
      const { json } = await redeem(0, 'phone', await code('phone'), { dpop: await signer.proof('POST', `${issuer}/token`) });
      expect(json.token_type).toBe('DPoP');
      const ath = createHash('sha256').update(String(json.access_token)).digest('base64url');
      const headers = { authorization: `DPoP ${json.access_token}`, dpop: await signer.proof('GET', `${issuer}/userinfo`, { ath }) };
      const answers = await atOnce((index) => ask(index, '/userinfo', { headers }));
      expect(successes(answers)).toHaveLength(1);
      expect(failures(answers)).toEqual(['401 invalid_token']);
    }),
  patience,
);

test(
  'a client assertion is good for one of 20',
  () =>
    rounds(async () => {
      const form = {
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await signer.assertion('robot', issuer),
      };
      const answers = await atOnce((index) => ask(index, '/token', { form }));
      expect(successes(answers)).toHaveLength(1);
      expect(failures(answers)).toEqual(['401 invalid_client']);
    }),
  patience,
);

test(
  'of 20 polls for one approved device code one gets tokens, and afterwards nothing of its grant works',
  () =>
    rounds(async () => {
      const { json } = await ask(0, '/device/auth', { form: { client_id: 'tv', scope: 'openid' } });
      await approve(String(json.user_code));
      const form = { grant_type: deviceGrant, device_code: String(json.device_code), client_id: 'tv' };
      const answers = await atOnce((index) => ask(index, '/token', { form }));
      expect(successes(answers)).toHaveLength(1);
      expect(failures(answers)).toEqual(['400 invalid_grant']);
      expect((await userinfo(1, (successes(answers)[0] as Answer).json.access_token)).status).toBe(401);
    }),
  patience,
);

async function approve(userCode: string): Promise<void> {
  const phone = new Browser(issuer);
  const typed = await phone.get(`${issuer}/device`);
  const asked = await phone.submit(typed, typed.form(), { user_code: userCode });
  const done = await enter(phone, await phone.submit(asked, asked.form('confirm')), person);
  expect([done.status, done.forms]).toEqual([200, []]);
}

test('new keys made through one process are published by both within a second', async () => {
  const brand = await brands.findBySlug(database.db, 'nightfall');
  const before = await Promise.all([0, 1].map((index) => ask(index, '/jwks')));

  await rotateSigningKeys({ db: database.db, keyring: createKeyring(secret) }, brand!, { force: true });
  await sleep(1_000);
  const after = await Promise.all([0, 1].map((index) => ask(index, '/jwks')));
  expect(after[0]?.text).toBe(after[1]?.text);
  expect(after.map(({ text }) => text)).not.toContain(before[0]?.text);
});
