import * as client from 'openid-client';
import { callbacks, clientsOfTest, party, secrets } from '../support/clients.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { Browser } from '../support/http-browser.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { answerIn, basic, createAccount, enter, obtainTokens, send } from '../support/protocol.ts';
import { createRelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
const person = { email: 'ada@nightfall.example' };

beforeAll(async () => {
  const metadata = {
    client_id: 'bank',
    redirect_uris: ['https://bank.example/callback'],
    require_pushed_authorization_requests: true,
  };
  const clients = [...clientsOfTest, { kind: 'web' as const, metadata, secret: 'secret of the bank' }];
  portico = await startPortico({ brands: [{ ...demoBrand, clients }] });
  await createAccount(portico, person);
});
afterEach(() => resetClock(portico.database));
afterAll(() => portico.stop());

const shop = () => party(portico.issuer, 'shop');

/** The shop pushes its request. */
async function push(more: Record<string, string> = {}) {
  const app = await shop();
  const begun = await app.begin(more);
  const pushed = await client.buildAuthorizationUrlWithPAR(app.config, new URL(begun.url).searchParams);
  return { app, begun, url: pushed.href };
}

test('a pushed request is answered like any other', async () => {
  const { app, begun, url } = await push();
  expect(Object.keys(answerIn(url)).sort()).toEqual(['client_id', 'request_uri']);
  const browser = new Browser(portico.issuer);
  const { url: callback } = await enter(browser, await browser.get(url), person);
  expect((await app.finish(callback, begun)).claims()?.aud).toBe('shop');
});

test('a pushed request is good for one answer', async () => {
  const { app, begun, url } = await push();
  const browser = new Browser(portico.issuer);
  const { url: callback } = await enter(browser, await browser.get(url), person);
  await app.finish(callback, begun);
  for (const again of [browser, new Browser(portico.issuer)]) {
    const page = await again.get(url);
    expect(answerIn(page.url)).toEqual({ error: 'invalid_request_uri', error_description: expect.any(String), iss: portico.issuer });
  }
});

test('of two sign-ins over one pushed request one is answered', async () => {
  const { url } = await push();
  const browsers = [new Browser(portico.issuer), new Browser(portico.issuer)];
  const pages = await Promise.all(browsers.map((browser) => browser.get(url)));
  const ends = await Promise.all(browsers.map((browser, index) => enter(browser, pages[index] as (typeof pages)[0], person)));
  expect(ends.filter((end) => 'code' in answerIn(end.url))).toHaveLength(1);
  expect(ends.filter((end) => end.status >= 500)).toHaveLength(0);
});

test('another client cannot use it', async () => {
  const { url } = await push();
  const foreign = new URL(url);
  foreign.searchParams.set('client_id', 'radio');
  const refused = await new Browser(portico.issuer).get(foreign.href);
  expect(refused.url).toMatch(callbacks.radio);
  expect(answerIn(refused.url)).toMatchObject({ error: expect.stringMatching(/^invalid_request/), iss: portico.issuer });
  const browser = new Browser(portico.issuer);
  expect(answerIn((await enter(browser, await browser.get(url), person)).url)).toHaveProperty('code');
});

test('what is added to the address changes nothing', async () => {
  const { url, begun } = await push();
  const browser = new Browser(portico.issuer);
  const evil = '&redirect_uri=https://evil.example/&scope=openid+phone&state=other&prompt=none';
  const { url: callback } = await enter(browser, await browser.get(url + evil), person);
  expect(callback).toMatch(/^https:\/\/shop\.example\/callback/);
  expect(answerIn(callback).state).toBe(begun.state);
});

test('a pushed request waits for a minute', async () => {
  const { url } = await push();
  await shiftClock(portico.database, 61);
  expect(answerIn((await new Browser(portico.issuer).get(url)).url)).toMatchObject({ error: 'invalid_request_uri' });
});

test('whoever opened the page in that minute may take their time', async () => {
  const { url } = await push();
  const browser = new Browser(portico.issuer);
  const page = await browser.get(url);
  await shiftClock(portico.database, 600);
  expect(answerIn((await enter(browser, page, person)).url)).toHaveProperty('code');
});

test('a client that has to push is not answered otherwise', async () => {
  const bank = await createRelyingParty({
    issuer: portico.issuer,
    clientId: 'bank',
    clientSecret: 'secret of the bank',
    redirectUri: 'https://bank.example/callback',
  });
  const begun = await bank.begin();
  const page = await new Browser(portico.issuer).get(begun.url);
  expect(answerIn(page.url)).toMatchObject({ error: 'invalid_request', iss: portico.issuer });
  const pushed = await client.buildAuthorizationUrlWithPAR(bank.config, new URL(begun.url).searchParams);
  const browser = new Browser(portico.issuer);
  const { url: callback } = await enter(browser, await browser.get(pushed.href), person);
  expect((await bank.finish(callback, begun)).claims()?.aud).toBe('bank');
});

const form = {
  client_id: 'shop',
  response_type: 'code',
  scope: 'openid',
  redirect_uri: 'https://shop.example/callback',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  code_challenge_method: 'S256',
};

test.each([
  ['without authentication', {}, { client_id: 'shop' }, 401, 'invalid_client'],
  ['with a wrong secret', basic('shop', 'wrong'), {}, 401, 'invalid_client'],
  ['with a foreign redirect URI', basic('shop', secrets.shop as string), { redirect_uri: 'https://evil.example/' }, 400, 'invalid_request'],
  ['that names another client', basic('shop', secrets.shop as string), { client_id: 'radio' }, 400, 'invalid_request'],
  ['that pushes a pushed request', basic('shop', secrets.shop as string), { request_uri: 'urn:x' }, 400, 'request_uri_not_supported'],
  ['without a challenge', basic('shop', secrets.shop as string), { code_challenge: '' }, 400, 'invalid_request'],
  ['for another response type', basic('shop', secrets.shop as string), { response_type: 'token' }, 400, 'unsupported_response_type'],
])('a push %s is refused at once', async (_, headers, more, status, error) => {
  const answer = await send(`${portico.issuer}/request`, { form: { ...form, ...more }, headers: headers as Record<string, string> });
  expect([answer.status, answer.json.error]).toEqual([status, error]);
});

test('an invented request is no request', async () => {
  for (const id of ['nonsense', '', '..', 'a'.repeat(1_000)]) {
    const url = `${portico.issuer}/auth?client_id=shop&request_uri=urn:ietf:params:oauth:request_uri:${id}`;
    const page = await new Browser(portico.issuer).get(url);
    expect(page.url).toMatch(callbacks.shop);
    expect([id, answerIn(page.url).error]).toEqual([id, 'invalid_request_uri']);
  }
});

test('a pushed request does not carry a sign-in over to another client', async () => {
  const { browser } = await obtainTokens(await shop(), person);
  const { url } = await push({ prompt: 'none' });
  expect(answerIn((await browser.get(url)).url)).toHaveProperty('code');
});
