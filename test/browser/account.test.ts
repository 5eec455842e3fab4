// "My account" in a real browser: by keyboard, without JavaScript, and for a screen reader.
import type { Browser, Page } from 'playwright-core';
import { overflowOf, violationsOn } from '../support/accessibility.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { clientsOfTest } from '../support/clients.ts';
import { newEmail } from '../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { createAccount, password } from '../support/protocol.ts';

let browser: Browser;
let portico: RunningPortico;
beforeAll(async () => {
  [browser, portico] = await Promise.all([launchBrowser(), startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] })]);
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await portico?.stop();
});

async function signIn(page: Page): Promise<void> {
  const email = newEmail();
  await createAccount(portico, { email });
  await page.goto(`${portico.issuer}/account?client_id=shop`);
  await page.fill('#login-email', email);
  await page.fill('#login-password', password);
  await page.keyboard.press('Enter');
  await page.waitForURL(`${portico.issuer}/account`);
}

test('every page of the account is fit for a screen reader and for the narrowest phone', async () => {
  const { context, page, complaints } = await openPage(browser, { viewport: { width: 320, height: 640 }, colorScheme: 'dark' });
  await signIn(page);
  for (const path of ['', '/profile', '/sessions', '/apps', '/profile?done=profile']) {
    await page.goto(`${portico.issuer}/account${path}`);
    expect([path, await violationsOn(page), await overflowOf(page)]).toEqual([path, [], 0]);
  }
  expect(complaints).toEqual([]);
  await context.close();
}, 60_000);

test('a profile is saved by keyboard alone', async () => {
  const { context, page, complaints } = await openPage(browser);
  await signIn(page);
  await page.goto(`${portico.issuer}/account/profile`);
  await page.focus('#profile-given_name');
  await page.keyboard.type('Ada');
  await page.keyboard.press('Tab');
  await page.keyboard.type('Lovelace');
  await page.keyboard.press('Enter');
  await page.waitForURL(/done=profile/);
  expect(await page.textContent('[role=status]')).toContain('Your profile is saved.');
  expect(complaints).toEqual([]);
  await context.close();
}, 60_000);

test('without JavaScript a person signs in, signs out elsewhere and here, and is led back to the app', async () => {
  const { context, page } = await openPage(browser, { javaScriptEnabled: false });
  await signIn(page);
  expect(await page.getAttribute('.account-nav .back', 'href')).toBe('https://shop.example/');
  await page.click('a[href="/account/sessions"] >> nth=-1');
  await page.waitForURL(/\/account\/sessions$/);
  expect(await page.textContent('.places')).toContain('This browser');
  await page.click('text=Sign out everywhere, here too');
  await page.waitForURL(/\/account\/signed-out/);
  expect(await page.textContent('h1')).toBe('You’re signed out');
  expect(await page.getAttribute('.button', 'href')).toBe('https://shop.example/');
  await page.goBack();
  await page.goto(`${portico.issuer}/account`);
  expect(await page.isVisible('#login-email')).toBe(true);
  await context.close();
}, 60_000);

test('a download comes once for a double press, and the button is ready for another one', async () => {
  const { context, page, complaints } = await openPage(browser);
  await signIn(page);
  await page.goto(`${portico.issuer}/account/data`);
  let downloads = 0;
  page.on('download', () => {
    downloads += 1;
  });
  const came = page.waitForEvent('download');
  await page.dblclick('.account-page button');
  await came;
  expect(await page.getAttribute('.account-page button', 'aria-disabled')).toBeNull();
  await page.waitForTimeout(1_100);
  expect(downloads).toBe(1);
  const second = page.waitForEvent('download');
  await page.click('.account-page button');
  await second;
  expect(complaints).toEqual([]);
  await context.close();
}, 60_000);

test('signing out is beside every page of the account where there is room, and on the overview of a phone', async () => {
  const { context, page } = await openPage(browser, { javaScriptEnabled: false });
  await signIn(page);
  await page.setViewportSize({ width: 390, height: 844 });
  const seen = () => page.locator('button:visible', { hasText: /^Sign out$/ });
  expect(await seen().count()).toBe(1);
  await page.goto(`${portico.issuer}/account/profile`);
  expect(await seen().count()).toBe(0);
  await page.setViewportSize({ width: 1280, height: 800 });
  expect(await seen().count()).toBe(1);
  await page.goto(`${portico.issuer}/account`);
  expect(await seen().count()).toBe(1);
  await page.goto(`${portico.issuer}/account/profile`);
  await seen().click();
  await page.waitForURL(/\/account\/signed-out/);
  await context.close();
}, 60_000);
