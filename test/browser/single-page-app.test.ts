import type { Browser, Page } from 'playwright-core';
import { launchBrowser, openPage } from '../support/browser.ts';
import { newEmail, password } from '../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { type SinglePageApp, startSinglePageApp } from '../support/single-page-app.ts';

let browser: Browser;
let portico: RunningPortico;
let app: SinglePageApp;
let stranger: SinglePageApp;

beforeAll(async () => {
  [app, stranger] = await Promise.all([startSinglePageApp(), startSinglePageApp('127.0.0.1')]);
  const origins = [app.origin, stranger.origin];
  const metadata = {
    client_id: 'listen',
    client_name: 'Nightfall Listen',
    redirect_uris: origins.map((origin) => `${origin}/callback`),
    post_logout_redirect_uris: origins.map((origin) => `${origin}/`),
    allowed_origins: [app.origin],
  };
  const brands = [{ ...demoBrand, clients: [{ kind: 'spa' as const, metadata }] }];
  [browser, portico] = await Promise.all([launchBrowser(), startPortico({ brands })]);
  for (const one of [app, stranger]) one.signInAt(portico.issuer, 'listen');
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await portico?.stop();
  await Promise.all([app?.close(), stranger?.close()]);
});

async function signIn(page: Page, origin: string, email = newEmail()): Promise<string> {
  await page.goto(origin);
  await page.getByRole('button', { name: 'Sign in' }).click();
  const form = page.getByRole('form', { name: 'I’m new here' });
  await form.getByLabel('Email').fill(email);
  await form.getByLabel('Password', { exact: true }).fill(password);
  await form.getByRole('button', { name: 'Create account' }).click();
  return email;
}

for (const who of ['app', 'stranger']) test('explore ' + who, async () => {
  const it = who === 'app' ? app : stranger;
  const { page, complaints, context } = await openPage(browser);
  page.on('response', async (r) => process.stderr.write(`${r.status()} ${r.request().method()} ${r.url().slice(0, 150)} ${r.frame() === page.mainFrame() ? '' : 'FRAME'}\n`));
  page.on('requestfailed', (r) => process.stderr.write(`FAILED ${r.method()} ${r.url().slice(0, 100)} ${r.failure()?.errorText}\n`));
  const email = await signIn(page, it.origin);
  await page.waitForTimeout(1500);
  process.stderr.write(await page.getByRole('status').innerText() + '\n' + complaints.join('\n') + '\n');
  if (who === 'app') {
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.waitForTimeout(500);
  process.stderr.write('REFRESHED ' + await page.getByRole('status').innerText() + '\n' + complaints.join('\n') + '\n');
  }
  process.stderr.write('IFRAME\n' + await page.evaluate(`(async () => {
    const user = await manager.getUser();
    if (user) { user.refresh_token = undefined; await manager.storeUser(user); }
    return manager.signinSilent({ silentRequestTimeoutInSeconds: 3 }).then((u) => 'ok ' + JSON.stringify(u), (e) => 'no ' + e.name + e.message);
  })()`) + '\n' + complaints.join('\n') + '\n');
  await context.close();
});
