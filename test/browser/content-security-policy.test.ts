// Ways back to the app that a strict policy could break: Chromium checks form-action along the whole chain of redirects.
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, openPage } from '../support/browser.ts';
import { type CallbackServer, startCallbackServer } from '../support/callback-server.ts';
import { eventually } from '../support/example-process.ts';
import { newEmail, password } from '../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { createRelyingParty, type RelyingParty } from '../support/relying-party.ts';

let browser: Browser;
let portico: RunningPortico;
let app: CallbackServer;
let shop: RelyingParty;
let forwardTo: string | undefined;

const secret = 'the secret of the shop';
const scheme = 'com.example.nightfall:/callback';

beforeAll(async () => {
  app = await startCallbackServer(() => forwardTo);
  const redirectUri = `${app.url}/callback`;
  const clients = [
    { kind: 'web' as const, secret, metadata: { client_id: 'shop', client_name: 'Nightfall Shop', redirect_uris: [redirectUri] } },
    {
      kind: 'native' as const,
      metadata: {
        client_id: 'phone',
        client_name: 'Nightfall on your phone',
        redirect_uris: [scheme],
        post_logout_redirect_uris: [scheme],
      },
    },
  ];
  [browser, portico] = await Promise.all([launchBrowser(), startPortico({ brands: [{ ...demoBrand, clients }] })]);
  shop = await createRelyingParty({ issuer: portico.issuer, clientId: 'shop', clientSecret: secret, redirectUri });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await portico?.stop();
  await app?.close();
});
beforeEach(() => {
  forwardTo = undefined;
  app.received.length = 0;
});

async function enter(page: Page, form: 'I’m new here' | 'I have an account', email: string, press: 'click' | 'dblclick' = 'click') {
  const fields = page.getByRole('form', { name: form });
  await fields.getByLabel('Email').fill(email);
  await fields.getByLabel('Password', { exact: true }).fill(password);
  await fields.getByRole('button', { name: form === 'I’m new here' ? 'Create account' : 'Sign in' })[press]();
}

async function register(page: Page, parameters: Record<string, string> = {}, email = newEmail()): Promise<string> {
  await page.goto((await shop.begin(parameters)).url);
  await enter(page, 'I’m new here', email);
  return email;
}

const cameBack = () =>
  eventually(
    () => app.received.at(-1),
    () => 'the browser never came back to the app',
  );

test('an app whose callback goes on to another origin', async () => {
  forwardTo = 'https://second.example/welcome';
  const { page, context, complaints } = await openPage(browser);
  const visited: string[] = [];
  page.on('request', (request) => visited.push(request.url()));
  await register(page);
  await cameBack();
  await eventually(
    () => visited.find((url) => url === forwardTo),
    () => visited.join('\n'),
  );
  expect(complaints).toEqual([]);
  await context.close();
});

test('these tests notice when a policy blocks the way', async () => {
  forwardTo = 'http://127.0.0.1:9/not-named-by-the-policy';
  const { page, context, complaints } = await openPage(browser);
  await register(page);
  await eventually(
    () => (complaints.length > 0 ? true : undefined),
    () => 'nobody complained',
  );
  expect(complaints.join('\n')).toMatch(/form-action/);
  await context.close();
});

test('a custom scheme', async () => {
  const phone = await createRelyingParty({ issuer: portico.issuer, clientId: 'phone', redirectUri: scheme });
  const { page, context, complaints } = await openPage(browser);
  const locations: (string | undefined)[] = [];
  page.on('response', (response) => locations.push(response.headers().location));
  await page.goto((await phone.begin()).url);
  await enter(page, 'I’m new here', newEmail());
  await eventually(
    () => locations.find((location) => location?.startsWith(`${scheme}?code=`)),
    () => locations.join('\n'),
  );
  // The browser hands the address to the system and stays where it is.
  await page.waitForTimeout(200);
  expect(complaints).toEqual([]);
  await context.close();
});

for (const what of ['the switch to another account', 'a sign-out without a session'] as const) {
  for (const javaScriptEnabled of [true, false]) {
    test(`${what} leads to a custom scheme ${javaScriptEnabled ? 'by itself' : 'with a press of the button'}`, async () => {
      const phone = await createRelyingParty({ issuer: portico.issuer, clientId: 'phone', redirectUri: scheme });
      const { page, context, complaints } = await openPage(browser, { javaScriptEnabled });
      const locations: (string | undefined)[] = [];
      page.on('response', (response) => locations.push(response.headers().location));
      if (what === 'a sign-out without a session') {
        const query = new URLSearchParams({ client_id: 'phone', post_logout_redirect_uri: scheme });
        // The page leaves by itself, so its loading need not end.
        await page.goto(`${portico.issuer}/session/end?${query}`, { waitUntil: 'commit' });
      } else {
        const email = newEmail();
        const other = await openPage(browser);
        await register(other.page, {}, email);
        await cameBack();
        await other.context.close();
        await register(page);
        await page.getByRole('heading', { name: 'Back at the app' }).waitFor();
        await page.goto((await phone.begin({ prompt: 'login' })).url);
        await enter(page, 'I have an account', email);
      }
      if (!javaScriptEnabled) await page.getByRole('button', { name: /^Continue/ }).click();
      await eventually(
        () => locations.find((location) => location?.startsWith(scheme)),
        () => [...locations, ...complaints].join('\n'),
      );
      await page.waitForTimeout(200);
      // Whether a system's own addresses may be opened without a touch is the browser's rule, not the policy's.
      expect(complaints.filter((text) => !text.includes('user gesture is required'))).toEqual([]);
      await context.close();
    });
  }
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'by itself' : 'with a press of the button when there is no JavaScript';

  test(`form_post goes back ${how}`, async () => {
    const { page, context, complaints } = await openPage(browser, { javaScriptEnabled });
    await register(page, { response_mode: 'form_post' });
    if (!javaScriptEnabled) await page.getByRole('button', { name: 'Continue to Nightfall Shop' }).click();
    const { method, parameters } = await cameBack();
    expect([method, parameters.has('code')]).toEqual(['POST', true]);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test(`the switch to another account goes on ${how}`, async () => {
    const other = await openPage(browser);
    const email = await register(other.page);
    await cameBack();
    await other.context.close();
    const { page, context, complaints } = await openPage(browser, { javaScriptEnabled });
    await register(page);
    await page.getByRole('heading', { name: 'Back at the app' }).waitFor();
    app.received.length = 0;
    await page.goto((await shop.begin({ prompt: 'login' })).url);
    await enter(page, 'I have an account', email);
    if (!javaScriptEnabled) await page.getByRole('button', { name: /^Continue/ }).click();
    expect((await cameBack()).parameters.has('code')).toBe(true);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test(`a double click ends in the app ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async () => {
    const { page, context, complaints } = await openPage(browser, { javaScriptEnabled });
    await page.goto((await shop.begin()).url);
    await enter(page, 'I’m new here', newEmail(), 'dblclick');
    await page.getByRole('heading', { name: 'Back at the app' }).waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });
}
