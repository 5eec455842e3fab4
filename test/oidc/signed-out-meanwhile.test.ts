// Everything of an account ends while one of its sign-ins is being answered: whichever commits first, nothing of the sign-in stays alive.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Brand } from '../../src/domain/brands.ts';
import * as accountAccess from '../../src/storage/account-access.ts';
import * as brands from '../../src/storage/brands.ts';
import { clientsOfTest, party } from '../support/clients.ts';
import { Browser } from '../support/http-browser.ts';
import { newEmail, password } from '../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { createAccount } from '../support/protocol.ts';

let portico: RunningPortico;
let brand: Brand;

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
  brand = (await brands.findBySlug(portico.db, 'nightfall'))!;
});
afterAll(() => portico.stop());

const lives = async (sub: string) => {
  const { rows } = await portico.db.pool.query(
    `select (select count(*)::int from portico.oidc_grants where account_id = $1) as grants,
       (select count(*)::int from portico.oidc_tokens where account_id = $1) as tokens`,
    [sub],
  );
  return rows[0];
};

test('a sign-in whose answer waits for the end of everything gives nothing, and asks anew', async () => {
  const email = newEmail();
  const sub = await createAccount(portico, { email });
  const phone = await party(portico.issuer, 'phone');
  const browser = new Browser(portico.issuer);
  const page = await browser.get((await phone.begin()).url);
  // One connection ends everything and has not committed yet: the way back to the app has read the account as it was.
  const ending = await portico.db.pool.connect();
  let answer: ReturnType<Browser['submit']>;
  try {
    await ending.query('begin');
    await ending.query('select from portico.passwords where account_id = $1', [sub]);
    const [interaction] = (await portico.db.pool.query("select count(*)::int as n from portico.oidc_tokens where kind = 'Interaction'"))
      .rows;
    expect(interaction.n).toBeGreaterThan(0);
    // The password was right and the result is stored; only then everything ends.
    const signedIn = await signInOnly(browser, page, email);
    await sleep(1_100);
    await ending.query(
      `update portico.accounts set signed_out_at = date_trunc('second', clock_timestamp()), signed_out_except = null
       where brand_id = $1 and id = $2`,
      [brand.id, sub],
    );
    answer = browser.get(signedIn);
    await waiting();
    await ending.query('commit');
  } catch (error) {
    await ending.query('rollback');
    throw error;
  } finally {
    ending.release();
  }
  const after = await answer;
  expect(after.status).toBe(200);
  expect(after.text).toContain('I have an account');
  expect(await lives(sub)).toEqual({ grants: 0, tokens: 0 });
});

test('of sign-ins and ends of everything at once, nothing outlives the last end', async () => {
  const email = newEmail();
  const sub = await createAccount(portico, { email });
  const phone = await party(portico.issuer, 'phone');
  const results: string[] = [];
  for (let round = 0; round < 10; round += 1) {
    const browser = new Browser(portico.issuer);
    const page = await browser.get((await phone.begin()).url);
    const way = await signInOnly(browser, page, email);
    const [answer] = await Promise.all([
      browser.get(way),
      sleep(round).then(() => portico.db.transaction((db) => accountAccess.endAll(db, brand.id, sub))),
    ]);
    results.push(answer.url.includes('code=') ? 'code' : 'asked');
    expect(await lives(sub)).toEqual({ grants: 0, tokens: 0 });
    expect((await browser.get((await phone.begin()).url)).text).toContain('I have an account');
  }
  expect(results).toHaveLength(10);
});

/** Sends the password and stops before the way back to the app is taken. @returns where it leads. */
async function signInOnly(browser: Browser, page: Awaited<ReturnType<Browser['get']>>, email: string): Promise<string> {
  const form = page.form('login');
  const response = await fetch(new URL(form.action, page.url), {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: browser.cookies.header(new URL(page.url)), origin: new URL(page.url).origin, 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ ...form.fields, email, password }),
  });
  browser.cookies.take(new URL(page.url), response.headers.getSetCookie());
  expect(response.status).toBe(303);
  return response.headers.get('location')!;
}

/** Until a statement waits for the lock of another. */
async function waiting(): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const { rows } = await portico.db.pool.query(
      "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
    );
    if (rows.length > 0) return;
    await sleep(20);
  }
  throw new Error('nothing waits for a lock');
}
