import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import {
  type Answer,
  atOnce,
  authorizationParams,
  type BareProvider,
  createBrowser,
  createSigner,
  newCode,
  redeem,
  refresh,
  startBareProvider,
  userinfo,
  webClient,
} from '../support/bare-provider.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const ROUNDS = process.env.PORTICO_TEST_LONG ? 30 : 3;
const TIMES = 20;

let database: TestDatabase;
let bare: BareProvider;
let signer: Awaited<ReturnType<typeof createSigner>>;

beforeAll(async () => {
  database = await createTestDatabase();
  signer = await createSigner();
  const service = {
    client_id: 'service',
    token_endpoint_auth_method: 'private_key_jwt' as const,
    redirect_uris: [],
    response_types: [],
    grant_types: ['client_credentials'],
    jwks: { keys: [signer.jwk] },
  };
  bare = await startBareProvider(database, [webClient, service]);
});

afterAll(async () => {
  await bare.close();
  await database.close();
});

const errorsOf = (answers: Answer[]) => [
  ...new Set(answers.filter(({ status }) => status >= 400).map(({ status, json }) => `${status} ${json.error}`)),
];
const successes = (answers: Answer[]) => answers.filter(({ status }) => status === 200);

async function rounds(round: () => Promise<void>): Promise<void> {
  for (let index = 0; index < ROUNDS; index += 1) await round();
}

test('of 20 redemptions of one code at once one gets tokens, and afterwards nothing of its grant works', async () => {
  await rounds(async () => {
    const code = await newCode(bare);
    const answers = await atOnce(bare, TIMES, () => redeem(bare, code));
    const [winner, ...others] = successes(answers);
    expect(others).toHaveLength(0);
    expect(errorsOf(answers)).toEqual(['400 invalid_grant']);
    expect((await userinfo(bare, winner?.json.access_token)).status).toBe(401);
    expect((await refresh(bare, winner?.json.refresh_token)).json.error).toBe('invalid_grant');
  });
});

test('a code that is used again later ends what it gave', async () => {
  const code = await newCode(bare);
  const first = await redeem(bare, code);
  expect((await userinfo(bare, first.json.access_token)).status).toBe(200);
  expect((await redeem(bare, code)).json.error).toBe('invalid_grant');
  expect((await userinfo(bare, first.json.access_token)).status).toBe(401);
  expect((await refresh(bare, first.json.refresh_token)).json.error).toBe('invalid_grant');
});

test('of 20 uses of one refresh token at once one gets a successor, and the family lives', async () => {
  await rounds(async () => {
    const { json } = await redeem(bare, await newCode(bare));
    const answers = await atOnce(bare, TIMES, () => refresh(bare, json.refresh_token));
    const [winner, ...others] = successes(answers);
    expect(others).toHaveLength(0);
    expect(errorsOf(answers)).toEqual(['400 invalid_grant']);
    expect((await userinfo(bare, winner?.json.access_token)).status).toBe(200);
    expect((await refresh(bare, winner?.json.refresh_token)).status).toBe(200);
  });
});

test('a rotated refresh token that is used again ends its family', async () => {
  const first = await redeem(bare, await newCode(bare));
  const second = await refresh(bare, first.json.refresh_token);
  expect(second.status).toBe(200);
  await setTimeout(1_100);
  expect((await refresh(bare, first.json.refresh_token)).json.error).toBe('invalid_grant');
  expect((await refresh(bare, second.json.refresh_token)).json.error).toBe('invalid_grant');
  expect((await userinfo(bare, second.json.access_token)).status).toBe(401);
});

test('a DPoP proof is good for one userinfo request of 20', async () => {
  await rounds(async () => {
    const token = await redeem(bare, await newCode(bare), { dpop: await signer.proof('POST', `${bare.issuer}/token`) });
    expect(token.json.token_type).toBe('DPoP');
    const ath = createHash('sha256').update(String(token.json.access_token)).digest('base64url');
    const dpop = await signer.proof('GET', `${bare.issuer}/me`, { ath });
    const headers = { authorization: `DPoP ${token.json.access_token}`, dpop };
    const answers = await atOnce(bare, TIMES, () => bare.send('GET', '/me', { headers }));
    expect(successes(answers)).toHaveLength(1);
    expect(errorsOf(answers)).toEqual(['401 invalid_token']);
    expect((await bare.send('GET', '/me', { headers })).status).toBe(401);
  });
});

test('a DPoP proof is good for one refresh of 20', async () => {
  await rounds(async () => {
    const families: Answer[] = [];
    for (let index = 0; index < TIMES; index += 1) {
      families.push(await redeem(bare, await newCode(bare), { dpop: await signer.proof('POST', `${bare.issuer}/token`) }));
    }
    const dpop = await signer.proof('POST', `${bare.issuer}/token`);
    const answers = await atOnce(bare, TIMES, (index) => refresh(bare, families[index]?.json.refresh_token, { dpop }));
    expect(successes(answers)).toHaveLength(1);
    expect(errorsOf(answers)).toEqual(['400 invalid_grant']);
  });
});

test('a client assertion is good for one token of 20, and the others hear invalid_client', async () => {
  await rounds(async () => {
    const form = {
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await signer.assertion('service', bare.issuer),
    };
    const answers = await atOnce(bare, TIMES, () => bare.send('POST', '/token', { form }));
    expect(successes(answers)).toHaveLength(1);
    expect(errorsOf(answers)).toEqual(['401 invalid_client']);
  });
});

test('an assertion that claims to live for a million years is an answer, not a fault', async () => {
  const form = {
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await signer.assertion('service', bare.issuer, { exp: 1e15 }),
  };
  expect((await bare.send('POST', '/token', { form })).status).toBeLessThan(500);
});

async function push(): Promise<string> {
  const pushed = await bare.send('POST', '/request', { form: authorizationParams() });
  expect(pushed.status).toBe(201);
  return `/auth?${new URLSearchParams({ client_id: 'web', request_uri: String(pushed.json.request_uri) })}`;
}

test('of 20 browsers that finish one pushed request at once one gets a code', async () => {
  await rounds(async () => {
    const path = await push();
    const browsers = Array.from({ length: TIMES }, () => createBrowser(bare));
    const resumes = await Promise.all(browsers.map((browser) => browser.follow(path, (location) => /\/auth\/./.test(location))));
    const callbacks = await Promise.all(browsers.map((browser, index) => browser.follow(resumes[index] as string)));
    const codes = callbacks.filter((callback) => new URL(callback).searchParams.has('code'));
    expect(codes).toHaveLength(1);
    const errors = callbacks.map((callback) => new URL(callback).searchParams.get('error')).filter(Boolean);
    expect([...new Set(errors)]).toEqual(['invalid_request_uri']);
  });
});

async function deviceCode(): Promise<{ device: string; user: string }> {
  const { json } = await bare.send('POST', '/device/auth', { form: { client_id: 'web', scope: 'openid' } });
  return { device: String(json.device_code), user: String(json.user_code) };
}

async function deviceForm(browser: ReturnType<typeof createBrowser>): Promise<string> {
  const { body } = await browser.visit('/device');
  return /name="xsrf" value="([^"]+)"/.exec(body)?.[1] as string;
}

const poll = (device: string) =>
  bare.send('POST', '/token', {
    form: { client_id: 'web', grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: device },
  });

test('of 20 people who confirm one device code at once one goes on', async () => {
  await rounds(async () => {
    const { user } = await deviceCode();
    const browsers = Array.from({ length: TIMES }, () => createBrowser(bare));
    const forms = await Promise.all(browsers.map(deviceForm));
    const answers = await Promise.all(
      browsers.map((browser, index) =>
        browser.visit('/device', { method: 'POST', form: { xsrf: forms[index] as string, user_code: user, confirm: 'yes' } }),
      ),
    );
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(answers.every(({ status }) => status < 500)).toBe(true);
  });
});

test('of 20 polls for an approved device code at once one gets tokens, and afterwards nothing of its grant works', async () => {
  await rounds(async () => {
    const { device, user } = await deviceCode();
    expect((await poll(device)).json.error).toBe('authorization_pending');
    const browser = createBrowser(bare);
    const xsrf = await deviceForm(browser);
    const confirmed = await browser.visit('/device', { method: 'POST', form: { xsrf, user_code: user, confirm: 'yes' } });
    const resume = await browser.follow(String(confirmed.headers.location), (location) => /\/device\/./.test(location));
    expect((await browser.visit(resume)).status).toBe(200);
    const answers = await atOnce(bare, TIMES, () => poll(device));
    const [winner, ...others] = successes(answers);
    expect(others).toHaveLength(0);
    expect(errorsOf(answers)).toEqual(['400 invalid_grant']);
    expect((await userinfo(bare, winner?.json.access_token)).status).toBe(401);
  });
});
