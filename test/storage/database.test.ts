// The door to Postgres when Postgres is slow, silent, or behind a pooler.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, isDatabaseAway, openDatabase, sql } from '../../src/storage/database.ts';
import * as sessionFacts from '../../src/storage/session-facts.ts';
import { sessionLimits } from '../../src/storage/session-limits.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { openWire, type Wire } from '../support/tcp-proxy.ts';
import { openStrictPooler } from './strict-pooler.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.db.pool.query('create table held (id integer primary key); insert into held values (1)');
});
afterAll(() => database.close());

interface Failure {
  error: unknown;
  milliseconds: number;
}

async function failureOf(work: () => Promise<unknown>): Promise<Failure> {
  const started = performance.now();
  const error = await work().then(
    () => undefined,
    (error: unknown) => error,
  );
  return { error, milliseconds: performance.now() - started };
}

function expectAway({ error, milliseconds }: Failure, within = 4_000): void {
  expect(error).toBeInstanceOf(Error);
  expect([(error as Error).message, isDatabaseAway(error)]).toEqual([expect.any(String), true]);
  expect(milliseconds).toBeLessThan(within);
}

test('a statement that takes too long is ended by the server, and counts as the database being away', async () => {
  const failure = await failureOf(() => database.db.run(sql`select pg_sleep(10)`));
  expectAway(failure);
  expect(failure.error).toMatchObject({ code: '57014' });
});

test('a row that somebody holds is waited for briefly, and then counts as the database being away', async () => {
  const holder = await database.db.pool.connect();
  await holder.query('begin; select id from held for update');
  const failure = await failureOf(() => database.db.transaction((db) => db.run(sql`update held set id = 1`)));
  await holder.query('rollback');
  holder.release();
  expectAway(failure, 3_000);
  expect(failure.error).toMatchObject({ code: '55P03' });
  expect(await database.db.run(sql`update held set id = 1`)).toBe(1);
});

describe('a connection that went silent', () => {
  let wire: Wire;
  let db: Database;
  beforeEach(async () => {
    wire = await openWire(database.url);
    db = openDatabase({ url: wire.url, max: 2 });
    await Promise.all([db.run(sql`select pg_sleep(0.05)`), db.run(sql`select pg_sleep(0.05)`)]);
  });
  afterEach(async () => {
    await db.close();
    await wire.close();
  });

  test('is given up, whatever it was used for', async () => {
    wire.freeze();
    const uses = [() => db.run(sql`select 1`), () => db.transaction((db) => db.run(sql`select 1`))];
    for (const failure of await Promise.all(uses.map(failureOf))) expectAway(failure);
  });

  test('in the middle of a transaction is not asked to roll back', async () => {
    const cut = async (db: { run: Database['run'] }) => {
      await db.run(sql`select 1`);
      wire.freeze();
      await db.run(sql`select 2`);
    };
    expectAway(await failureOf(() => db.transaction(cut)));
  });

  test('in the middle of a unit of work is not asked to roll back, not even to a savepoint', async () => {
    const work = () =>
      db.unit(async () => {
        await db.transaction((db) => db.run(sql`select 1`));
        await db.transaction(async (db) => {
          wire.freeze();
          await db.run(sql`select 2`);
        });
      });
    expectAway(await failureOf(work));
  });

  test('is not used again', async () => {
    wire.freeze();
    await Promise.all([failureOf(() => db.run(sql`select 1`)), failureOf(() => db.transaction((db) => db.run(sql`select 1`)))]);
    await wire.mend();
    const started = performance.now();
    for (let times = 0; times < 20; times += 1) expect(await db.row(sql`select 1 as one`)).toEqual({ one: 1 });
    expect(performance.now() - started).toBeLessThan(1_000);
    // What the frozen connections would have said is not taken for an answer to somebody else.
    await sleep(50);
    expect(await db.row(sql`select 3 as three`)).toEqual({ three: 3 });
  });
});

test('the server is told how long it may take, except through a pooler, which takes no such parameters', async () => {
  const pooler = await openStrictPooler(database.url);
  const told = openDatabase({ url: pooler.url });
  const failure = await failureOf(() => told.run(sql`select 1`));
  expect(failure.error).toMatchObject({ code: '08P01', message: 'unsupported startup parameter: statement_timeout' });
  const pooled = openDatabase({ url: pooler.url, pooled: true });
  expect(await sessionFacts.read(pooled)).toEqual({ lock_timeout: 0, statement_timeout: 0, idle_in_transaction_session_timeout: 0 });
  expect(await sessionFacts.read(database.db)).toEqual(sessionLimits);
  await Promise.all([told.close(), pooled.close()]);
  await pooler.close();
});
