// A single-page app with the library most of them use: everything between its JavaScript and ours is cross-origin.
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, openPage } from '../support/browser.ts';
import { eventually } from '../support/example-process.ts';
import { newEmail, password } from '../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { createRelyingParty } from '../support/relying-party.ts';
import { type SinglePageApp, startSinglePageApp } from '../support/single-page-app.ts';

let browser: Browser;
let portico: RunningPortico;
/** At localhost, where the provider is: another origin, but the same site. */
let app: SinglePageApp;
/** At 127.0.0.1: another site. */
let farAway: SinglePageApp;
/** Its redirect URI is registered, its origin is not. */
let unknown: SinglePageApp;

beforeAll(async () => {
  [app, farAway, unknown] = await Promise.all([
    startSinglePageApp('localhost'),
    startSinglePageApp('127.0.0.1'),
    startSinglePageApp('localhost'),
  ]);
  const apps = [app, farAway, unknown];
  const metadata = {
    client_id: 'listen',
    client_name: 'Nightfall Listen',
    redirect_uris: apps.map(({ origin }) => `${origin}/callback`),
    post_logout_redirect_uris: apps.map(({ origin }) => `${origin}/`),
    allowed_origins: [app.origin, farAway.origin],
  };
  const brands = [{ ...demoBrand, clients: [{ kind: 'spa' as const, metadata }] }];
  [browser, portico] = await Promise.all([launchBrowser(), startPortico({ brands })]);
  for (const one of apps) one.signInAt(portico.issuer, metadata.client_id);
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await portico?.stop();
  await Promise.all([app, farAway, unknown].map((one) => one?.close()));
});

/** Somebody who knows the app's registration, outside the browser. */
const party = () => createRelyingParty({ issuer: portico.issuer, clientId: 'listen', redirectUri: `${app.origin}/callback` });

async function register(page: Page, { origin }: SinglePageApp): Promise<string> {
  const email = newEmail();
  await page.goto(origin);
  await page.getByRole('button', { name: 'Sign in' }).click();
  const form = page.getByRole('form', { name: 'I’m new here' });
  await form.getByLabel('Email').fill(email);
  await form.getByLabel('Password', { exact: true }).fill(password);
  await form.getByRole('button', { name: 'Create account' }).click();
  return email;
}

/** What the app says once it is back at its own origin. */
const says = (page: Page, text: string) => page.getByRole('status').getByText(text).waitFor();

const refreshToken = (page: Page): Promise<string> => page.evaluate('manager.getUser().then((user) => user.refresh_token)');

test('join by redirect, see the claims, refresh, and sign out by redirect, which ends the refresh token', async () => {
  const { page, context, complaints } = await openPage(browser);
  const sent: URLSearchParams[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/auth?')) sent.push(new URL(request.url()).searchParams);
    if (request.url().endsWith('/token')) sent.push(new URLSearchParams(request.postData() ?? ''));
  });
  const email = await register(page, app);
  await says(page, `Signed in as ${email}`);
  const [asked, exchanged] = sent;
  expect([asked?.get('code_challenge_method'), asked?.has('code_challenge'), exchanged?.has('code_verifier')]).toEqual([
    'S256',
    true,
    true,
  ]);

  const first = await refreshToken(page);
  await page.getByRole('button', { name: 'Refresh' }).click();
  const second = await eventually(
    async () => ((await refreshToken(page)) === first ? undefined : refreshToken(page)),
    () => 'the refresh token was not replaced',
  );
  await says(page, `Signed in as ${email}`);

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(`${app.origin}/**`);
  await says(page, 'Signed out');
  await expect((await party()).refresh(second)).rejects.toMatchObject({ error: 'invalid_grant' });
  expect(complaints).toEqual([]);
  await context.close();
});

test('two tabs that refresh at once, ten times each, get one successor and stay signed in', async () => {
  const { page, context, complaints } = await openPage(browser);
  const presented: (string | null)[] = [];
  context.on('request', (request) => {
    const form = new URLSearchParams(request.postData() ?? '');
    if (form.get('grant_type') === 'refresh_token') presented.push(form.get('refresh_token'));
  });
  const email = await register(page, app);
  await says(page, 'Signed in');
  const tab = await context.newPage();
  await tab.goto(app.origin);
  await says(tab, `Signed in as ${email}`);

  const tenTimes = 'Promise.all(Array.from({ length: 10 }, () => manager.signinSilent().then((user) => user.refresh_token)))';
  const before = await refreshToken(page);
  const successors = (await Promise.all([page, tab].map((one) => one.evaluate<string[]>(tenTimes)))).flat();
  expect(presented).toEqual(Array(20).fill(before));
  expect(new Set(successors).size).toBe(1);
  expect(successors[0]).not.toBe(before);

  for (const one of [tab, page]) {
    const held = await refreshToken(one);
    expect(await one.evaluate('manager.signinSilent().then((user) => user.refresh_token)')).not.toBe(held);
  }
  expect(complaints).toEqual([]);
  await context.close();
});

test('an origin that is not allowed gets the code and, by CORS, no token', async () => {
  const { page, context, complaints } = await openPage(browser);
  await register(page, unknown);
  await says(page, 'It failed: Failed to fetch');
  expect(complaints[0]).toMatch(
    `Access to fetch at '${portico.issuer}/token' from origin '${unknown.origin}' has been blocked by CORS policy`,
  );
  expect(await page.evaluate('manager.getUser()')).toBeNull();
  await context.close();
});

/** Renews as apps did before they had refresh tokens: prompt=none in a hidden frame. */
const renewInFrame = `
  manager.getUser()
    .then((user) => manager.storeUser(Object.assign(user, { refresh_token: undefined })))
    .then(() => manager.signinSilent({ silentRequestTimeoutInSeconds: 5 }))
    .then((user) => user.profile.email, (error) => error.error)`;

test('a hidden frame with prompt=none renews for an app of our own site', async () => {
  const { page, context, complaints } = await openPage(browser);
  const email = await register(page, app);
  await says(page, 'Signed in');
  expect(await page.evaluate(renewInFrame)).toBe(email);
  expect(complaints).toEqual([]);
  await context.close();
});

test('a hidden frame with prompt=none tells an app of another site login_required: our cookies stay at home', async () => {
  const { page, context, complaints } = await openPage(browser);
  const email = await register(page, farAway);
  await says(page, `Signed in as ${email}`);
  expect(await page.evaluate(renewInFrame)).toBe('login_required');
  expect(complaints).toEqual([]);
  await context.close();
});

test('no app shows the sign-in page in a frame, not even one of our own site', async () => {
  const { page, context, complaints } = await openPage(browser);
  await page.goto(app.origin);
  await says(page, 'Signed out');
  const { url } = await (await party()).begin();
  await page.evaluate(`document.body.appendChild(document.createElement('iframe')).src = ${JSON.stringify(url)}`);
  await eventually(
    () => complaints[0],
    () => 'the page was shown',
  );
  expect(complaints).toEqual([expect.stringContaining(`"frame-ancestors 'none'"`)]);
  await context.close();
});
