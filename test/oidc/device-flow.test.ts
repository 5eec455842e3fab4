// Connecting a device without a keyboard (RFC 8628), page by page as a person without JavaScript sees it.
import * as client from 'openid-client';
import { type BrandSettings, defaultSettings } from '../../src/domain/brands.ts';
import { clientsOfTest } from '../support/clients.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { Browser, type Page } from '../support/http-browser.ts';
import { type RunningPortico, startPortico } from '../support/portico.ts';
import { basic, createAccount, enter, send } from '../support/protocol.ts';

let portico: RunningPortico;
const ada = { email: 'ada@nightfall.example' };
const bob = { email: 'bob@nightfall.example' };
const grant = 'urn:ietf:params:oauth:grant-type:device_code';
const often = { attempts: 1_000, seconds: 60 };
const limits: BrandSettings['limits'] = {
  ...defaultSettings.limits,
  loginPerIdentifier: often,
  loginPerNetwork: often,
  registerPerNetwork: often,
  clientFailures: often,
  userCodePerNetwork: often,
};

function device(id: string, more: object = {}) {
  const metadata = {
    client_id: id,
    client_name: 'Nightfall TV',
    grant_types: [grant as never, 'refresh_token' as const],
    redirect_uris: [],
    token_endpoint_auth_method: 'none' as const,
    ...more,
  };
  return { kind: 'web' as const, metadata };
}

beforeAll(async () => {
  const both = { redirect_uris: ['https://both.example/'], grant_types: ['authorization_code', grant] };
  const clients = [
    ...clientsOfTest,
    device('both', both),
    device('tv'),
    device('stranger', { first_party: false, client_name: 'Some Box' }),
  ];
  const settings = { deviceFlow: true, limits };
  portico = await startPortico({
    brands: [
      { slug: 'on', name: 'Nightfall Records', clients, settings },
      { slug: 'off', path: '/off', name: 'Off', clients },
      {
        slug: 'slow',
        path: '/slow',
        name: 'Slow',
        clients,
        settings: { deviceFlow: true, limits: { ...limits, userCodePerNetwork: { attempts: 5, seconds: 60 } } },
      },
    ],
  });
  await createAccount(portico, ada);
  await createAccount(portico, bob);
});
afterEach(() => resetClock(portico.database));
afterAll(() => portico.stop());

async function tv(clientId = 'tv') {
  const config = await client.discovery(new URL(portico.issuer), clientId, { id_token_signed_response_alg: 'ES256' }, client.None(), {
    execute: [client.allowInsecureRequests],
  });
  const started = await client.initiateDeviceAuthorization(config, { scope: 'openid email' });
  const poll = (more: Record<string, string> = {}) =>
    send(`${portico.issuer}/token`, { form: { grant_type: grant, device_code: started.device_code, client_id: clientId, ...more } });
  return { config, started, poll };
}

async function typeCode(browser: Browser, code: string): Promise<Page> {
  const page = await browser.get(`${portico.issuer}/device`);
  return browser.submit(page, page.form(), { user_code: code });
}

const press = (browser: Browser, page: Page, button: 'confirm' | 'abort') => browser.submit(page, page.form(button));

test('a person connects a television and it gets tokens of its own', async () => {
  const { config, started, poll } = await tv();
  expect(started).toMatchObject({
    verification_uri: `${portico.issuer}/device`,
    expires_in: 600,
    user_code: expect.stringMatching(/^\w{4}-\w{4}$/),
  });
  expect((await poll()).json.error).toBe('authorization_pending');

  const browser = new Browser(portico.issuer);
  const asked = await typeCode(browser, started.user_code.toLowerCase());
  expect(asked.text).toContain('Nightfall TV');
  expect(asked.text).toContain(started.user_code);
  const done = await enter(browser, await press(browser, asked, 'confirm'), ada);
  expect([done.status, done.forms]).toEqual([200, []]);

  const tokens = await client.pollDeviceAuthorizationGrant(config, { ...started, interval: 0.01 });
  expect(tokens).toMatchObject({ scope: 'openid email', refresh_token: expect.any(String) });
  expect(tokens.claims()?.aud).toBe('tv');
  expect((await client.fetchUserInfo(config, tokens.access_token, client.skipSubjectCheck)).email).toBe(ada.email);
  expect((await poll()).json.error).toBe('invalid_grant');
});

test('a television stays connected when the person signs out on the phone', async () => {
  const { config, started } = await tv();
  const browser = new Browser(portico.issuer);
  await enter(browser, await press(browser, await typeCode(browser, started.user_code), 'confirm'), ada);
  const tokens = await client.pollDeviceAuthorizationGrant(config, { ...started, interval: 0.01 });
  const asked = await browser.get(client.buildEndSessionUrl(config).href);
  await browser.submit(asked, asked.form('logout'));
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token as string);
  expect(refreshed.access_token).toBeTruthy();
});

test('whoever is signed in only confirms', async () => {
  const browser = new Browser(portico.issuer);
  const first = await tv();
  await enter(browser, await press(browser, await typeCode(browser, first.started.user_code), 'confirm'), ada);
  const second = await tv();
  const done = await press(browser, await typeCode(browser, second.started.user_code), 'confirm');
  expect(done.status).toBe(200);
  expect((await second.poll()).status).toBe(200);
});

test('an address with the code in it confirms nothing by itself', async () => {
  const { started, poll } = await tv();
  const browser = new Browser(portico.issuer);
  const page = await browser.get(started.verification_uri_complete as string);
  const asked = await browser.submit(page, page.form());
  expect(asked.text).toContain('Nightfall TV');
  expect((await poll()).json.error).toBe('authorization_pending');
});

test('a person who did not start this stops it, and the device is told', async () => {
  const { started, poll } = await tv();
  const browser = new Browser(portico.issuer);
  const stopped = await press(browser, await typeCode(browser, started.user_code), 'abort');
  expect([stopped.status, stopped.forms]).toEqual([200, []]);
  expect((await poll()).json.error).toBe('access_denied');
  expect((await typeCode(browser, started.user_code)).status).toBe(422);
});

test('a second person cannot approve a code that somebody has claimed', async () => {
  const { started, poll } = await tv();
  const [one, other] = [new Browser(portico.issuer), new Browser(portico.issuer)];
  const [first, second] = [await typeCode(one, started.user_code), await typeCode(other, started.user_code)];
  const signIn = await press(one, first, 'confirm');
  const refused = await press(other, second, 'confirm');
  expect(refused.status).toBe(422);
  expect((await press(other, second, 'abort')).status).toBeGreaterThanOrEqual(400);
  await enter(one, signIn, ada);
  expect((await poll()).status).toBe(200);
});

test('of 20 people who approve one code at once one does', async () => {
  const { started, poll } = await tv();
  const browsers = Array.from({ length: 20 }, () => new Browser(portico.issuer));
  await Promise.all(
    browsers.map(async (browser, index) => {
      const warm = await tv();
      await enter(browser, await press(browser, await typeCode(browser, warm.started.user_code), 'confirm'), index % 2 ? ada : bob);
    }),
  );
  const pages = await Promise.all(browsers.map((browser) => typeCode(browser, started.user_code)));
  const ends = await Promise.all(browsers.map((browser, index) => press(browser, pages[index] as Page, 'confirm')));
  expect(ends.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(ends.filter(({ status }) => status >= 500)).toHaveLength(0);
  expect((await poll()).status).toBe(200);
});

test('of 20 polls at once one gets tokens, and then the code has been used twice', async () => {
  const { started, poll } = await tv();
  const browser = new Browser(portico.issuer);
  await enter(browser, await press(browser, await typeCode(browser, started.user_code), 'confirm'), ada);
  const answers = await Promise.all(Array.from({ length: 20 }, () => poll()));
  expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
  expect(answers.filter(({ status }) => status >= 500)).toHaveLength(0);
});

test('the scope is what the device asked for at first, whatever comes later', async () => {
  const { started, poll } = await tv();
  const browser = new Browser(portico.issuer);
  const asked = await typeCode(browser, started.user_code);
  const form = asked.form('confirm');
  const signIn = await browser.submit(asked, form, { scope: 'openid email phone address', client_id: 'shop' });
  await enter(browser, signIn, ada);
  const answer = await poll({ scope: 'openid email phone address' });
  expect(answer.json.scope).toBe('openid email');
});

test("another company's device asks before it gets anything", async () => {
  const { started, poll } = await tv('stranger');
  const browser = new Browser(portico.issuer);
  const asked = await typeCode(browser, started.user_code);
  expect(asked.text).toContain('Some Box');
  const consent = await enter(browser, await press(browser, asked, 'confirm'), ada);
  expect((await poll()).json.error).toBe('authorization_pending');
  const done = await browser.submit(consent, consent.form('allow'));
  expect(done.status).toBe(200);
  expect((await poll()).status).toBe(200);
});

test('a device waits for this one request, so its page offers no other account, and a second press explains', async () => {
  const { started, poll } = await tv('stranger');
  const browser = new Browser(portico.issuer);
  const consent = await enter(browser, await press(browser, await typeCode(browser, started.user_code), 'confirm'), ada);
  expect(consent.text).not.toContain('Not you?');
  await browser.submit(consent, consent.form('allow'));
  const again = await browser.submit(consent, consent.form('allow'));
  expect([again.status, again.text]).toEqual([200, expect.stringContaining('You’ve already been through here')]);
  expect(again.text).not.toContain('Start again');
  expect((await poll()).status).toBe(200);
});

test('a device whose request is denied is told so', async () => {
  const { started, poll } = await tv('stranger');
  const browser = new Browser(portico.issuer);
  const consent = await enter(browser, await press(browser, await typeCode(browser, started.user_code), 'confirm'), ada);
  const done = await browser.submit(consent, consent.form('deny'));
  expect(done.status).toBeLessThan(500);
  expect((await poll()).json.error).toBe('access_denied');
});

test('a code that has expired says so, to the person and to the device', async () => {
  const { started, poll } = await tv();
  await shiftClock(portico.database, 601);
  expect((await poll()).json.error).toBe('expired_token');
  expect((await typeCode(new Browser(portico.issuer), started.user_code)).status).toBe(422);
});

test('whatever is typed, the page leads back to the form', async () => {
  for (const code of ['', 'AAAA-AAAA', 'nonsense', '\u0000', '😀', 'x'.repeat(3_000), '<script>']) {
    const page = await typeCode(new Browser(portico.issuer), code);
    expect([code, page.status]).toEqual([code, 422]);
    expect(page.body).not.toContain('<script>');
    expect(page.forms).toHaveLength(1);
  }
});

test('a form from elsewhere counts for nothing', async () => {
  const { started, poll } = await tv();
  const browser = new Browser(portico.issuer);
  await browser.get(`${portico.issuer}/device`);
  for (const fields of [
    { user_code: started.user_code, confirm: 'yes' },
    { user_code: started.user_code, confirm: 'yes', xsrf: 'guessed' },
  ]) {
    const page = await browser.get(`${portico.issuer}/device`, { method: 'POST', fields });
    expect(page.status).toBeGreaterThanOrEqual(400);
  }
  expect((await poll()).json.error).toBe('authorization_pending');
});

test('wrong codes slow down, and the page says when to come back', async () => {
  const browser = new Browser(portico.issuer);
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 7; attempt += 1) {
    const page = await browser.get(`${portico.issuer}/slow/device`);
    const answer = await browser.submit(page, page.form(), { user_code: 'BBBB-BBBB' });
    statuses.push(answer.status);
    if (answer.status === 429) expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  }
  expect(statuses).toEqual([422, 422, 422, 422, 422, 429, 429]);
});

test('of 20 guesses at once no more than the limit are looked at', async () => {
  await shiftClock(portico.database, 120);
  const browser = new Browser(portico.issuer);
  const page = await browser.get(`${portico.issuer}/slow/device`);
  const answers = await Promise.all(Array.from({ length: 20 }, () => browser.submit(page, page.form(), { user_code: 'CCCC-CCCC' })));
  expect(answers.filter(({ status }) => status === 422).length).toBeLessThanOrEqual(5);
});

test('it is off unless the brand switches it on', async () => {
  for (const path of ['/off/device', '/off/device/auth', '/off/device/x']) {
    expect((await send(portico.issuer + path)).status).toBe(404);
    expect((await send(portico.issuer + path, { form: { client_id: 'tv', scope: 'openid' } })).status).toBe(404);
  }
  const found = (await send(`${portico.issuer}/off/.well-known/openid-configuration`)).json as Record<string, unknown>;
  expect(found.device_authorization_endpoint).toBeUndefined();
  expect(found.grant_types_supported).not.toContain(grant);
  const polled = await send(`${portico.issuer}/off/token`, { form: { grant_type: grant, device_code: 'x', client_id: 'tv' } });
  expect([polled.status, polled.json.error]).toEqual([400, 'unsupported_grant_type']);
});

test('a client that has the grant beside others works where the brand has switched it off', async () => {
  const query = new URLSearchParams({
    client_id: 'both',
    redirect_uri: 'https://both.example/',
    response_type: 'code',
    scope: 'openid',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  });
  const answer = await send(`${portico.issuer}/off/auth?${query}`);
  expect([answer.status, answer.headers.get('location')]).toEqual([303, expect.stringContaining('/off/interaction/')]);
});

test('a client without the grant gets no code, and no code of another client', async () => {
  const { started } = await tv();
  const asked = await send(`${portico.issuer}/device/auth`, {
    form: { scope: 'openid' },
    headers: basic('shop', 'the secret of the shop'),
  });
  expect(asked.status).toBe(400);
  const foreign = await send(`${portico.issuer}/token`, {
    form: { grant_type: grant, device_code: started.device_code, client_id: 'stranger' },
  });
  expect([foreign.status, foreign.json.error]).toEqual([400, 'invalid_grant']);
});
