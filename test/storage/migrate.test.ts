import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { OperatorError } from '../../src/errors.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { withoutLimits } from '../../src/storage/session-limits.ts';
import { createEmptyDatabase } from '../support/database.ts';

let url: string;
let drop: () => Promise<void>;
let folder: string;

beforeEach(async () => {
  ({ url, drop } = await createEmptyDatabase());
  folder = mkdtempSync(join(tmpdir(), 'portico-migrations-'));
});

afterEach(async () => {
  rmSync(folder, { recursive: true });
  await drop();
});

test('a fresh database gets every table, and the tables of the job queue', async () => {
  const { applied } = await migrate({ url });
  expect(applied[0]).toBe('0001_foundation');
  expect(
    await query("select to_regclass('portico.accounts')::text as accounts, to_regclass('graphile_worker._private_jobs')::text as jobs"),
  ).toEqual([{ accounts: 'portico.accounts', jobs: 'graphile_worker._private_jobs' }]);
});

test('migrating twice changes nothing', async () => {
  await migrate({ url });
  const before = await query('select * from portico.migrations');
  expect(await migrate({ url })).toEqual({ applied: [] });
  expect(await query('select * from portico.migrations')).toEqual(before);
});

test('only what is missing is applied, in order', async () => {
  write('0001_one.sql', 'create table portico.one (id integer)');
  await migrate({ url, folder });
  write('0003_three.sql', '-- breaking\nalter table portico.two add column three integer');
  write('0002_two.sql', 'create table portico.two (id integer)');
  expect(await migrate({ url, folder })).toEqual({ applied: ['0002_two', '0003_three'] });
  expect(await query('select id, name, breaking from portico.migrations order by id')).toEqual([
    { id: 1, name: '0001_one', breaking: false },
    { id: 2, name: '0002_two', breaking: false },
    { id: 3, name: '0003_three', breaking: true },
  ]);
});

test('of twenty processes that start at once one migrates and the others wait for it', async () => {
  write('0001_slow.sql', 'create table portico.slow (id integer); select pg_sleep(0.3); insert into portico.slow values (1)');
  const results = await Promise.all(Array.from({ length: 20 }, () => migrate({ url, folder })));
  expect(results.filter(({ applied }) => applied.length > 0)).toEqual([{ applied: ['0001_slow'] }]);
  expect(await query('select id from portico.slow')).toEqual([{ id: 1 }]);
});

test('a migration takes its time, whatever limits its role has', async () => {
  const { pathname } = new URL(url);
  for (const name of ['statement_timeout', 'idle_in_transaction_session_timeout'])
    await query(`alter role current_user in database ${pathname.slice(1)} set ${name} = '100ms'`);
  write('0001_slow.sql', 'select pg_sleep(0.3)');
  await expect(migrate({ url, folder })).rejects.toThrow('canceling statement due to statement timeout');
  expect(await migrate({ url: withoutLimits(url), folder })).toEqual({ applied: ['0001_slow'] });
});

test('a failing migration leaves nothing behind and says which one it was', async () => {
  write('0001_good.sql', 'create table portico.good (id integer)');
  write('0002_bad.sql', 'create table portico.half (id integer); insert into portico.missing values (1)');
  const failure = await migrate({ url, folder }).catch((error) => error);
  expect(failure).toBeInstanceOf(OperatorError);
  expect(failure.message).toContain('0002_bad failed and left nothing behind: relation "portico.missing" does not exist');
  expect(await query("select to_regclass('portico.half') as half")).toEqual([{ half: null }]);
  expect(await query('select name from portico.migrations')).toEqual([{ name: '0001_good' }]);

  write('0002_bad.sql', 'create table portico.half (id integer)');
  expect(await migrate({ url, folder })).toEqual({ applied: ['0002_bad'] });
});

test('a newer schema that only adds things suits an older version', async () => {
  write('0001_one.sql', 'create table portico.one (id integer)');
  await migrate({ url, folder });
  await query("insert into portico.migrations (id, name, breaking) values (2, '0002_newer', false)");
  expect(await migrate({ url, folder })).toEqual({ applied: [] });
});

test('a newer schema marked as breaking is refused with what to do', async () => {
  write('0001_one.sql', 'create table portico.one (id integer)');
  await migrate({ url, folder });
  await query("insert into portico.migrations (id, name, breaking) values (2, '0002_newer', true)");
  write('0003_never.sql', 'create table portico.never (id integer)');
  const refused = await migrate({ url, folder }).catch((error) => error);
  expect(refused).toBeInstanceOf(OperatorError);
  expect(refused.message).toMatch(/"0002_newer" is unknown here.*Start the newer version/);
  expect(await query("select to_regclass('portico.never') as never")).toEqual([{ never: null }]);
});

test('a migration that waits for a busy table lets others pass and tries again', async () => {
  write('0001_one.sql', 'create table portico.one (id integer)');
  await migrate({ url, folder });
  write('0002_column.sql', 'alter table portico.one add column two integer');
  const busy = new pg.Client({ connectionString: url });
  await busy.connect();
  await busy.query('begin; lock portico.one in access share mode');
  const lines: string[] = [];
  const migrated = migrate({
    url,
    folder,
    log: (line) => {
      lines.push(line);
      void busy.query('commit');
    },
  });
  expect(await migrated).toEqual({ applied: ['0002_column'] });
  expect(lines).toEqual(['migrating waits for a lock for 0002_column', 'migration 0002_column applied']);
  await busy.end();
});

test.each([
  ['two files with one number', ['0001_a.sql', '0001_b.sql'], 'Two migrations carry the number of 0001_b'],
  ['a file that is not named like a migration', ['1_a.sql'], '1_a.sql'],
])('%s are refused', async (_, files, sentence) => {
  for (const file of files) write(file, 'select 1');
  await expect(migrate({ url, folder })).rejects.toThrow(sentence);
});

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

async function query(text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
