// One request, one transaction: joined, committed once, never leaked.
import { sql } from '../../src/storage/database.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase({ max: 3 });
  await database.db.pool.query('create table public.notes (text text)');
});
beforeEach(() => database.db.pool.query('truncate public.notes'));
afterAll(() => database.close());

const note = (text: string) => database.db.transaction((db) => db.run(sql`insert into public.notes (text) values (${text})`));
const notes = async () => (await database.db.pool.query('select text from public.notes order by text')).rows.map(({ text }) => text);
const borrowed = () => database.db.pool.totalCount - database.db.pool.idleCount;

test('transactions of one unit are committed once, with its last statement', async () => {
  await database.db.unit(async (unit) => {
    await note('first');
    await note('second');
    expect(await notes()).toEqual([]);
    await unit.commit(sql`insert into public.notes (text) values ('last')`);
  });
  expect([await notes(), borrowed()]).toEqual([['first', 'last', 'second'], 0]);
});

test('what was not committed is rolled back, and a refused transaction takes back only its own writes', async () => {
  await database.db.unit(async () => note('lost'));
  await database.db.unit(async (unit) => {
    await note('kept');
    const refused = database.db.transaction(async (db) => {
      await db.run(sql`insert into public.notes (text) values ('refused')`);
      throw new Error('no');
    });
    await expect(refused).rejects.toThrow('no');
    await unit.commit();
  });
  expect([await notes(), borrowed()]).toEqual([['kept'], 0]);
});

test('transactions started at once take turns and leak nothing', async () => {
  await database.db.unit(async (unit) => {
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map(note));
    await unit.commit();
  });
  expect([await notes(), borrowed()]).toEqual([['a', 'b', 'c', 'd', 'e'], 0]);
});

test('work that outlives its unit has a transaction of its own', async () => {
  let late: Promise<unknown> = Promise.resolve();
  await database.db.unit(async () => {
    late = new Promise((resolve) => setTimeout(resolve, 20)).then(() => note('late'));
  });
  await late;
  expect([await notes(), borrowed()]).toEqual([['late'], 0]);
});

test('a last statement that fails takes the whole unit back and gives the connection back', async () => {
  const failing = database.db.unit(async (unit) => {
    await note('never');
    await unit.commit(sql`insert into public.nowhere values (1)`);
  });
  await expect(failing).rejects.toMatchObject({ code: '42P01' });
  expect([await notes(), borrowed()]).toEqual([[], 0]);
});
