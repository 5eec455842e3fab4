import { randomBytes } from 'node:crypto';
import { defaultSettings } from '../../src/domain/brands.ts';
import { type Budget, clientFailure, refuseExceeded } from '../../src/domain/limits.ts';
import * as limits from '../../src/storage/limits.ts';
import { createTestBrand, type TestBrand } from '../flows/test-brand.ts';
import { resetClock, shiftClock } from '../support/database.ts';

let at: TestBrand;
beforeAll(async () => {
  at = await createTestBrand();
});
afterEach(() => resetClock(at.database));
afterAll(() => at.close());

const budget = (more: Partial<Budget> = {}): Budget => ({
  // As domain/limits.ts makes them: what counts admitted attempts comes last.
  key: Buffer.concat([Buffer.from([more.counts === 'admitted' ? 128 : 1]), randomBytes(16)]),
  attempts: 3,
  seconds: 60,
  counts: 'attempts',
  onSuccess: 'clear',
  ...more,
});

const used = async (budgets: Budget[]) => {
  const reservations = await limits.reserve(at.db, at.brand.id, budgets);
  return budgets.map(({ key }) => reservations.find((reservation) => reservation.key.equals(key))?.used);
};

test('two hundred parallel attempts are counted exactly, in one statement each', async () => {
  const budgets = [budget(), budget(), budget({ counts: 'admitted', attempts: 2 })];
  const shuffled = () => [...budgets].sort(() => Math.random() - 0.5);
  at.database.statements.length = 0;
  const all = await Promise.all(Array.from({ length: 200 }, () => limits.reserve(at.db, at.brand.id, shuffled())));
  expect(at.database.statements).toHaveLength(200);
  const counts = all.map((reservations) => reservations.find(({ key }) => key.equals(budgets[0]!.key))!.used);
  expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  // Three were admitted by the others, and only these reached the last budget.
  expect(all.flat().filter(({ key }) => key.equals(budgets[2]!.key))).toHaveLength(3);
});

test('reservations, successes and give-backs in any order never block each other', async () => {
  const pool = Array.from({ length: 6 }, (_, index) => budget({ counts: index > 3 ? 'admitted' : 'attempts', attempts: 1_000_000 }));
  const some = () => pool.filter(() => Math.random() < 0.5).reverse();
  const work = [limits.reserve, limits.succeed, limits.giveBack, limits.clear];
  await Promise.all(Array.from({ length: 300 }, (_, index) => work[index % 4]!(at.db, at.brand.id, some())));
});

test('a window ends for good and the next begins with one', async () => {
  const only = budget();
  for (let attempt = 1; attempt <= 4; attempt += 1) expect(await used([only])).toEqual([attempt]);
  const [reservation] = await limits.reserve(at.db, at.brand.id, [only]);
  expect(reservation!.secondsLeft).toBeGreaterThan(55);
  expect(reservation!.secondsLeft).toBeLessThanOrEqual(60);
  expect(() => refuseExceeded([reservation!])).toThrow('too_many_attempts');
  await shiftClock(at.database, 61);
  expect(await used([only])).toEqual([1]);
});

test('a success clears, gives back or keeps, as each budget says, and nothing falls below zero', async () => {
  const budgets = [budget({ onSuccess: 'clear' }), budget({ onSuccess: 'give_back' }), budget({ onSuccess: 'keep' })];
  await used(budgets);
  await used(budgets);
  await limits.succeed(at.db, at.brand.id, budgets);
  expect(await used(budgets)).toEqual([1, 2, 3]);
  for (let time = 0; time < 5; time += 1) await limits.giveBack(at.db, at.brand.id, budgets);
  expect(await used(budgets)).toEqual([1, 1, 1]);
});

test('a client that fails is slowed down per network; the limit is spread over eight rows', async () => {
  const brand = { id: at.brand.id, settings: { limits: { ...defaultSettings.limits, clientFailures: { attempts: 40, seconds: 60 } } } };
  const refused = { here: 0, elsewhere: 0 };
  for (const network of ['here', 'elsewhere'] as const) {
    for (let failure = 0; failure < (network === 'here' ? 400 : 4); failure += 1) {
      try {
        refuseExceeded(await limits.reserve(at.db, at.brand.id, clientFailure(at.keyring, brand, { clientId: 'web', network })));
      } catch {
        refused[network] += 1;
      }
    }
  }
  expect(refused).toEqual({ here: 360, elsewhere: 0 });
});

test('counters whose window is over are swept', async () => {
  const only = budget();
  await used([only]);
  expect(await limits.deleteExpired(at.db, 1_000)).toBe(0);
  await shiftClock(at.database, 86_401);
  expect(await limits.deleteExpired(at.db, 1)).toBe(1);
  expect(await limits.deleteExpired(at.db, 1_000)).toBeGreaterThan(3);
  expect(await limits.deleteExpired(at.db, 1_000)).toBe(0);
});
