// The server is killed without warning while people create accounts: whoever was told "done" has an account, exactly one, and can sign in.
import { inspect } from 'node:util';
import { defaultSettings } from '../../src/domain/brands.ts';
import { applyBrand } from '../../src/flows/admin/apply-brand.ts';
import { createKeyring } from '../../src/keyring.ts';
import { clientsOfTest, party } from '../support/clients.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { Browser } from '../support/http-browser.ts';
import { password } from '../support/people.ts';
import { freePort } from '../support/portico.ts';
import type { RelyingParty } from '../support/relying-party.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';

const long = process.env.PORTICO_TEST_LONG === '1';
const KILLS = long ? 20 : 3;
const PEOPLE = 6;
const secret = 'a root secret of a test, longer than thirty-two characters';

let database: TestDatabase;
let issuer: string;
let server: ServerProcess;
let shop: RelyingParty;
/** Addresses of people who were sent back to the app. */
const acknowledged: string[] = [];
const attempted: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  issuer = `http://localhost:${await freePort()}`;
  const crowd = { attempts: 1_000_000, seconds: 60 };
  const limits = { ...defaultSettings.limits, loginPerNetwork: crowd, registerPerNetwork: crowd };
  const brand = {
    slug: 'nightfall',
    name: 'Nightfall Records',
    issuer,
    settings: { limits, emailVerification: { pages: 'off' as const } },
    clients: clientsOfTest,
  };
  await applyBrand({ db: database.db, keyring: createKeyring(secret) }, { ...brand, algorithms: ['ES256'] });
  server = await start();
  shop = await party(issuer, 'shop');
});
afterAll(async () => {
  await server.kill();
  await database.close();
});

function start(): Promise<ServerProcess> {
  return startServerProcess(issuer, {
    NODE_ENV: 'development',
    PORT: new URL(issuer).port,
    DATABASE_URL: database.url,
    PORTICO_SECRET: secret,
    PORTICO_DEMO: 'off',
    LOG_LEVEL: 'warn',
    HASH_CONCURRENCY: '2',
  });
}

/** One person after the other creates an account until `isOver`; a connection that broke says nothing about the account, "not now" that there is none yet. */
async function people(name: string, isOver: () => boolean): Promise<void> {
  for (let count = 0; !isOver(); count += 1) {
    const email = `${name}.${count}@nightfall.example`;
    try {
      const browser = new Browser(issuer);
      const page = await browser.get((await shop.begin()).url);
      // A server that has just started finds its connections one by one, and says so.
      if (page.status === 503) continue;
      attempted.push(email);
      const back = await browser.submit(page, page.form('register'), { email, password });
      if (back.url.startsWith('https://shop.example/callback?code=')) acknowledged.push(email);
      else if (back.status !== 503) throw new Error(`${back.status} ${back.text}`);
    } catch (error) {
      if (!/ECONN|EPIPE|socket hang up/.test(inspect(error))) throw new Error(`${inspect(error)}\n${server.output.slice(-20).join('')}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

test(
  `after ${KILLS} kills every acknowledged account exists once and signs in`,
  async () => {
    let isOver = false;
    const crowd = Array.from({ length: PEOPLE }, (_, index) => people(`p${index}`, () => isOver));
    for (let kills = 0; kills < KILLS; kills += 1) {
      const before = acknowledged.length;
      // Somewhere in the middle of somebody's request; never the same place.
      while (acknowledged.length < before + 5) await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 10));
      await server.kill();
      server = await start();
    }
    isOver = true;
    await Promise.all(crowd);

    expect(acknowledged.length).toBeGreaterThanOrEqual(5 * KILLS);
    await expectWhole();
    await expectSignIn(long ? acknowledged : acknowledged.slice(-40));
    // Nothing half-made: who was cut off may try again, with the same address.
    const lost = attempted.filter((email) => !acknowledged.includes(email));
    for (const email of lost.slice(0, 20)) await expectRegisterOrSignIn(email);
    await expectWhole();
  },
  long ? 300_000 : 60_000,
);

/** Accounts, identifiers and passwords belong together, one of each. */
async function expectWhole(): Promise<void> {
  const { rows } = await database.db.pool.query(
    `
    select
      (select count(*)::int from portico.accounts) as accounts,
      (select count(distinct email)::int from portico.accounts) as addresses,
      (select count(*)::int from portico.accounts a join portico.passwords p on p.account_id = a.id join portico.identifiers i on i.account_id = a.id) as whole,
      (select count(*)::int from portico.passwords) as passwords,
      (select count(*)::int from portico.identifiers) as identifiers,
      (select count(distinct email)::int from portico.accounts where email = any($1)) as acknowledged`,
    [acknowledged],
  );
  const { accounts } = rows[0];
  expect(rows[0]).toEqual({
    accounts,
    addresses: accounts,
    whole: accounts,
    passwords: accounts,
    identifiers: accounts,
    acknowledged: acknowledged.length,
  });
}

async function expectSignIn(addresses: string[]): Promise<void> {
  for (const email of addresses) {
    const browser = new Browser(issuer);
    const begun = await shop.begin();
    const page = await browser.get(begun.url);
    const back = await browser.submit(page, page.form('login'), { email, password });
    expect([email, back.url.split('?')[0]]).toEqual([email, 'https://shop.example/callback']);
  }
}

async function expectRegisterOrSignIn(email: string): Promise<void> {
  const browser = new Browser(issuer);
  const page = await browser.get((await shop.begin()).url);
  const back = await browser.submit(page, page.form('register'), { email, password });
  expect([email, back.url.split('?')[0]]).toEqual([email, 'https://shop.example/callback']);
  acknowledged.push(email);
}
