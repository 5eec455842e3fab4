// A newcomer's first minutes in a real browser: the demo app, the hosted page, and back.
import type { Browser, Page } from 'playwright-core';
import { overflowOf, violationsOn } from '../support/accessibility.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { type DemoSite, startDemoSite } from '../support/demo-site.ts';
import { mailedDigits } from '../support/mails.ts';
import { newEmail, password } from '../support/people.ts';

let browser: Browser;
let site: DemoSite;

beforeAll(async () => {
  [browser, site] = await Promise.all([launchBrowser(), startDemoSite()]);
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await site?.stop();
});

const homes = { 'Roast & Co.': '/', Harbour: '/harbour' };

async function register(page: Page, email: string): Promise<void> {
  const form = page.getByRole('form', { name: 'I’m new here' });
  await form.getByLabel('Email', { exact: true }).fill(email);
  await form.getByLabel('Password', { exact: true }).fill(password);
  // Roast & Co. has terms, Harbour has none.
  const terms = form.getByRole('checkbox', { name: 'I agree to the club terms' });
  if ((await terms.count()) > 0) await terms.check();
  await form.getByRole('button', { name: 'Create account' }).click();
}

/** The page that waits, and the code of the mail. */
async function typeCode(page: Page, email: string): Promise<void> {
  await page.getByRole('heading', { name: 'Check your email' }).waitFor();
  await page.getByLabel('Code from the email').fill(await mailedDigits(site.portico.services, email));
  await page.getByRole('button', { name: 'Confirm my email' }).click();
}

for (const javaScriptEnabled of [true, false]) {
  for (const [brand, home] of Object.entries(homes)) {
    test(`${brand} ${javaScriptEnabled ? 'with' : 'without'} JavaScript: join, see the claims, refresh, sign out, sign in`, async () => {
      const { page, context, complaints } = await openPage(browser, { javaScriptEnabled });
      const email = newEmail();
      await page.goto(site.url + home);
      await page.getByRole('link', { name: 'Sign in' }).click();
      await page.getByRole('heading', { name: `Sign in or join ${brand}` }).waitFor();
      await register(page, email);
      await typeCode(page, email);
      await page.getByText(`You’re signed in as ${email}`).waitFor();
      expect(page.url()).toBe(site.url + home);
      const claims = page.getByRole('table');
      expect(await claims.getByRole('row', { name: /^email_verified/ }).innerText()).toMatch(/true\s+Userinfo/);
      expect(await claims.getByRole('row', { name: /^iss/ }).innerText()).toContain(
        site.portico.issuers[home === '/' ? 'demo' : 'harbour'],
      );

      await page.getByRole('button', { name: 'Refresh' }).click();
      expect(await page.getByRole('status').innerText()).toMatch(/the refresh token was replaced, [0-9a-f]{8} became [0-9a-f]{8}/);

      await page.getByRole('button', { name: 'Sign out' }).click();
      // The app says whom to sign out, so nobody is asked; without JavaScript a button does it.
      if (!javaScriptEnabled) {
        await page.getByRole('heading', { name: `Signing you out of ${brand}` }).waitFor();
        await page.getByRole('button', { name: 'Sign out' }).click();
      }
      await page.getByRole('link', { name: 'Create account' }).waitFor();
      expect(page.url()).toBe(site.url + home);

      await page.getByRole('link', { name: 'Sign in' }).click();
      const form = page.getByRole('form', { name: 'I have an account' });
      await form.getByLabel('Email').fill(email);
      await form.getByLabel('Password', { exact: true }).fill(password);
      await form.getByRole('button', { name: 'Sign in' }).click();
      // From the second time on Roast & Co. has a few questions.
      if (home === '/') await page.getByRole('button', { name: 'Skip for now' }).click();
      await page.getByText(`You’re signed in as ${email}`).waitFor();
      expect(complaints).toEqual([]);
      await context.close();
    });
  }
}

// Harbour is dark by choice, in both schemes.
const looks = [
  ['Roast & Co.', 'light'],
  ['Roast & Co.', 'dark'],
  ['Harbour', 'light'],
] as const;

for (const [brand, colorScheme] of looks) {
  test(`${brand}, ${colorScheme}: no violation of accessibility on the way in, and nothing to scroll sideways at 320 px`, async () => {
    const { page, context, complaints } = await openPage(browser, { colorScheme, viewport: { width: 320, height: 640 } });
    await page.goto(site.url + homes[brand]);
    await inspect(page);
    await page.getByRole('link', { name: 'Create account' }).click();
    await inspect(page);
    await register(page, 'no address');
    await page.getByRole('alert').waitFor();
    expect(await page.title()).toMatch(/^Error: /);
    await inspect(page);
    const email = newEmail();
    await register(page, email);
    await page.getByRole('heading', { name: 'Check your email' }).waitFor();
    await inspect(page);
    await page.getByRole('button', { name: 'Confirm my email' }).click();
    await page.getByRole('alert').waitFor();
    await inspect(page);
    await typeCode(page, email);
    await page.getByRole('table').waitFor();
    await inspect(page);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await inspect(page);
    expect(complaints).toEqual([]);
    await context.close();
  });
}

async function inspect(page: Page): Promise<void> {
  await page.waitForLoadState();
  const overflow = await overflowOf(page);
  expect({ url: page.url(), overflow, violations: await violationsOn(page) }).toEqual({ url: page.url(), overflow: 0, violations: [] });
}

test('the hosted page follows the dark scheme of a light brand', async () => {
  const { page, context } = await openPage(browser);
  await page.goto(`${site.url}/sign-in`);
  const surfaces = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    surfaces.push(await page.evaluate('getComputedStyle(document.documentElement).backgroundColor'));
  }
  expect(surfaces).toEqual(['rgb(250, 244, 236)', 'rgb(28, 20, 19)']);
  await context.close();
});

test('the way back with an address of another day explains and leads on', async () => {
  const { page, context } = await openPage(browser);
  await page.goto(`${site.url}/callback?code=old&state=unknown`);
  await page.getByRole('heading', { name: 'This sign-in is over' }).waitFor();
  await page.getByRole('link', { name: 'Sign in' }).click();
  expect(new URL(page.url()).pathname).toMatch(/^\/interaction\//);
  await context.close();
});
