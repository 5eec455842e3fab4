// From "Forgot password?" to signed in, in a real browser, with and without scripts: by the code, and by the link in a second tab.
import type { Browser, Page } from 'playwright-core';
import { register } from '../../src/flows/register.ts';
import * as brands from '../../src/storage/brands.ts';
import { overflowOf, violationsOn } from '../support/accessibility.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { clientsOfTest, party } from '../support/clients.ts';
import { mailTo } from '../support/mails.ts';
import { newEmail, password } from '../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';

const chosen = 'violet kettle on a roof 9';
let portico: RunningPortico;
let browser: Browser;

beforeAll(async () => {
  [browser, portico] = await Promise.all([launchBrowser(), startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] })]);
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await portico?.stop();
});

async function customer(): Promise<string> {
  const email = newEmail('real');
  const brand = await brands.findBySlug(portico.db, 'nightfall');
  await register(portico.services, brand!, { email, password, byOperator: true });
  return email;
}

const signIn = (page: Page) => page.locator('form[aria-labelledby=login]');

/** The app's own page: nobody has to be there. */
async function backAtTheApp(page: Page, press: () => Promise<void>): Promise<string> {
  const arrived = page.waitForRequest((request) => request.url().startsWith('https://shop.example/callback'));
  await press();
  return (await arrived).url();
}

for (const javaScriptEnabled of [true, false]) {
  test(`${javaScriptEnabled ? 'with' : 'without'} scripts: ask, type the code and a new password, sign in`, async () => {
    const email = await customer();
    const shop = await party(portico.issuer, 'shop');
    const begun = await shop.begin();
    const { page, context, complaints } = await openPage(browser, { javaScriptEnabled, viewport: { width: 360, height: 740 } });
    await page.goto(begun.url);
    await signIn(page).getByLabel('Email').fill(email);
    await page.getByRole('button', { name: 'Forgot password?' }).click();
    expect(await page.getByLabel('Email').inputValue()).toBe(email);
    await page.getByRole('button', { name: 'Send me a code' }).click();
    await page.getByRole('heading', { name: 'Check your email' }).waitFor();
    expect(await overflowOf(page)).toBe(0);
    if (javaScriptEnabled) expect(await violationsOn(page)).toEqual([]);

    const { digits } = (await mailTo(portico.services, email, 'reset_password')).params;
    await page.getByLabel('Code from the email').fill('000000');
    await page.getByLabel('New password', { exact: true }).fill(chosen);
    await page.getByRole('button', { name: 'Set new password' }).click();
    await page.getByText('That isn’t the code').first().waitFor();
    if (javaScriptEnabled) expect(await violationsOn(page)).toEqual([]);
    await page.getByLabel('Code from the email').fill(`${digits.slice(0, 3)} ${digits.slice(3)}`);
    await page.getByLabel('New password', { exact: true }).fill(chosen);
    // Enter is enough.
    await page.getByLabel('New password', { exact: true }).press('Enter');
    await page.getByText('Your password is changed. Sign in with the new one.').waitFor();
    expect(await signIn(page).getByLabel('Email').inputValue()).toBe(email);
    await signIn(page).getByLabel('Password', { exact: true }).fill(chosen);
    const callback = await backAtTheApp(page, () => signIn(page).getByLabel('Password', { exact: true }).press('Enter'));
    expect((await shop.finish(callback, begun)).claims()?.sub).toBeDefined();
    expect(complaints).toEqual([]);
    await context.close();
  });

  test(`${javaScriptEnabled ? 'with' : 'without'} scripts: the mailed link in another tab, and on in the same sign-in`, async () => {
    const email = await customer();
    const shop = await party(portico.issuer, 'shop');
    const begun = await shop.begin();
    const { page, context, complaints } = await openPage(browser, { javaScriptEnabled });
    await page.goto(begun.url);
    await signIn(page).getByLabel('Email').fill(email);
    await page.getByRole('button', { name: 'Forgot password?' }).click();
    await page.getByRole('button', { name: 'Send me a code' }).click();
    const tab = await context.newPage();
    await tab.goto((await mailTo(portico.services, email, 'reset_password')).params.link);
    expect(tab.url()).toMatch(/\/reset-password$/);
    if (javaScriptEnabled) expect(await violationsOn(tab)).toEqual([]);
    await tab.getByLabel('New password', { exact: true }).fill(chosen);
    await tab.getByRole('button', { name: 'Set new password' }).click();
    await tab.getByText('Your password is changed. Sign in with the new one.').waitFor();
    await signIn(tab).getByLabel('Password', { exact: true }).fill(chosen);
    const callback = await backAtTheApp(tab, () => signIn(tab).getByRole('button', { name: 'Sign in' }).click());
    expect((await shop.finish(callback, begun)).claims()?.sub).toBeDefined();
    expect(complaints).toEqual([]);
    await context.close();
  });
}
