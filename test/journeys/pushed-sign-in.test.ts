// Apps that push or sign their requests: every way to begin a sign-in again keeps to what they must send, and to what they sent.
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import * as client from 'openid-client';
import { clientsOfTest, party } from '../support/clients.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { Browser, type Page } from '../support/http-browser.ts';
import { enter, newEmail, password } from '../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { createRelyingParty, type RelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
let shop: RelyingParty;
let signingKey: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

const secret = 'a secret of an app that pushes its requests';
const redirectUris: Record<string, string> = {
  bank: 'https://bank.example/callback',
  broker: 'https://broker.example/callback',
  wallet: 'com.example.wallet:/callback',
  signer: 'https://signer.example/callback',
};

beforeAll(async () => {
  const pair = await generateKeyPair('RS256', { extractable: true });
  signingKey = pair.privateKey;
  const must = (id: string, more: object = {}) => ({
    client_id: id,
    redirect_uris: [redirectUris[id] as string],
    require_pushed_authorization_requests: true,
    ...more,
  });
  const jwks = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'one', use: 'sig' }] };
  const signer = { client_id: 'signer', redirect_uris: [redirectUris.signer as string], first_party: false, jwks };
  const clients = [
    ...clientsOfTest,
    { kind: 'web' as const, metadata: must('bank'), secret },
    { kind: 'web' as const, metadata: must('broker', { first_party: false }), secret },
    { kind: 'native' as const, metadata: must('wallet') },
    { kind: 'web' as const, metadata: signer, secret },
  ];
  portico = await startPortico({ brands: [{ ...demoBrand, clients }] });
  shop = await party(portico.issuer, 'shop');
});
afterEach(() => resetClock(portico.database));
afterAll(() => portico.stop());

const newBrowser = () => new Browser(portico.issuer);
const app = (clientId: string) =>
  createRelyingParty({
    issuer: portico.issuer,
    clientId,
    redirectUri: redirectUris[clientId] as string,
    ...(clientId === 'wallet' ? {} : { clientSecret: secret }),
  });

async function push(party: RelyingParty, parameters: Record<string, string> = {}) {
  const begun = await party.begin(parameters);
  const pushed = await client.buildAuthorizationUrlWithPAR(party.config, new URL(begun.url).searchParams);
  return { begun, url: pushed.href };
}

async function signed(party: RelyingParty, parameters: Record<string, string> = {}) {
  const begun = await party.begin(parameters);
  const now = Math.floor(Date.now() / 1_000);
  const asked = Object.fromEntries(new URL(begun.url).searchParams);
  const request = await new SignJWT({ ...asked, iss: 'signer', aud: portico.issuer, iat: now, nbf: now, exp: now + 60 })
    .setProtectedHeader({ alg: 'RS256', kid: 'one' })
    .sign(signingKey);
  return { begun, url: `${portico.issuer}/auth?${new URLSearchParams({ client_id: 'signer', request })}` };
}

/** No address on the way carries a parameter of the request. */
function expectNothingToldIn({ trail }: Page): void {
  for (const address of trail.filter((url) => url.startsWith(`${portico.issuer}/auth?`)))
    expect([...new URL(address).searchParams.keys()].sort()).toEqual(['client_id', 'request_uri']);
}

test('a double press on the page of an app that must push its requests ends in the app', async () => {
  const bank = await app('bank');
  // Which press is quicker at which step differs from time to time.
  for (const inOrder of [true, ...Array<boolean>(12).fill(false)]) {
    const { begun, url } = await push(bank);
    const [browser, email] = [newBrowser(), newEmail()];
    await enter(newBrowser(), shop, 'register', { email });
    const page = await browser.get(url);
    const press = () => browser.submit(page, page.form('login'), { email, password });
    const ends = inOrder ? [await press(), await press()] : await Promise.all([press(), press(), press()]);
    for (const end of ends) {
      expect(end.url).toMatch(/^https:\/\/bank\.example\/callback\?code=/);
      expectNothingToldIn(end);
    }
    expect((await bank.finish(ends.at(-1)?.url ?? '', begun)).claims()?.aud).toBe('bank');
  }
});

test('"not you?" works for apps that must push their requests, and keeps what was pushed out of addresses', async () => {
  const email = newEmail('bob');
  await enter(newBrowser(), shop, 'register', { email });
  for (const id of ['broker', 'wallet']) {
    const party = await app(id);
    const browser = newBrowser();
    await enter(browser, shop, 'register', { email: newEmail('ada') });
    const { begun, url } = await push(party, { login_hint: 'private@nightfall.example', claims: '{"userinfo":{"email":null}}' });
    const asked = await browser.get(url);
    const page = await browser.submit(asked, asked.form('switch'));
    expectNothingToldIn(page);
    expect(page.form('login').fields.email).toBe('private@nightfall.example');
    let end = await browser.submit(page, page.form('login'), { email, password });
    if (end.status !== 0) end = await browser.submit(end, end.form());
    if (id === 'broker') end = await browser.submit(end, end.form('allow'));
    const tokens = await party.finish(end.url, begun);
    await expect(party.userinfo(tokens)).resolves.toMatchObject({ email });
  }
});

test('"start again" on the page of a finished sign-in still works after the minute of a pushed request', async () => {
  const bank = await app('bank');
  const browser = newBrowser();
  const page = await browser.get((await push(bank)).url);
  await browser.submit(page, page.form('register'), { email: newEmail(), password });
  const finished = await browser.get(page.url);
  expect(finished.text).toContain('You’re already signed in');
  await shiftClock(portico.database, 600);
  const end = await browser.get(finished.link('Start again'));
  expectNothingToldIn(end);
  expect(end.url).toMatch(/^https:\/\/bank\.example\/callback\?code=/);
});

test('a pushed request of an app that need not push stays out of addresses as well', async () => {
  const browser = newBrowser();
  const { url } = await push(shop);
  const page = await browser.get(url);
  const email = newEmail();
  await browser.submit(page, page.form('register'), { email, password });
  const again = await browser.submit(page, page.form('register'), { email, password });
  expectNothingToldIn(again);
  expect(again.url).toMatch(/^https:\/\/shop\.example\/callback\?code=/);
});

test('what an app signed is never spelled out for the browser to change', async () => {
  const signer = await app('signer');
  const browser = newBrowser();
  await enter(browser, shop, 'register', { email: newEmail() });
  const { begun, url } = await signed(signer);
  const asked = await browser.get(url);
  const page = await browser.submit(asked, asked.form('switch'));
  expect(
    page.trail.filter((address) => address.includes('/auth?')).map((address) => [...new URL(address).searchParams.keys()].sort()),
  ).toEqual([['client_id', 'request_uri']]);
  const email = newEmail();
  let end = await browser.submit(page, page.form('register'), { email, password });
  if (!end.forms.some(({ buttons }) => buttons.some(({ value }) => value === 'allow'))) end = await browser.submit(end, end.form());
  end = await browser.submit(end, end.form('allow'));
  await expect(signer.finish(end.url, begun)).resolves.toBeDefined();
});

test('an ordinary request begins again as it was sent', async () => {
  const browser = newBrowser();
  const page = await browser.get((await shop.begin()).url);
  const email = newEmail();
  await browser.submit(page, page.form('register'), { email, password });
  const again = await browser.submit(page, page.form('register'), { email, password });
  const restart = again.trail.find((address) => address.startsWith(`${portico.issuer}/auth?`));
  expect(new URL(restart ?? '').searchParams.get('scope')).toBe('openid email');
});
