// What is stored is known: why, for how long, and what becomes of it when a person leaves.
import { readFileSync } from 'node:fs';
import { classOf, dataMap, describedMap, describeMap, exportedColumns } from '../support/data-map.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

async function storedColumns(): Promise<string[]> {
  const { rows } = await database.db.pool.query(
    `select table_name || '.' || column_name as name from information_schema.columns where table_schema = 'portico'`,
  );
  return rows.map(({ name }: { name: string }) => name).sort();
}

const mapped = Object.entries(dataMap.tables).flatMap(([table, { columns }]) =>
  Object.entries(columns).map(([name, column]) => ({ name: `${table}.${name}`, column })),
);

test('every column of every table is in the map, and nothing that is gone', async () => {
  const stored = await storedColumns();
  const known = mapped.map(({ name }) => name);
  expect({ missing: stored.filter((name) => !known.includes(name)), stale: known.filter((name) => !stored.includes(name)) }).toEqual({
    missing: [],
    stale: [],
  });
});

test('every column has a class, every table says what for, how long, and what erasing does', () => {
  for (const { name, column } of mapped) {
    expect([name, ['none', 'pseudonym', 'personal', 'secret'].includes(classOf(column))]).toEqual([name, true]);
  }
  for (const { purpose, kept, erasure } of [...Object.values(dataMap.tables), ...Object.values(dataMap.jobs)])
    expect([purpose, kept, erasure].every((sentence) => sentence.length > 3)).toBe(true);
});

test('whatever is personal has its place in the download, and no secret has', () => {
  const places = new Map(exportedColumns(dataMap));
  const wrong = mapped.filter(({ name, column }) =>
    classOf(column) === 'personal' ? !places.has(name) : classOf(column) !== 'pseudonym' && places.has(name),
  );
  expect(wrong.map(({ name }) => name)).toEqual([]);
});

test('a table that says something about a person is not left out of the erasure', () => {
  const about = Object.entries(dataMap.tables).filter(([, { columns }]) =>
    Object.values(columns).some((column) => classOf(column) === 'personal'),
  );
  expect(about.filter(([, { erasure }]) => !/^(deleted|emptied)/.test(erasure)).map(([name]) => name)).toEqual([]);
});

test('every job that carries something is in the map', () => {
  const jobs = /export interface Jobs \{([^}]*)\}/.exec(readFileSync('src/storage/outbox.ts', 'utf8'))?.[1] ?? '';
  expect([...jobs.matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name).sort()).toEqual(Object.keys(dataMap.jobs).sort());
});

test('docs/data.md says the same; after a change: node test/support/data-map.ts', () => {
  expect(describedMap()).toBe(describeMap(dataMap));
});
