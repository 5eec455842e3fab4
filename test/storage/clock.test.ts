import { sql } from '../../src/storage/database.ts';
import { createTestDatabase, resetClock, shiftClock, type TestDatabase } from '../support/database.ts';

let t: TestDatabase;

beforeAll(async () => {
  t = await createTestDatabase({ max: 3 });
});

afterEach(() => resetClock(t));
afterAll(() => t.close());

const sqlNow = async () => (await t.db.row<{ now: Date }>(sql`select portico.now()`))!.now.getTime();

test('time passes for SQL and JavaScript together, on connections old and new', async () => {
  const before = Date.now();
  await sqlNow();
  await shiftClock(t, 600);
  await shiftClock(t, 3_000);
  const seen = await Promise.all([sqlNow(), sqlNow(), sqlNow()]);
  for (const now of [...seen, Date.now(), new Date(...[]).getTime(), Date.parse(Date())]) {
    expect(Math.abs(now - before - 3_600_000)).toBeLessThan(5_000);
  }
});

test('a reset clock shows the real time again', async () => {
  const before = Date.now();
  await shiftClock(t, 86_400);
  await resetClock(t);
  expect(Math.abs((await sqlNow()) - before)).toBeLessThan(5_000);
  expect(Math.abs(Date.now() - before)).toBeLessThan(5_000);
});

test('a date made while the clock is shifted is an ordinary date', async () => {
  await shiftClock(t, 60);
  const date = new Date('2026-01-02T03:04:05Z');
  await resetClock(t);
  expect(date).toEqual(new Date('2026-01-02T03:04:05Z'));
  expect(date).toBeInstanceOf(Date);
});
