// From the oldest schema to today's while people come and go: nobody is turned away, and nothing that was made is lost.
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { Browser } from '../support/http-browser.ts';
import { typeCode } from '../support/mails.ts';
import { enter, newEmail, passThrough, password } from '../support/people.ts';
import { testAgainst } from '../support/releases.ts';
import type { BegunSignIn, RelyingParty, Tokens } from '../support/relying-party.ts';
import { type Apps, prepareRollout, type Rollout } from '../support/rollout.ts';
import { describeSchema } from '../support/schema.ts';

const REGULARS = 6;
const long = process.env.PORTICO_TEST_LONG === '1';
/** How often each of the crowd has to get through at the old version while and after the new one migrates, and at the new one. */
const TURNS = long ? 20 : 3;
/** Of each of the crowd, so that what they make can all be looked at. */
const BETWEEN_MS = 150;

interface Customer {
  email: string;
  sub: string;
  app: RelyingParty;
  browser: Browser;
  /** The newest; an access token of an earlier refresh is not looked at again. */
  tokens: Tokens;
}

let rollout: Rollout;
let apps: Apps;

const often = { attempts: 1_000_000, seconds: 60 };
const limits = { loginPerIdentifier: often, loginPerNetwork: often, registerPerNetwork: often, clientFailures: often };

const tested = testAgainst('oldest');
beforeAll(async () => {
  rollout = await prepareRollout('oldest');
  await rollout.start('old');
  rollout.lead('old');
  const brand = { slug: 'nightfall', name: 'Nightfall Records', issuer: '/', settings: { limits } };
  apps = await rollout.apply('old', 'nightfall', '', { 'brand.json': brand });
}, 60_000);
afterAll(() => rollout.close());

tested(
  'a database of the oldest release comes forward while its servers go on, and everything made before and meanwhile works',
  async () => {
    const regulars: Customer[] = [];
    for (let count = 0; count < REGULARS; count += 1) regulars.push(await join(count % 2 ? apps.shop : apps.radio));
    const [halfway, redeemable] = [await openPage(), await passedBy(regulars[1] as Customer)];
    const crowd = startCrowd(regulars);

    await rollout.start('current');
    await crowd.turns(TURNS);
    rollout.lead('current');
    await crowd.turns(TURNS);
    const during = await crowd.stop();
    expect(await rollout.stop('old')).toBe(0);

    expect([rollout.door.faults, rollout.faults()]).toEqual([[], []]);
    expect(await describeSchema(rollout.databaseUrl)).toBe(readFileSync('db/schema.sql', 'utf8'));
    await halfway(regulars[0] as Customer);
    await redeemable();
    for (const customer of [...regulars, ...during]) await expectEverything(customer);
    expect([rollout.door.faults, rollout.faults()]).toEqual([[], []]);
    // While tables change their shape: a moment, not a time.
    expect(rollout.door.postponed).toBeLessThan(50);
  },
  long ? 300_000 : 90_000,
);

/** Creates an account; where the version asks for the mailed code, it is typed. */
async function join(app: RelyingParty, email = newEmail()): Promise<Customer> {
  const browser = new Browser(rollout.issuer);
  const begun = await app.begin();
  const page = await browser.get(begun.url);
  const next = await browser.submit(page, page.form('register'), { email, password });
  const back = next.url.endsWith('/verify-email') ? await typeCode(browser, next, (await rollout.smtp.next(email)).digits) : next;
  return customerOf(email, app, browser, await app.finish(back.url, begun));
}

function customerOf(email: string, app: RelyingParty, browser: Browser, tokens: Tokens): Customer {
  const { sub = '' } = tokens.claims() ?? {};
  return { email, sub, app, browser, tokens };
}

/** The page of a sign-in. @returns what signs in there, later. */
async function openPage(): Promise<(customer: Customer) => Promise<void>> {
  const browser = new Browser(rollout.issuer);
  const begun = await apps.shop.begin();
  const page = await browser.get(begun.url);
  return async ({ email, sub }) => {
    const back = await browser.submit(page, page.form('login'), { email, password });
    expect((await apps.shop.finish(back.url, begun)).claims()?.sub).toBe(sub);
  };
}

/** A code from a live session. @returns what redeems it, later. */
async function passedBy({ browser, sub }: Customer): Promise<() => Promise<void>> {
  const begun: BegunSignIn = await apps.shop.begin();
  const { url } = await browser.get(begun.url);
  return async () => {
    expect((await apps.shop.finish(url, begun)).claims()?.sub).toBe(sub);
  };
}

interface Crowd {
  /** Resolves when each of them got through so many times more. */
  turns(count: number): Promise<void>;
  /** @returns who came meanwhile, in a new browser or with a new account. */
  stop(): Promise<Customer[]>;
}

/** Newcomers, people who sign in, people who pass by with a session, and apps that refresh. */
function startCrowd(regulars: Customer[]): Crowd {
  const came: Customer[] = [];
  const some = (turn: number) => regulars[turn % regulars.length] as Customer;
  const ways = [
    async (turn: number) => void came.push(await join(turn % 2 ? apps.shop : apps.radio)),
    async (turn: number) => {
      const { email, app } = some(turn);
      const browser = new Browser(rollout.issuer);
      came.push(customerOf(email, app, browser, (await enter(browser, app, 'login', { email })).tokens));
    },
    async (turn: number) => void (await passThrough(some(turn).browser, some(turn).app, { prompt: 'none' })),
    async (turn: number) => {
      const customer = some(turn);
      customer.tokens = await customer.app.refresh(customer.tokens.refresh_token ?? '');
    },
  ];
  const done = ways.map(() => 0);
  const failures: unknown[] = [];
  let over = false;
  const walks = ways.map(async (way, index) => {
    for (let turn = 0; !over; turn += 1) {
      await patiently(() => way(turn));
      done[index] = turn + 1;
      await pause(BETWEEN_MS);
    }
  });
  for (const walk of walks) walk.catch((error: unknown) => failures.push(error));
  const failed = () => {
    if (failures.length > 0) throw new Error(`somebody was turned away: ${inspect(failures[0])}\n${rollout.door.faults.join('\n')}`);
  };
  return {
    async turns(count) {
      const goals = done.map((soFar) => soFar + count);
      while (goals.some((goal, index) => (done[index] ?? 0) < goal)) {
        failed();
        await pause(10);
      }
    },
    async stop() {
      over = true;
      await Promise.allSettled(walks);
      failed();
      return came;
    },
  };
}

/** Whoever is told to come again in a moment does. */
async function patiently(way: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await way();
      return;
    } catch (error) {
      // Theirs, not somebody else's.
      if (!/\b503\b|temporarily_unavailable/.test(inspect(error))) throw error;
      await pause(200);
    }
  }
}

/** Password, session, access token and refresh token, each the same person's. */
async function expectEverything({ email, sub, app, browser, tokens }: Customer): Promise<void> {
  expect(sub).not.toBe('');
  expect((await app.userinfo(tokens)).sub).toBe(sub);
  expect((await passThrough(browser, app, { prompt: 'none' })).claims()?.sub).toBe(sub);
  expect((await app.refresh(tokens.refresh_token ?? '')).claims()?.sub).toBe(sub);
  expect((await enter(new Browser(rollout.issuer), app, 'login', { email })).tokens.claims()?.sub).toBe(sub);
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
