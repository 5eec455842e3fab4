// Jobs that failed for the last time are there for a week, for whoever asks why.
import { seldom, sweepAll } from '../../src/jobs/sweep.ts';
import * as outbox from '../../src/storage/outbox.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

test('a job that gave up goes after a week, and no other', async () => {
  const job = (id: string) => ({ brandId: 1, id, sealed: '' });
  await outbox.add(database.db, 'mail', ['gave up', 'gave up today', 'still tries'].map(job));
  const set = (id: string, change: string) =>
    database.db.pool.query(`update graphile_worker._private_jobs set ${change} where payload ->> 'id' = $1`, [id]);
  await database.db.pool.query('alter table graphile_worker._private_jobs disable trigger user');
  await set('gave up', "attempts = max_attempts, updated_at = now() - interval '8 days'");
  await set('gave up today', 'attempts = max_attempts');
  await set('still tries', "attempts = max_attempts - 1, updated_at = now() - interval '8 days'");
  expect(await sweepAll(database, seldom, { batch: 1 })).toBe(1);
  const { rows } = await database.db.pool.query("select payload ->> 'id' as id from graphile_worker._private_jobs order by id");
  expect(rows.map(({ id }) => id)).toEqual(['gave up today', 'still tries']);
});
