// A brand is found from memory until something is heard of a change; what is heard late is heard.
import { setTimeout as sleep } from 'node:timers/promises';
import * as brands from '../../src/storage/brands.ts';
import { createBrandDirectory } from '../../src/web/brand-directory.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let slow = 0;
let away = false;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(() => {
  slow = 0;
  away = false;
});
afterAll(() => database.close());

/** The same database, slow or away as the test wants. */
const directory = () => {
  const { db } = database;
  const gate = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    await sleep(slow);
    if (away) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    return work();
  };
  return createBrandDirectory({
    rows: (statement) => gate(() => db.rows(statement)),
    row: (statement) => gate(() => db.row(statement)),
    run: (statement) => gate(() => db.run(statement)),
    transaction: (work) => db.transaction(work),
  });
};

async function newBrand(host: string, path = ''): Promise<number> {
  const slug = `${host.split('.')[0]}${path.replace('/', '-')}`;
  const brand = {
    slug,
    issuer: `https://${host}${path}`,
    name: slug,
    homeSlice: 1,
    settings: {},
    theme: {},
    identifierKey: Buffer.alloc(1),
  };
  return (await brands.insert(database.db, brand))?.id as number;
}

const disable = (id: number) =>
  database.db.pool.query('update portico.brands set disabled_at = now(), version = version + 1, updated_at = now() where id = $1', [id]);

test('a brand under a path appears although the brand at the root has answered there before', async () => {
  const seen = directory();
  const root = await newBrand('first.example');
  expect((await seen.select('first.example', 'shop'))?.id).toBe(root);
  const shop = await newBrand('first.example', '/shop');
  seen.changed(shop);
  expect((await seen.select('first.example', 'shop'))?.id).toBe(shop);
  expect((await seen.select('first.example', ''))?.id).toBe(root);
});

test('an answer that comes late counts from then on', async () => {
  const seen = directory();
  const id = await newBrand('second.example');
  await seen.select('second.example', '');
  await disable(id);
  seen.changed(id);
  slow = 400;
  expect((await seen.select('second.example', ''))?.id).toBe(id);
  await sleep(300);
  expect(await seen.select('second.example', '')).toBeUndefined();
});

test('without notifications a change is found by asking, also when asking has failed meanwhile', async () => {
  const seen = directory();
  const id = await newBrand('third.example');
  expect((await seen.select('third.example', ''))?.id).toBe(id);
  await disable(id);
  away = true;
  await sleep(4_100);
  expect((await seen.select('third.example', ''))?.id).toBe(id);
  away = false;
  await sleep(4_100);
  await seen.select('third.example', '');
  expect(await seen.select('third.example', '')).toBeUndefined();
}, 20_000);

test('while the database is away the brand that is known answers', async () => {
  const seen = directory();
  const id = await newBrand('fourth.example');
  await seen.select('fourth.example', '');
  away = true;
  seen.missed();
  expect((await seen.select('fourth.example', ''))?.id).toBe(id);
  await expect(seen.select('unheard-of.example', '')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
