// However many write and seal at once: each row ends up in one batch, and each chain has one end.
import { setTimeout } from 'node:timers/promises';
import { AUDIT_RANGES } from '../../src/domain/audit-chain.ts';
import { verifyAudit } from '../../src/flows/admin/verify-audit.ts';
import { pruneAudit } from '../../src/jobs/prune-audit.ts';
import { sealAudit } from '../../src/jobs/seal-audit.ts';
import { createLog } from '../../src/log.ts';
import * as auditEvents from '../../src/storage/audit-events.ts';
import * as brands from '../../src/storage/brands.ts';
import { createTestBrand, type TestBrand } from '../flows/test-brand.ts';
import { forgetTransactions, recordSome, seal, sealAll, someEvent, verified } from '../support/audit.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { startPortico } from '../support/portico.ts';

let at: TestBrand;
beforeEach(async () => {
  at = await createTestBrand();
});
afterEach(async () => {
  await resetClock(at.database);
  await at.close();
});

const DAY = 86_400;

async function counts(): Promise<{ rows: number; sealed: number; batches: number }> {
  const { rows } = await at.db.pool.query(`
    select count(*)::int as rows, count(batch)::int as sealed, (select count(*)::int from portico.audit_batches) as batches
    from portico.audit_events`);
  return rows[0];
}

/** Rows of nobody in particular, spread over all chains. */
async function recordMany(count: number): Promise<void> {
  const strangers = Array.from({ length: count }, () => someEvent({ accountId: undefined, event: 'login_failed' }));
  for (let from = 0; from < count; from += 200) await auditEvents.record(at.db, at.brand.id, ...strangers.slice(from, from + 200));
}

test('20 sealers at once put each of 2,000 rows into one batch', async () => {
  await recordMany(2_000);
  await forgetTransactions(at.db);
  const sealed = await Promise.all(Array.from({ length: 20 }, () => seal(at.db, { batch: 40 })));
  sealed.push(await sealAll(at.db));
  expect(sealed.reduce((sum, count) => sum + count)).toBe(2_000);
  expect(await counts()).toMatchObject({ rows: 2_000, sealed: 2_000 });
  const report = await verifyAudit({ db: at.db }, at.brand);
  expect(report).toMatchObject({ events: 2_000, unsealed: 0, faults: [] });
  expect(report.heads).toHaveLength(AUDIT_RANGES);
}, 60_000);

test('rows that are written while others are sealed and the trail is verified are not lost', async () => {
  let writing = true;
  const writers = Array.from({ length: 8 }, () => recordSome(at.db, at.brand, 40));
  const ended = Promise.all(writers).then(() => {
    writing = false;
  });
  const sealers = Array.from({ length: 4 }, async () => {
    while (writing) await seal(at.db, { batch: 7 });
  });
  while (writing) expect(await verified(at.db, at.brand)).toEqual([]);
  await Promise.all([ended, ...sealers]);
  await sealAll(at.db);
  expect(await counts()).toMatchObject({ rows: 320, sealed: 320 });
  expect(await verified(at.db, at.brand)).toEqual([]);
}, 60_000);

test('a transaction that began before the others and ends after them is not skipped', async () => {
  const slow = await at.db.pool.connect();
  try {
    await slow.query('begin');
    // Its place in the order of transactions is taken here, before anybody else writes.
    await slow.query('select pg_current_xact_id()');
    await recordSome(at.db, at.brand, 3);
    expect(await seal(at.db)).toBe(0);
    const insert = `insert into portico.audit_events (brand_id, slice, id, event, actor, commitment)
      values ($1, 7, gen_random_uuid(), 'unlocked', 'system', sha256(''))`;
    await slow.query(insert, [at.brand.id]);
    expect(await seal(at.db)).toBe(0);
    expect(await verifyAudit({ db: at.db }, at.brand)).toMatchObject({ unsealed: 3, faults: [] });
    await slow.query('commit');
  } finally {
    slow.release();
  }
  expect(await untilSealed(4)).toBe(4);
  expect(await verifyAudit({ db: at.db }, at.brand)).toMatchObject({ events: 4, batches: 1, unsealed: 0, faults: [] });
});

test('a transaction that hangs for more than a day holds nothing up, and its own rows are sealed when it ends', async () => {
  const slow = await at.db.pool.connect();
  try {
    await slow.query('begin');
    const insert = `insert into portico.audit_events (brand_id, slice, id, event, actor, commitment)
      values ($1, 7, gen_random_uuid(), 'unlocked', 'system', sha256(''))`;
    await slow.query(insert, [at.brand.id]);
    await recordSome(at.db, at.brand, 3);
    await forgetTransactions(at.db);
    expect(await seal(at.db)).toBe(3);
    await slow.query('commit');
  } finally {
    slow.release();
  }
  expect(await sealAll(at.db)).toBe(1);
  expect(await verifyAudit({ db: at.db }, at.brand)).toMatchObject({ events: 4, batches: 2, unsealed: 0, faults: [] });
});

test('in a restored copy, whose counter began anew, the day decides', async () => {
  await recordSome(at.db, at.brand, 2);
  await at.db.pool.query(`update portico.audit_events set xid = '9000000000000'::xid8`);
  expect(await seal(at.db)).toBe(0);
  await at.db.pool.query("update portico.audit_events set recorded_at = now() - interval '25 hours'");
  expect(await seal(at.db)).toBe(2);
  expect(await verified(at.db, at.brand)).toEqual([]);
});

test('the end of a chain stands in the log, where whoever alters the database cannot reach it', async () => {
  await recordSome(at.db, at.brand, 3);
  await forgetTransactions(at.db);
  const lines: string[] = [];
  await sealAudit({ db: at.db, log: createLog('info', { write: (line) => void lines.push(line) }) });
  const { heads } = await verifyAudit({ db: at.db }, at.brand);
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ event: 'audit_sealed', brandId: at.brand.id, range: 0, batch: 1, digest: heads[0]?.digest }),
  ]);
});

test('a large backlog is sealed in bounded batches, oldest first, and the time is bounded too', async () => {
  await recordSome(at.db, at.brand, 25);
  await forgetTransactions(at.db);
  expect(await seal(at.db, { batch: 10, budget: 0 })).toBe(0);
  expect(await seal(at.db, { batch: 10 })).toBe(25);
  const { rows } = await at.db.pool.query(`
    select batch, count(*)::int as count, min(at) > lag(max(at)) over (order by batch) as later
    from portico.audit_events group by batch order by batch`);
  expect(rows).toEqual([
    { batch: 1, count: 10, later: null },
    { batch: 2, count: 10, later: true },
    { batch: 3, count: 5, later: true },
  ]);
});

test('an erasure at the same moment as the sealing leaves the chain whole', async () => {
  await recordMany(400);
  await forgetTransactions(at.db);
  const erase =
    'update portico.audit_events set personal = null, salt = null where id in (select id from portico.audit_events order by random() limit 50)';
  await Promise.all([
    ...Array.from({ length: 5 }, () => seal(at.db, { batch: 20 })),
    ...Array.from({ length: 10 }, () => at.db.pool.query(erase).catch(() => {})),
  ]);
  await sealAll(at.db);
  expect(await counts()).toMatchObject({ rows: 400, sealed: 400 });
  expect(await verified(at.db, at.brand)).toEqual([]);
}, 30_000);

test('past the retention rows go, a batch at a time, and the trail is still whole', async () => {
  await brands.update(at.db, at.brand.id, { settings: { auditDays: 30 } });
  for (let batch = 0; batch < 3; batch += 1) {
    await recordSome(at.db, at.brand, 4);
    await sealAll(at.db);
    await shiftClock(at.database, 20 * DAY);
  }
  await recordSome(at.db, at.brand, 1);
  // 60, 40 and 20 days old.
  const removed = await Promise.all(Array.from({ length: 20 }, () => pruneAudit({ db: at.db }, { batch: 1 })));
  expect(removed.reduce((sum, count) => sum + count)).toBe(8);
  expect(await counts()).toEqual({ rows: 5, sealed: 4, batches: 3 });
  expect(await verifyAudit({ db: at.db }, at.brand)).toMatchObject({ events: 4, batches: 3, pruned: 2, unsealed: 1, faults: [] });
  await sealAll(at.db);
  expect(await verified(at.db, at.brand)).toEqual([]);
});

test('rows are never pruned before they are sealed, nor a younger batch before an older one', async () => {
  await recordSome(at.db, at.brand, 2);
  await sealAll(at.db);
  await recordSome(at.db, at.brand, 2);
  await sealAll(at.db);
  await recordSome(at.db, at.brand, 2);
  await at.db.pool.query("update portico.audit_batches set sealed_at = sealed_at - interval '800 days' where number = 2");
  await at.db.pool.query("update portico.audit_events set at = at - interval '900 days' where batch is null");
  expect(await pruneAudit({ db: at.db })).toBe(0);
  await at.db.pool.query("update portico.audit_batches set sealed_at = sealed_at - interval '800 days' where number = 1");
  expect(await pruneAudit({ db: at.db })).toBe(4);
  expect((await counts()).rows).toBe(2);
});

test('rows that were made away with under the name of retention are missed', async () => {
  for (let batch = 0; batch < 2; batch += 1) {
    await recordSome(at.db, at.brand, 2);
    await sealAll(at.db);
  }
  await at.db.pool.query('update portico.audit_batches set pruned_at = now() where number = 2');
  expect(await verified(at.db, at.brand)).toEqual(['events_added 0/2', 'pruned_early 0/2']);
  await at.db.pool.query('delete from portico.audit_events where batch = 2');
  expect(await verified(at.db, at.brand)).toEqual(['pruned_early 0/2']);
});

test('the running jobs seal and prune', async () => {
  const portico = await startPortico({ mail: true });
  try {
    const pool = portico.db.pool;
    const until = async (statement: string) => {
      for (let waited = 0; waited < 100 && (await pool.query(statement)).rowCount === 0; waited += 1) await setTimeout(100);
      return (await pool.query(statement)).rowCount;
    };
    await forgetTransactions(portico.db);
    await pool.query("select graphile_worker.add_job('seal_audit')");
    expect(await until("select from portico.audit_events where event = 'brand_applied' and batch = 1")).toBe(1);
    await pool.query("update portico.audit_batches set sealed_at = sealed_at - interval '731 days'");
    await pool.query("select graphile_worker.add_job('prune_audit')");
    expect(await until('select from portico.audit_batches where pruned_at is not null')).toBe(1);
  } finally {
    await portico.stop();
  }
}, 30_000);

/** Transactions of other tests on the same server may hold them up for a moment. */
async function untilSealed(count: number): Promise<number> {
  let total = 0;
  const until = performance.now() + 20_000;
  while (total < count && performance.now() < until) total += await seal(at.db);
  return total;
}
