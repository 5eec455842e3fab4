import { readFileSync } from 'node:fs';
import pg from 'pg';
import { createTestDatabase } from '../support/database.ts';
import { describeSchema } from '../support/schema.ts';

test('db/schema.sql is what the migrations make (npm run schema writes it)', async () => {
  const { url, close } = await createTestDatabase();
  expect(await describeSchema(url)).toBe(readFileSync('db/schema.sql', 'utf8'));
  await close();
});

test.each([
  'alter table portico.accounts add column extra text',
  'alter table portico.accounts alter column email set not null',
  "alter table portico.brands alter column name set default 'x'",
  "alter table portico.clients add constraint named check (client_id <> '')",
  'drop index portico.oidc_tokens_expiry',
  'alter table portico.limits set (fillfactor = 90)',
  'create function portico.f() returns integer language sql as $$ select 1 $$',
  'create view portico.v as select 1 as one',
])('the description notices: %s', async (change) => {
  const { url, close } = await createTestDatabase();
  const before = await describeSchema(url);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(change);
  await client.end();
  expect(await describeSchema(url)).not.toBe(before);
  await close();
});
