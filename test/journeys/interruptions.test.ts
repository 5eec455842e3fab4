// What people do while they sign in: two tabs, double clicks, the back button, another browser. Nobody meets a dead end.
import { clientsOfTest, party } from '../support/clients.ts';
import { Browser, type Page } from '../support/http-browser.ts';
import { enter, newEmail, password } from '../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import type { BegunSignIn, RelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
let shop: RelyingParty;
let radio: RelyingParty;

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
  [shop, radio] = await Promise.all([party(portico.issuer, 'shop'), party(portico.issuer, 'radio')]);
});
afterAll(() => portico.stop());

const newBrowser = () => new Browser(portico.issuer);
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test('two tabs with two apps both finish, in either order', async () => {
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const browser = newBrowser();
    const email = newEmail();
    await enter(newBrowser(), shop, 'register', { email });
    const tabs: { app: RelyingParty; begun: BegunSignIn; page: Page }[] = [];
    for (const app of [shop, radio]) {
      const begun = await app.begin();
      tabs.push({ app, begun, page: await browser.get(begun.url) });
    }
    for (const { app, begun, page } of order.map((index) => tabs[index]!)) {
      const back = await browser.submit(page, page.form('login'), { email, password });
      expect((await app.finish(back.url, begun)).claims()?.aud).toBe(app === shop ? 'shop' : 'radio');
    }
  }
});

test('two tabs sent at the same moment both finish', async () => {
  const browser = newBrowser();
  const email = newEmail();
  await enter(newBrowser(), shop, 'register', { email });
  const begun = await Promise.all([shop.begin(), radio.begin()]);
  const pages = [];
  for (const { url } of begun) pages.push(await browser.get(url));
  const backs = await Promise.all(pages.map((page) => browser.submit(page, page.form('login'), { email, password })));
  await expect(shop.finish(backs[0]!.url, begun[0])).resolves.toBeDefined();
  await expect(radio.finish(backs[1]!.url, begun[1])).resolves.toBeDefined();
});

/** The app, or the sign-in page once more when the browser dropped the answer that knew it; never an error. */
async function leadsToTheApp(browser: Browser, page: Page, typed: Record<string, string>): Promise<void> {
  if (page.status >= 400) throw new Error(`${page.status} ${page.text}\n${page.trail.join('\n')}`);
  const back = page.status === 0 ? page : await browser.submit(page, page.form('login'), typed);
  expect(back.url).toContain('https://shop.example/callback?code=');
}

for (const action of ['login', 'register'] as const) {
  test(`a double click on "${action}" leads to the app, however far apart the clicks are`, async () => {
    for (const gap of [0, 1, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 25, 30, 40, 50]) {
      const [browser, email] = [newBrowser(), newEmail()];
      if (action === 'login') await enter(newBrowser(), shop, 'register', { email });
      const page = await browser.get((await shop.begin()).url);
      const first = new AbortController();
      const dropped = browser.submit(page, page.form(action), { email, password }, first).catch(() => {});
      await pause(gap);
      first.abort();
      await leadsToTheApp(browser, await browser.submit(page, page.form(action), { email, password }), { email, password });
      await dropped;
    }
  });
}

test('eight presses at once lead to the app', async () => {
  const [browser, email] = [newBrowser(), newEmail()];
  await enter(newBrowser(), shop, 'register', { email });
  const page = await browser.get((await shop.begin()).url);
  const presses = Array.from({ length: 8 }, () => browser.submit(page, page.form('login'), { email, password }));
  for (const back of await Promise.all(presses)) await leadsToTheApp(browser, back, { email, password });
});

test('a double click on the sign-in page of somebody who is signed in leads to the app', async () => {
  const [browser, email] = [newBrowser(), newEmail()];
  await enter(browser, shop, 'register', { email });
  // Each press may meet the session between two of its ids, so one round proves little.
  for (let round = 0; round < 15; round += 1) {
    const page = await browser.get((await shop.begin({ prompt: 'login' })).url);
    const presses = [0, 1, 2].map(() => browser.submit(page, page.form('login'), { email, password }));
    for (const back of await Promise.all(presses)) await leadsToTheApp(browser, back, { email, password });
  }
});

async function finished(browser: Browser): Promise<Page> {
  const { page } = await enter(browser, shop, 'register', { email: newEmail() });
  return page;
}

test('the back button to a finished sign-in explains and leads on to the app', async () => {
  const browser = newBrowser();
  const page = await finished(browser);
  const back = await browser.get(page.url);
  expect(back.status).toBe(200);
  expect(back.text).toContain('You’re already signed in');
  expect(back.body).toContain('<title>You’re already signed in · Nightfall Records</title>');
  expect((await browser.get(back.link('Start again'))).url).toContain('https://shop.example/callback?code=');
  expect(back.link('Back to Nightfall Shop')).toBe('https://shop.example/');
});

test('the back button to a finished sign-in never says "signed in" to somebody who is not', async () => {
  const browser = newBrowser();
  const page = await finished(browser);
  const elsewhere = await newBrowser().get(page.url);
  expect(elsewhere.text).toContain('You’ve already been through here');
  expect(elsewhere.text).not.toContain('You’re already signed in');
  const asked = await browser.get(`${portico.issuer}/session/end`);
  await browser.submit(asked, asked.form('logout'));
  expect((await browser.get(page.url)).text).toContain('You’ve already been through here');
});

test('sending a finished form once more ends in the app', async () => {
  const browser = newBrowser();
  const page = await finished(browser);
  const again = await browser.submit(page, page.form('login'), { email: 'whoever@nightfall.example', password });
  expect(again.url).toContain('https://shop.example/callback?code=');
});

test('a sign-in opened in another browser says so, tells no secret and leads to the app', async () => {
  const page = await newBrowser().get((await shop.begin({ login_hint: 'secret@nightfall.example' })).url);
  const elsewhere = await newBrowser().get(page.url);
  expect(elsewhere.status).toBe(410);
  expect(elsewhere.text).toContain('This sign-in began somewhere else');
  expect(elsewhere.body).toContain('<title>This sign-in began somewhere else');
  expect(elsewhere.text).not.toMatch(/start again/i);
  expect(elsewhere.body).not.toContain('secret@nightfall.example');
  expect(elsewhere.link('Back to Nightfall Shop')).toBe('https://shop.example/');
});

test('a form carried into another browser signs nobody in', async () => {
  const email = newEmail();
  await enter(newBrowser(), shop, 'register', { email });
  const page = await newBrowser().get((await shop.begin()).url);
  const other = newBrowser();
  const answer = await other.submit(page, page.form('login'), { email, password });
  expect(answer.status).toBe(410);
  expect(other.cookies.list().filter(({ name }) => name.endsWith('.session'))).toEqual([]);
});

test('an address that never was leads to the brand', async () => {
  const page = await newBrowser().get(`${portico.issuer}/interaction/never-was`);
  expect(page.status).toBe(410);
  expect(page.text).toContain('This sign-in waited too long');
  expect(page.link('Back to Nightfall Records')).toBe('https://nightfall.example/');
});

test('a form from another site is refused before anything is looked at', async () => {
  const browser = newBrowser();
  const page = await browser.get((await shop.begin()).url);
  const forged = await browser.get(page.url, {
    method: 'POST',
    fields: { ...page.form('login').fields, email: 'a@b.example', password },
    from: 'https://evil.example/',
  });
  expect(forged.status).toBe(403);
});
