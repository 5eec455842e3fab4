// The link of the mail in a real browser: opened beside the page that waits, with and without JavaScript.
import type { Browser } from 'playwright-core';
import { overflowOf, violationsOn } from '../support/accessibility.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { type DemoSite, startDemoSite } from '../support/demo-site.ts';
import { mailTo } from '../support/mails.ts';
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

for (const javaScriptEnabled of [true, false]) {
  test(`the link in a second tab confirms, and either tab carries on ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async () => {
    const { page, context, complaints } = await openPage(browser, { javaScriptEnabled, viewport: { width: 320, height: 640 } });
    const email = newEmail();
    await page.goto(`${site.url}/create-account`);
    const form = page.getByRole('form', { name: 'I’m new here' });
    await form.getByLabel('Email').fill(email);
    await form.getByLabel('Password', { exact: true }).fill(password);
    await form.getByRole('checkbox', { name: 'I agree to the club terms' }).check();
    await form.getByRole('button', { name: 'Create account' }).click();
    await page.getByRole('heading', { name: 'Check your email' }).waitFor();

    const tab = await context.newPage();
    const { params } = await mailTo(site.portico.services, email, 'confirm_registration');
    await tab.goto(params.link);
    expect(tab.url()).not.toContain('token');
    if (javaScriptEnabled) expect([await overflowOf(tab), await violationsOn(tab)]).toEqual([0, []]);
    await tab.getByRole('button', { name: 'Confirm my email' }).click();
    await tab.getByRole('heading', { name: 'Your email is confirmed' }).waitFor();
    if (javaScriptEnabled) expect([await overflowOf(tab), await violationsOn(tab)]).toEqual([0, []]);
    const [next, name] = javaScriptEnabled ? ([tab, 'Carry on'] as const) : ([page, 'I’ve opened the link: carry on'] as const);
    await next.getByRole('button', { name }).click();
    await next.getByText(`You’re signed in as ${email}`).waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });
}
