// Tables stay as small as what lives; a dead process's jobs are taken over within a minute.
import { often, seldom, sweepAll } from '../../src/jobs/sweep.ts';
import * as sweep from '../../src/storage/sweep.ts';
import * as workers from '../../src/storage/workers.ts';
import { clientsOfTest, party } from '../support/clients.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { Browser } from '../support/http-browser.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { createAccount, obtainTokens } from '../support/protocol.ts';

let portico: RunningPortico;
const person = { email: 'ada@nightfall.example' };
const HOUR = 3_600;

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
  await createAccount(portico, person);
});
afterEach(() => resetClock(portico.database));
afterAll(() => portico.stop());

async function count(table: string): Promise<number> {
  const { rows } = await portico.db.pool.query(`select count(*)::int as count from portico.${table}`);
  return rows[0].count;
}

const tidy = async () => (await sweepAll(portico.services, often)) + (await sweepAll(portico.services, seldom));

/** An hour of a small shop: sign-ins, refreshes, abandoned pages, wrong passwords. */
async function trade(): Promise<void> {
  const shop = await party(portico.issuer, 'shop');
  for (let visit = 0; visit < 3; visit += 1) {
    const { tokens } = await obtainTokens(shop, person);
    const next = await shop.refresh(tokens.refresh_token as string);
    await shop.refresh(next.refresh_token as string);
    const browser = new Browser(portico.issuer);
    const page = await browser.get((await shop.begin()).url);
    await browser.submit(page, page.form('login'), { email: `nobody${visit}@nightfall.example`, password: 'wrong password' });
  }
}

test('two days of traffic leave no more rows than the second day’s live ones', async () => {
  const sizes: number[] = [];
  for (let hour = 0; hour < 52; hour += 4) {
    await trade();
    await shiftClock(portico.database, 4 * HOUR);
    await tidy();
    const tables = ['oidc_tokens', 'oidc_sessions', 'oidc_grants', 'oidc_replays', 'limits'];
    sizes.push((await Promise.all(tables.map(count))).reduce((sum, rows) => sum + rows, 0));
  }
  // Spent refresh tokens are remembered for a day, everything else for less: from then on the size stays.
  expect(Math.max(...sizes.slice(-5))).toBeLessThanOrEqual(Math.max(...sizes.slice(5, 8)));
  await shiftClock(portico.database, 500 * 24 * HOUR);
  await tidy();
  expect([await count('oidc_tokens'), await count('oidc_sessions'), await count('oidc_grants')]).toEqual([0, 0, 0]);
}, 60_000);

test('what lives is not swept', async () => {
  const shop = await party(portico.issuer, 'shop');
  const { tokens } = await obtainTokens(shop, { ...person, remember: true });
  await tidy();
  const next = await shop.refresh(tokens.refresh_token as string);
  expect(await shop.userinfo(next)).toMatchObject({ sub: expect.any(String) });
});

test('20 sweeps at once remove each row once and wait for nobody', async () => {
  await portico.db.pool.query(`
    insert into portico.oidc_replays (brand_id, slice, id, expires_at)
    select id, 0, sha256(n::text::bytea), now() - interval '1 minute' from portico.brands, generate_series(1, 1000) as n`);
  const removed = await Promise.all(Array.from({ length: 20 }, () => sweep.replays(portico.db, 100)));
  expect(removed.reduce((sum, rows) => sum + rows, 0)).toBe(1_000);
  expect(await count('oidc_replays')).toBe(0);
});

test('a worker that fell silent gives its jobs to the others, and one that lives keeps them', async () => {
  await portico.db.pool.query(`select graphile_worker.add_job('nothing', run_at => now() + interval '1 day') from generate_series(1, 2)`);
  await portico.db.pool.query(
    `update graphile_worker._private_jobs set locked_at = now(), locked_by = case when id % 2 = 0 then 'living' else 'dead' end`,
  );
  await workers.beat(portico.db, ['living', 'dead']);
  await shiftClock(portico.database, 50);
  await workers.beat(portico.db, ['living']);
  const released = await Promise.all(Array.from({ length: 20 }, () => workers.releaseSilent(portico.db, 40)));
  expect(released.reduce((sum, silent) => sum + silent, 0)).toBe(1);
  const { rows } = await portico.db.pool.query('select distinct locked_by from graphile_worker._private_jobs');
  expect(rows.map(({ locked_by: worker }) => worker).sort()).toEqual(['living', null]);
});

test('a grant that only a device code in another slice hangs on is kept, and goes when the code has ended', async () => {
  await portico.db.pool.query(`
    with brand as (select id from portico.brands limit 1), account as (select id, slice from portico.accounts limit 1),
      granted as (
        insert into portico.oidc_grants (brand_id, slice, id, account_id, client_id, payload, created_at, expires_at)
        select brand.id, account.slice, 'granted-to-a-television', account.id, 'shop', '{}', now() - interval '2 days', now() + interval '1 day'
        from brand, account)
    insert into portico.oidc_tokens (brand_id, slice, kind, id, grant_id, payload, expires_at)
    select brand.id, (account.slice + 1) % 32768, 'DeviceCode', sha256('a device code'), 'granted-to-a-television', '{}', now() + interval '5 minutes'
    from brand, account`);
  const kept = async () => {
    await tidy();
    const { rows } = await portico.db.pool.query("select 1 from portico.oidc_grants where id = 'granted-to-a-television'");
    return rows.length === 1;
  };
  expect(await kept()).toBe(true);
  await shiftClock(portico.database, 600);
  expect(await kept()).toBe(false);
});
