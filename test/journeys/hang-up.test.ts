// Whoever hangs up while waiting costs no hash, and counts as no attempt.
import { setTimeout } from 'node:timers/promises';
import { clientsOfTest, party } from '../support/clients.ts';
import { Browser } from '../support/http-browser.ts';
import { newEmail, password } from '../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';

let portico: RunningPortico;

// Few enough for the queue of a slow machine, which is bounded by time, and enough to keep a quick one busy until they leave.
const OTHERS = 10;
const LEAVING = 4;

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }], env: { LOG_LEVEL: 'info', HASH_CONCURRENCY: '1' } });
});
afterAll(() => portico.stop());

test.each(['login', 'register'] as const)('a person who leaves while the %s waits is not hashed for', async (action) => {
  const shop = await party(portico.issuer, 'shop');
  const { hasher } = portico.services;
  const visits = [];
  for (let visit = 0; visit < LEAVING; visit += 1) {
    const browser = new Browser(portico.issuer);
    visits.push({ browser, page: await browser.get((await shop.begin()).url) });
  }
  const before = hasher.count;
  // The slot is taken and a queue stands in front.
  const others = Array.from({ length: OTHERS }, () => hasher.hash('of somebody else'));
  const leaving = new AbortController();
  const presses = visits.map(({ browser, page }) =>
    browser.submit(page, page.form(action), { email: newEmail(), password }, leaving).then(
      () => 'answered',
      () => 'left',
    ),
  );
  await setTimeout(50);
  leaving.abort();
  expect(new Set(await Promise.all(presses))).toEqual(new Set(['left']));
  await Promise.all(others);
  await setTimeout(100);
  expect(hasher.count - before).toBe(OTHERS);
  const lines = portico.logs.map((line) => JSON.parse(line));
  expect(lines.filter(({ level, status }) => level === 'error' || level >= 50 || status >= 500)).toEqual([]);
  expect(lines.filter(({ aborted }) => aborted)).not.toHaveLength(0);
});
