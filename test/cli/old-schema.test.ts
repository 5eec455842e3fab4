// Only migrate and a start of the server change the schema; every other command looks first.
import { sql } from '../../src/storage/database.ts';
import { createEmptyDatabase } from '../support/database.ts';
import { type RunningPortico, startPortico } from '../support/portico.ts';
import { type CommandLine, commandLine } from './command-line.ts';

let portico: RunningPortico;
let run: CommandLine;

beforeAll(async () => {
  portico = await startPortico();
  run = commandLine(portico);
});
afterAll(() => portico.stop());

test.each([
  ['brand', 'list'],
  ['client', 'list'],
  ['keys', 'list'],
  ['brand', 'apply', 'config/brands/demo'],
])('on an empty database "%s %s" refuses and leaves it empty', async (...words) => {
  const empty = await createEmptyDatabase();
  const ran = await run([...words], { env: { DATABASE_URL: empty.url } });
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err).toMatch(
    /^The database's schema is older than this Portico \(0001_foundation, .* pending\)\. Run: npm run portico -- migrate\n$/,
  );
  expect((await run(['migrate', '--json'], { env: { DATABASE_URL: empty.url } })).json<{ applied: string[] }>().applied[0]).toBe(
    '0001_foundation',
  );
  expect((await run(['brand', 'list', '--json'], { env: { DATABASE_URL: empty.url } })).json()).toEqual([]);
  await empty.drop();
});

test('a schema of a newer Portico that this one cannot work with is refused; one that only adds things is not', async () => {
  await portico.db.run(sql`insert into portico.migrations (id, name, breaking) values (9001, '9001_newer', false)`);
  expect((await run(['brand', 'list'])).code).toBe(0);
  await portico.db.run(sql`insert into portico.migrations (id, name, breaking) values (9002, '9002_breaking', true)`);
  const ran = await run(['brand', 'list']);
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err).toContain('A newer Portico migrated this database (9002_breaking)');
  await portico.db.run(sql`delete from portico.migrations where id > 9000`);
});
