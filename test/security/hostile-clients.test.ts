// Clients that want to do harm, by what they send and by what they do not: nobody else waits, nothing piles up, nothing breaks.
import { setTimeout as sleep } from 'node:timers/promises';
import { defaultSettings } from '../../src/domain/brands.ts';
import { applyBrand } from '../../src/flows/admin/apply-brand.ts';
import { register } from '../../src/flows/register.ts';
import { createHasher } from '../../src/hasher.ts';
import { createKeyring } from '../../src/keyring.ts';
import { clientsOfTest, party } from '../support/clients.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { exchange } from '../support/exchange.ts';
import { Browser } from '../support/http-browser.ts';
import { freePort } from '../support/portico.ts';
import { password } from '../support/protocol.ts';
import type { Memory } from '../support/server-channel.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { startAttack } from './hostile-clients/attack-process.ts';
import { attacks } from './hostile-clients/attacks.ts';
import { type GoodTraffic, startGoodTraffic, type Waits } from './hostile-clients/good-traffic.ts';
import type { Met, Target } from './hostile-clients/target.ts';

const long = process.env.PORTICO_TEST_LONG === '1';
/** How long the good traffic is looked at, without and with hostile clients beside it. */
const MEASURED_MS = long ? 8_000 : 800;
/** How long an attack goes on at least: beyond the server's patience. */
const ATTACK_MS = long ? 45_000 : 0;
const ROUNDS = 3;
/** Below this a wait says more about the machine than about the server. */
const FLOOR_MS = 5;
/** The longest patience of the server is 30 s; it looks every two. */
const SENT_AWAY_MS = 34_000;
const MB = 1024 * 1024;
const HEAP_MB = 8;
/** More than of the heap: what was once used, and is free, is given back to the system much later. */
const RESIDENT_MB = 32;

const secret = 'a root secret of a test, longer than thirty-two characters';
const person = { email: 'ada@nightfall.example' };

let database: TestDatabase;
let issuer: string;
let server: ServerProcess;
let traffic: GoodTraffic;
let target: Target;

beforeAll(async () => {
  database = await createTestDatabase();
  issuer = `http://localhost:${await freePort()}`;
  await prepare();
  const env = { NODE_ENV: 'test', PORT: new URL(issuer).port, DATABASE_URL: database.url, PORTICO_SECRET: secret };
  const quiet = { PORTICO_DEMO: 'off', LOG_LEVEL: 'warn', HASH_CONCURRENCY: '1' };
  server = await startServerProcess(issuer, { ...env, ...quiet }, { flags: ['--expose-gc'] });
  traffic = await startGoodTraffic(issuer, person);
  target = await aim();
  // What runs for the first time is slow and stays in memory.
  await traffic.measure(2_000);
}, 60_000);
afterAll(async () => {
  traffic?.stop();
  await server?.stop();
  await database?.close();
});

async function prepare(): Promise<void> {
  const often = { attempts: 1_000_000, seconds: 60 };
  const limits = { ...defaultSettings.limits, loginPerIdentifier: often, loginPerNetwork: often, clientFailures: often };
  const services = { db: database.db, keyring: createKeyring(secret), hasher: createHasher({ concurrency: 1 }) };
  const { brand } = await applyBrand(services, {
    slug: 'nightfall',
    name: 'Nightfall Records',
    issuer,
    algorithms: ['ES256'],
    settings: { limits },
    clients: clientsOfTest,
  });
  await register(services, brand, { ...person, password, byOperator: true });
}

async function aim(): Promise<Target> {
  const browser = new Browser(issuer);
  const page = await browser.get((await (await party(issuer, 'shop')).begin()).url);
  const { pathname } = new URL(page.url);
  const cookie = browser.cookies.header(new URL(page.url));
  return {
    port: Number(new URL(issuer).port),
    page: pathname,
    cookie,
    csrf: page.form('login').fields.csrf ?? '',
    crowd: long ? 5_000 : 2_000,
  };
}

test.each(Object.keys(attacks))(
  '%s: nobody else waits twice as long, nothing stays in memory, no answer is a fault',
  async (name) => {
    const before = await server.memory();
    const rounds: Round[] = [];
    do rounds.push(await compare(name));
    while (!rounds.some(isBearable) && rounds.length < ROUNDS);
    if (!rounds.some(isBearable)) throw new Error(rounds.map(sayWaits).join('\n'));
    await expectMemory(before);
    expect(server.output.join('')).not.toMatch(/"level":"(error|fatal)"/);
  },
  long ? 400_000 : 60_000,
);

interface Round {
  usual: Waits;
  beside: Waits;
}

function isBearable({ usual, beside }: Round): boolean {
  return beside.p99 <= Math.max(2 * usual.p99, FLOOR_MS) && beside.signIn <= 2 * usual.signIn;
}

function sayWaits({ usual, beside }: Round): string {
  const say = ({ p99, signIn }: Waits) => `p99 ${p99.toFixed(1)} ms, a sign-in ${signIn.toFixed(0)} ms`;
  return `usually ${say(usual)}; beside the attack ${say(beside)}`;
}

/** The good traffic alone, and beside an attack. */
async function compare(name: string): Promise<Round> {
  const usual = await traffic.measure(MEASURED_MS);
  const attack = await startAttack(name, target);
  try {
    const until = performance.now() + ATTACK_MS;
    await calm();
    const beside = await traffic.measure(MEASURED_MS);
    await sleep(Math.max(0, until - performance.now()));
    expectClean(await attack.stop());
    await calm();
    return { usual, beside };
  } finally {
    attack.kill();
  }
}

function expectClean({ answers, ended, held, longest }: Met): void {
  expect(Object.keys(answers).filter((status) => !/^4/.test(status))).toEqual([]);
  expect(ended + held).toBeGreaterThan(0);
  expect(longest).toBeLessThan(SENT_AWAY_MS);
}

/** Whoever connects or goes by the thousand at one moment is dealt with; from here on is how it stays. */
async function calm(): Promise<void> {
  for (let quick = 0; quick < 3; ) {
    const { milliseconds } = await exchange(`${issuer}/healthz`);
    quick = milliseconds < 50 ? quick + 1 : 0;
  }
}

/** Memory once what the attack left behind was taken away. */
async function expectMemory(before: Memory): Promise<void> {
  let after = await server.memory();
  for (let tries = 0; tries < 15 && !isFlat(before, after); tries += 1) {
    await sleep(200);
    after = await server.memory();
  }
  expect({ before, after, flat: isFlat(before, after) }).toMatchObject({ flat: true });
}

function isFlat(before: Memory, after: Memory): boolean {
  const grown = (part: keyof Memory) => (after[part] - before[part]) / MB;
  return grown('heap') + grown('external') < HEAP_MB && grown('resident') < RESIDENT_MB;
}
