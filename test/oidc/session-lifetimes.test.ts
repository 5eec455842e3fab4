// "Keep me signed in": 14 days unused, 90 in all. Otherwise until the browser closes, at most 12 hours.
import { clientsOfTest, party } from '../support/clients.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { Browser } from '../support/http-browser.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { answerIn, createAccount, enter, reachCallback } from '../support/protocol.ts';

let portico: RunningPortico;
const person = { email: 'ada@nightfall.example' };
const HOUR = 3_600;
const DAY = 24 * HOUR;

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
  await createAccount(portico, person);
});
afterEach(() => resetClock(portico.database));
afterAll(() => portico.stop());

const shop = () => party(portico.issuer, 'shop');

async function signIn(remember: boolean) {
  const { browser } = await reachCallback(await shop(), { ...person, remember });
  return browser;
}

async function isSignedIn(browser: Browser): Promise<boolean> {
  const { url } = await browser.get((await (await shop()).begin({ prompt: 'none' })).url);
  return 'code' in answerIn(url);
}

const sessionCookie = (browser: Browser) => browser.cookies.list().find(({ name }) => name.endsWith('.session'));

test('without the tick the session ends with the browser', async () => {
  const browser = await signIn(false);
  expect(sessionCookie(browser)).toMatchObject({ expires: undefined, path: '/' });
  expect(await isSignedIn(browser)).toBe(true);
  browser.cookies.endBrowserSession();
  expect(await isSignedIn(browser)).toBe(false);
});

test('without the tick it ends after twelve hours, however busy', async () => {
  const browser = await signIn(false);
  await shiftClock(portico.database, 6 * HOUR);
  expect(await isSignedIn(browser)).toBe(true);
  await shiftClock(portico.database, 6 * HOUR - 60);
  expect(await isSignedIn(browser)).toBe(true);
  await shiftClock(portico.database, 61);
  expect(await isSignedIn(browser)).toBe(false);
});

test('with the tick it outlives the browser', async () => {
  const browser = await signIn(true);
  const expires = sessionCookie(browser)?.expires as number;
  expect(Math.abs(expires - Date.now() - 14 * DAY * 1_000)).toBeLessThan(10_000);
  browser.cookies.endBrowserSession();
  expect(await isSignedIn(browser)).toBe(true);
});

test('with the tick it ends after 14 days without a visit', async () => {
  const browser = await signIn(true);
  await shiftClock(portico.database, 14 * DAY - 60);
  expect(await isSignedIn(browser)).toBe(true);
  await shiftClock(portico.database, 14 * DAY - 60);
  expect(await isSignedIn(browser)).toBe(true);
  await shiftClock(portico.database, 14 * DAY + 1);
  expect(await isSignedIn(browser)).toBe(false);
});

test('with the tick it ends after 90 days, however many visits', async () => {
  const browser = await signIn(true);
  for (let day = 10; day <= 80; day += 10) {
    await shiftClock(portico.database, 10 * DAY);
    expect([day, await isSignedIn(browser)]).toEqual([day, true]);
  }
  await shiftClock(portico.database, 10 * DAY - 60);
  expect(await isSignedIn(browser)).toBe(true);
  await shiftClock(portico.database, 61);
  expect(await isSignedIn(browser)).toBe(false);
});

test('the server decides: a cookie kept beyond its time is worth nothing', async () => {
  const browser = await signIn(true);
  const cookie = browser.cookies.header(new URL(portico.issuer));
  await shiftClock(portico.database, 14 * DAY + 1);
  const thief = new Browser(portico.issuer);
  const { url } = await thief.get((await (await shop()).begin({ prompt: 'none' })).url, { headers: { cookie } });
  expect(answerIn(url).error).toBe('login_required');
});

test('who signs in again without the tick is signed out with the browser', async () => {
  const browser = await signIn(true);
  const page = await browser.get((await (await shop()).begin({ prompt: 'login' })).url);
  await enter(browser, page, { ...person, remember: false });
  expect(sessionCookie(browser)?.expires).toBeUndefined();
  browser.cookies.endBrowserSession();
  expect(await isSignedIn(browser)).toBe(false);
});

test('the cookie is for this server alone', async () => {
  const response = await new Browser(portico.issuer).get((await (await shop()).begin()).url);
  const lines = (response.headers['set-cookie'] ?? []).join('\n');
  for (const line of lines.split('\n').filter(Boolean)) expect(line.toLowerCase()).toContain('httponly');
  const browser = await signIn(true);
  for (const { name } of browser.cookies.list()) expect(name).not.toMatch(/^_/);
});

test('a page left open for an hour is no longer good, and says so', async () => {
  const browser = new Browser(portico.issuer);
  const page = await browser.get((await (await shop()).begin()).url);
  await shiftClock(portico.database, HOUR + 1);
  const end = await enter(browser, page, person);
  expect([end.status, end.url.startsWith(portico.issuer)]).toEqual([410, true]);
});

test('ticking it at a second sign-in counts for a session that began without it', async () => {
  const first = await reachCallback(await shop(), { ...person, remember: false });
  await reachCallback(await shop(), { ...person, remember: true, browser: first.browser, parameters: { prompt: 'login' } });
  first.browser.cookies.endBrowserSession();
  expect(await isSignedIn(first.browser)).toBe(true);
});
