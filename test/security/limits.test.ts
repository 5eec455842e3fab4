// Guessing is slowed down exactly, however many guess at once, and never locks the owner out (security.md PW-9, PW-10, 5.2).
import { defaultSettings } from '../../src/domain/brands.ts';
import { register } from '../../src/flows/register.ts';
import * as brands from '../../src/storage/brands.ts';
import { clientsOfTest, party } from '../support/clients.ts';
import { type Answer, postForm } from '../support/exchange.ts';
import { Browser } from '../support/http-browser.ts';
import { password } from '../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import type { RelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
let shop: RelyingParty;
const email = 'ada@nightfall.example';

async function start(limits: Partial<typeof defaultSettings.limits>): Promise<void> {
  const crowd = { attempts: 100_000, seconds: 60 };
  const settings = { limits: { ...defaultSettings.limits, loginPerNetwork: crowd, registerPerNetwork: crowd, ...limits } };
  portico = await startPortico({ settings, brands: [{ ...demoBrand, clients: clientsOfTest }], env: { TRUSTED_PROXIES: '127.0.0.1,::1' } });
  const brand = await brands.findBySlug(portico.db, 'nightfall');
  await register(portico.services, brand!, { email, password, byOperator: true });
  shop = await party(portico.issuer, 'shop');
}
afterEach(() => portico.stop());

async function opened(browser = new Browser(portico.issuer)) {
  const page = await browser.get((await shop.begin()).url);
  return { url: page.url, form: (action: string) => page.form(action).fields, cookie: browser.cookies.header(new URL(page.url)) };
}
type Opened = Awaited<ReturnType<typeof opened>>;

const signIn = ({ url, form, cookie }: Opened, typed: Record<string, string>, address = '203.0.113.9'): Promise<Answer> =>
  postForm(url, { ...form('login'), email, ...typed }, { cookie, 'x-forwarded-for': address });
const count = (answers: Answer[], status: number) => answers.filter((answer) => answer.status === status).length;

test('of fifty guesses at once exactly ten are looked at, from wherever they come', async () => {
  await start({});
  const tabs = await Promise.all(Array.from({ length: 50 }, () => opened()));
  const before = portico.services.hasher.count;
  const answers = await Promise.all(tabs.map((tab, index) => signIn(tab, { password: `guess ${index}` }, `203.0.113.${index}`)));
  expect([count(answers, 422), count(answers, 429)]).toEqual([10, 40]);
  expect(portico.services.hasher.count - before).toBe(10);
});

test('the page that says "too many" keeps the e-mail, never the password, and says when to come back', async () => {
  await start({ loginPerIdentifier: { attempts: 2, seconds: 120 } });
  const tab = await opened();
  const typed = { email: 'ADA@nightfall.example ', password: 'not the right one', remember: 'yes' };
  const answers = [];
  for (let tries = 0; tries < 3; tries += 1) answers.push(await signIn(tab, typed));
  const last = answers[2] as Answer;
  expect(answers.map(({ status }) => status)).toEqual([422, 422, 429]);
  expect(Number(last.headers['retry-after'])).toBeGreaterThan(100);
  expect(Number(last.headers['retry-after'])).toBeLessThanOrEqual(120);
  expect(last.body).toContain('value="ADA@nightfall.example ');
  expect(last.body).not.toContain('not the right one');
  expect(last.body).toMatch(/name="remember"[^>]*checked/);
});

test('the owner still gets in from the device they know while a stranger keeps guessing', async () => {
  await start({});
  const home = new Browser(portico.issuer);
  expect((await signIn(await opened(home), { password })).status).toBe(303);
  const first = await opened(home);
  const known = await postForm(first.url, { ...first.form('login'), email, password }, { cookie: first.cookie });
  home.cookies.take(new URL(portico.issuer), known.headers['set-cookie'] ?? []);
  expect(home.cookies.list().some(({ name }) => name.endsWith('.device'))).toBe(true);

  const stranger = await opened();
  for (let guesses = 0; guesses < 15; guesses += 1) await signIn(stranger, { password: `guess ${guesses}` });
  expect((await signIn(stranger, { password })).status).toBe(429);
  home.cookies.endBrowserSession();
  const again = new Browser(portico.issuer);
  const tab = await opened(again);
  const device = home.cookies
    .header(new URL(portico.issuer))
    .split('; ')
    .filter((cookie) => cookie.includes('.device='))
    .join('; ');
  const owner = await postForm(tab.url, { ...tab.form('login'), email, password }, { cookie: `${tab.cookie}; ${device}` });
  expect(owner.status).toBe(303);
  // The device is no way around the limit: its own guesses count.
  const guesses: number[] = [];
  for (let tries = 0; tries < 12; tries += 1) {
    const more = await opened();
    guesses.push(
      (await postForm(more.url, { ...more.form('login'), email, password: `guess ${tries}` }, { cookie: `${more.cookie}; ${device}` }))
        .status,
    );
  }
  expect(guesses.slice(-2)).toEqual([429, 429]);
});

test("a device that is known for one account opens no door to another's", async () => {
  await start({});
  const brand = await brands.findBySlug(portico.db, 'nightfall');
  await register(portico.services, brand!, { email: 'mallory@nightfall.example', password, byOperator: true });
  const tab = await opened();
  const own = await signIn(tab, { email: 'mallory@nightfall.example', password });
  const device = (own.headers['set-cookie'] ?? []).find((line) => line.includes('.device='))?.split(';')[0];
  const statuses: number[] = [];
  for (let tries = 0; tries < 12; tries += 1) {
    const more = await opened();
    statuses.push((await signIn({ ...more, cookie: `${more.cookie}; ${device}` }, { password: `guess ${tries}` })).status);
  }
  expect(statuses).toEqual([...Array(10).fill(422), 429, 429]);
});

test('one network cannot try many accounts, and rotating what it says about itself does not help', async () => {
  await start({ loginPerNetwork: { attempts: 20, seconds: 60 } });
  const tabs = await Promise.all(Array.from({ length: 40 }, () => opened()));
  const answers = await Promise.all(
    tabs.map((tab, index) => signIn(tab, { email: `person${index}@nightfall.example`, password: 'x' }, `6.6.6.${index}, 203.0.113.9`)),
  );
  expect([count(answers, 422), count(answers, 429)]).toEqual([20, 20]);
  const elsewhere = await signIn(await opened(), { email: 'person99@nightfall.example', password: 'x' }, '203.0.113.10');
  expect(elsewhere.status).toBe(422);
});

test('an IPv6 subscriber is one network however many addresses it has', async () => {
  await start({ loginPerNetwork: { attempts: 5, seconds: 60 } });
  const tab = await opened();
  const statuses: number[] = [];
  for (let tries = 0; tries < 8; tries += 1)
    statuses.push(
      (await signIn(tab, { email: `person${tries}@nightfall.example`, password: 'x' }, `2001:db8:1:2:${tries}::${tries}`)).status,
    );
  expect(statuses).toEqual([422, 422, 422, 422, 422, 429, 429, 429]);
});

test('creating accounts is limited by network, and a refusal costs no hash', async () => {
  await start({ registerPerNetwork: { attempts: 5, seconds: 3_600 } });
  const tabs = await Promise.all(Array.from({ length: 15 }, () => opened()));
  const before = portico.services.hasher.count;
  const answers = await Promise.all(
    tabs.map(({ url, form, cookie }, index) =>
      postForm(url, { ...form('register'), email: `new${index}@nightfall.example`, password }, { cookie }),
    ),
  );
  expect([count(answers, 303), count(answers, 429)]).toEqual([5, 10]);
  expect(portico.services.hasher.count - before).toBe(5);
  expect(answers.find(({ status }) => status === 429)?.body).toContain('@nightfall.example"');
});
