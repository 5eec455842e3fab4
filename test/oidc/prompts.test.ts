import { clientsOfTest, party } from '../support/clients.ts';
import { Browser } from '../support/http-browser.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { answerIn, createAccount, enter, obtainTokens, password } from '../support/protocol.ts';

let portico: RunningPortico;
const subjects: Record<string, string> = {};
const ada = { email: 'ada@nightfall.example' };
const bob = { email: 'bob@nightfall.example' };

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
  subjects.ada = await createAccount(portico, ada);
  subjects.bob = await createAccount(portico, bob);
});
afterAll(() => portico.stop());

const shop = () => party(portico.issuer, 'shop');

test('prompt=none without a session answers login_required', async () => {
  const { url } = await new Browser(portico.issuer).get((await (await shop()).begin({ prompt: 'none' })).url);
  expect(answerIn(url)).toMatchObject({ error: 'login_required', state: expect.any(String), iss: portico.issuer });
});

test("prompt=none with a session answers the brand's own app, also one that has not been here", async () => {
  const { browser } = await obtainTokens(await shop(), ada);
  const radio = await party(portico.issuer, 'radio');
  const begun = await radio.begin({ prompt: 'none' });
  const { url } = await browser.get(begun.url);
  expect((await radio.finish(url, begun)).claims()?.sub).toBe(subjects.ada);
});

test("prompt=none answers another company's app only what was granted", async () => {
  const { browser } = await obtainTokens(await shop(), ada);
  const partner = await party(portico.issuer, 'partner');
  const ask = async (more: Record<string, string>) =>
    answerIn((await browser.get((await partner.begin({ prompt: 'none', ...more })).url)).url);
  expect((await ask({})).error).toBe('consent_required');
  await obtainTokens(partner, { ...ada, browser });
  expect(await ask({})).toHaveProperty('code');
  expect((await ask({ scope: 'openid email phone' })).error).toBe('consent_required');
  expect((await ask({ claims: '{"userinfo":{"birthdate":null}}' })).error).toBe('consent_required');
});

test.each([
  ['a custom scheme', 'com.example.nightfall:/callback'],
  ['a loopback address', 'http://127.0.0.1:49152/callback'],
])('prompt=none answers interaction_required to an app at %s, since another could pretend to be it', async (_, redirectUri) => {
  const { browser } = await obtainTokens(await shop(), ada);
  const phone = await party(portico.issuer, 'phone', redirectUri);
  const { url } = await browser.get((await phone.begin({ prompt: 'none' })).url);
  expect(url.startsWith(redirectUri)).toBe(true);
  expect(new URLSearchParams(url.split('?')[1]).get('error')).toBe('interaction_required');
  expect((await browser.get((await phone.begin()).url)).text).toContain('a***@nightfall.example');
});

test('a claimed https address belongs to the app alone, so prompt=none answers it', async () => {
  const { browser } = await obtainTokens(await shop(), ada);
  const phone = await party(portico.issuer, 'phone', 'https://phone.example/callback');
  expect(answerIn((await browser.get((await phone.begin({ prompt: 'none' })).url)).url)).toHaveProperty('code');
});

test('prompt=none stands alone, and unknown prompts are refused', async () => {
  for (const prompt of ['none login', 'login none', 'accept_terms', 'verify_email', 'complete_account', 'x', 'select_account']) {
    const { url } = await new Browser(portico.issuer).get((await (await shop()).begin({ prompt })).url);
    expect([prompt, answerIn(url).error]).toEqual([prompt, 'invalid_request']);
  }
});

test('prompt=login asks again, and the same person keeps their session', async () => {
  const app = await shop();
  const { browser, tokens } = await obtainTokens(app, ada);
  const begun = await app.begin({ prompt: 'login' });
  const page = await browser.get(begun.url);
  expect(page.form('login')).toBeTruthy();
  const { url } = await enter(browser, page, ada);
  expect((await app.finish(url, begun)).claims()).toMatchObject({ sub: subjects.ada, auth_time: expect.any(Number) });
  expect((await app.refresh(tokens.refresh_token as string)).access_token).toBeTruthy();
});

test('prompt=create shows the form for a new account first', async () => {
  const browser = new Browser(portico.issuer);
  const app = await shop();
  const begun = await app.begin({ prompt: 'create' });
  const page = await browser.get(begun.url);
  expect(page.status).toBe(200);
  const { url } = await browser.submit(page, page.form('register'), { email: 'new@nightfall.example', password });
  expect((await app.finish(url, begun)).claims()?.aud).toBe('shop');
});

test('prompt=consent asks again what was granted before', async () => {
  const partner = await party(portico.issuer, 'partner');
  const { browser } = await obtainTokens(partner, ada);
  const page = await browser.get((await partner.begin({ prompt: 'consent' })).url);
  expect(page.form('allow')).toBeTruthy();
});

test('login_hint fills in the address', async () => {
  const page = await new Browser(portico.issuer).get((await (await shop()).begin({ login_hint: ada.email })).url);
  expect(page.form('login').fields.email).toBe(ada.email);
  const odd = await new Browser(portico.issuer).get((await (await shop()).begin({ login_hint: '"><script>alert(1)</script>' })).url);
  expect(odd.body).not.toContain('<script>alert');
});

test('id_token_hint of the person who is signed in goes through; of somebody else asks to sign in', async () => {
  const app = await shop();
  const first = await obtainTokens(app, ada);
  const second = await obtainTokens(app, bob);
  const ask = async (hint: string | undefined, prompt?: string) =>
    first.browser.get((await app.begin({ id_token_hint: hint ?? '', ...(prompt ? { prompt } : {}) })).url);
  expect(answerIn((await ask(first.tokens.id_token, 'none')).url)).toHaveProperty('code');
  expect(answerIn((await ask(second.tokens.id_token, 'none')).url).error).toBe('login_required');
  expect((await ask(second.tokens.id_token)).form('login')).toBeTruthy();
  expect(answerIn((await ask('nonsense')).url).error).toBe('invalid_request');
  const tampered = (first.tokens.id_token as string).replace(/.{5}$/, 'AAAAA');
  expect(answerIn((await ask(tampered)).url).error).toBe('invalid_request');
});

test("another client's ID token is no hint", async () => {
  const radio = await obtainTokens(await party(portico.issuer, 'radio'), ada);
  const app = await shop();
  const { url } = await radio.browser.get((await app.begin({ id_token_hint: radio.tokens.id_token as string })).url);
  expect(answerIn(url).error).toBe('invalid_request');
});

test('a client that asks for a certain person gets that one or a no', async () => {
  const app = await shop();
  const { browser } = await obtainTokens(app, ada);
  const ask = async (sub: string | undefined) => {
    const claims = JSON.stringify({ id_token: { sub: { value: sub } } });
    return answerIn((await browser.get((await app.begin({ claims, prompt: 'none' })).url)).url);
  };
  expect(await ask(subjects.ada)).toHaveProperty('code');
  expect((await ask(subjects.bob)).error).toBe('login_required');
});

test('max_age=0 asks again', async () => {
  const app = await shop();
  const { browser } = await obtainTokens(app, ada);
  expect((await browser.get((await app.begin({ max_age: '0' })).url)).form('login')).toBeTruthy();
  for (const max_age of ['-1', 'x', '1.5', '1e400'])
    expect(answerIn((await browser.get((await app.begin({ max_age })).url)).url).error).toBe('invalid_request');
});
