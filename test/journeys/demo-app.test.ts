// The demo app when things do not go well, and the command-line app: both as processes of their own.
import { type DemoSite, startDemoSite } from '../support/demo-site.ts';
import { type ExampleProcess, listening, startProcess } from '../support/example-process.ts';
import { Browser, type Page } from '../support/http-browser.ts';
import { mailedDigits, typeCode } from '../support/mails.ts';
import { newEmail, password } from '../support/people.ts';
import { freePort } from '../support/portico.ts';

let site: DemoSite;
const started: ExampleProcess[] = [];

beforeAll(async () => {
  site = await startDemoSite();
});
afterAll(async () => {
  for (const process of started) process.child.kill('SIGKILL');
  await site?.stop();
});

const newBrowser = () => new Browser(site.portico.issuer, site.url);

async function join(browser: Browser, home = '/'): Promise<Page> {
  const page = await browser.get(`${site.url}${home === '/' ? '' : home}/create-account`);
  return confirmed(browser, page, newEmail());
}

async function confirmed(browser: Browser, page: Page, email: string): Promise<Page> {
  const waiting = await browser.submit(page, page.form('register'), { email, password, consent_terms: 'yes' });
  return typeCode(browser, waiting, await mailedDigits(site.portico.services, email));
}

test('two shops in one browser stay signed in beside each other', async () => {
  const browser = newBrowser();
  await join(browser);
  await join(browser, '/harbour');
  for (const home of ['/', '/harbour']) expect((await browser.get(site.url + home)).text).toContain('Good to see you');
});

test('a member of each shop finds their account, in the brand’s look, and the way back', async () => {
  for (const [home, name] of [
    ['/', 'Back to Roast & Co. Rewards'],
    ['/harbour', 'Back to Harbour'],
  ] as const) {
    const browser = newBrowser();
    const member = await join(browser, home);
    const account = await browser.get(member.link('My account'));
    expect(account.url).toBe(`${site.portico.issuer}${home === '/' ? '' : home}/account`);
    expect((await browser.get(account.link(name))).text).toContain('Good to see you');
  }
});

test('signing out elsewhere ends the shop’s refresh with an explanation', async () => {
  const browser = newBrowser();
  const member = await join(browser);
  const asked = await browser.get(`${site.portico.issuer}/session/end`);
  await browser.submit(asked, asked.form('logout'));
  const ended = await browser.submit(member, member.forms.find(({ action }) => action === '/refresh')!);
  expect(ended.status).toBe(401);
  expect(ended.text).toContain('You’ve been signed out');
  expect((await browser.get(ended.link('Back to Roast & Co.'))).text).toContain('Every tenth coffee');
});

test('two presses of "Refresh" at once use the refresh token once', async () => {
  const browser = newBrowser();
  const member = await join(browser);
  const form = member.forms.find(({ action }) => action === '/refresh')!;
  const pages = await Promise.all([browser.submit(member, form), browser.submit(member, form)]);
  for (const page of pages) expect(page.text).toContain('the refresh token was replaced');
  expect((await browser.submit(member, form)).text).toContain('the refresh token was replaced');
});

test('somebody who chose not to sign in is told so and can go on', async () => {
  const browser = newBrowser();
  const page = await browser.get(`${site.url}/sign-in`);
  const request = new URL(page.trail.find((url) => url.includes('/auth?')) ?? '');
  const answer = new URLSearchParams({ error: 'access_denied', state: request.searchParams.get('state') ?? '', iss: site.portico.issuer });
  const denied = await browser.get(`${site.url}/callback?${answer}`);
  expect(denied.status).toBe(200);
  expect(denied.text).toContain('You’re not signed in');
  expect((await browser.get(denied.link('Sign in'))).text).toContain('Sign in or join');
});

test('reloading the way back is harmless', async () => {
  const browser = newBrowser();
  const member = await join(browser);
  const callback = member.trail.find((url) => url.includes('/callback?')) ?? '';
  expect((await browser.get(callback)).text).toContain('Good to see you');
});

test('the sites follow a German browser, and an address that leads nowhere has a way back', async () => {
  const at = async (path: string, language: string) => (await fetch(site.url + path, { headers: { 'accept-language': language } })).text();
  expect(await at('/', 'de-AT,de;q=0.9,en;q=0.5')).toMatch(/<html lang="de">.*Jeder zehnte Kaffee geht auf uns.*Anmelden/s);
  expect(await at('/', 'en,de;q=0.5')).toMatch(/<html lang="en">.*Every tenth coffee/s);
  expect(await at('/harbour', 'en')).toContain('A demo film service.');
  expect(await at('/nowhere', 'de')).toMatch(/Hier ist nichts.*<p class="actions"><a class="button"/s);
});

test('a form from another site does nothing', async () => {
  const browser = newBrowser();
  await join(browser);
  await browser.get(`${site.url}/sign-out`, { method: 'POST', fields: {}, from: 'https://evil.example/' });
  expect((await browser.get(site.url)).text).toContain('Good to see you');
});

test('the shop waits kindly for an issuer that is not up yet', async () => {
  const [port, away] = [await freePort(), await freePort()];
  const sites = [{ path: '', issuer: `http://localhost:${away}`, clientId: 'demo-web-app', clientSecret: 'secret' }];
  const app = startProcess('examples/web-app/main.ts', { env: { PORT: String(port), SITES: JSON.stringify(sites) } });
  started.push(app);
  await listening(`http://localhost:${port}`);
  const waiting = await new Browser(`http://localhost:${port}`).get(`http://localhost:${port}/sign-in`);
  expect(waiting.status).toBe(503);
  expect(waiting.headers.refresh).toBe('2');
  expect(waiting.text).toContain('still waking up');
  await app.stop();
});

test('a port in use is said in words', async () => {
  const app = startProcess('examples/web-app/main.ts', { env: { PORT: new URL(site.url).port, SITES: '[]' } });
  expect(await app.ended).toBe(1);
  expect(app.output()).toContain('which is in use');
});

test('the command-line app signs in through a loopback redirect, refreshes and signs out', async () => {
  const app = startProcess('examples/native/main.ts', { args: ['--issuer', site.portico.issuer, '--create'] });
  started.push(app);
  const [url] = await app.prints(/http:\/\/localhost:\d+\/auth\?\S+/);
  const redirectUri = new URL(url).searchParams.get('redirect_uri') ?? '';
  expect(redirectUri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
  const browser = new Browser(site.portico.issuer, redirectUri);
  const page = await browser.get(url);
  const email = newEmail();
  const done = await confirmed(browser, page, email);
  expect(done.text).toBe('You’re signed in Go back to your terminal. You can close this window.');
  expect(await app.ended).toBe(0);
  expect(app.output()).toContain(email);
  expect(app.output()).toContain('The refresh token was replaced');
  expect(app.output()).toContain('Revoked');
});

test('the command-line app asks where PORT or PUBLIC_URL says, and says when nobody answers', async () => {
  const port = await freePort();
  const named = startProcess('examples/native/main.ts', { args: ['--help'], env: { PUBLIC_URL: 'https://id.example.com' } });
  await named.prints(/whom to ask \(https:\/\/id\.example\.com\)/);
  const app = startProcess('examples/native/main.ts', { env: { PORT: String(port) } });
  expect(await app.ended).toBe(1);
  expect(app.output()).toContain(`Nobody answers at http://localhost:${port}. Start Portico with: npm start`);
  expect(app.output()).toContain('-- --issuer');
});
