// Whoever alters the trail behind our back is found out, and what they touched is named.
import { verifyAudit } from '../../src/flows/admin/verify-audit.ts';
import * as auditEvents from '../../src/storage/audit-events.ts';
import { createTestBrand, type TestBrand } from '../flows/test-brand.ts';
import { faultsOf, recordSome, sealAll, someEvent, verified } from '../support/audit.ts';

let at: TestBrand;
beforeEach(async () => {
  at = await createTestBrand();
  // Three batches of one chain, four rows each.
  for (let batch = 0; batch < 3; batch += 1) {
    await recordSome(at.db, at.brand, 4);
    await sealAll(at.db);
  }
});
afterEach(() => at.close());

const change = (statement: string, values: unknown[] = []) => at.db.pool.query(statement, values);

async function idsOf(batch: number): Promise<string[]> {
  const { rows } = await change('select id from portico.audit_events where batch = $1 order by id', [batch]);
  return rows.map(({ id }) => id as string);
}

test('a trail that nobody touched is whole', async () => {
  const report = await verifyAudit({ db: at.db }, at.brand);
  expect(report).toMatchObject({ events: 12, batches: 3, pruned: 0, unsealed: 0, faults: [] });
  expect(report.heads).toEqual([{ range: 0, batch: 3, digest: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
});

const alterations: [says: string, set: string][] = [
  ['its event', "event = 'login_failed'"],
  ['its time, by a microsecond', "at = at + interval '1 microsecond'"],
  ['its details', `details = '{"step": 2}'`],
  ['its account', 'account_id = gen_random_uuid()'],
  ['its account, to nobody', 'account_id = null'],
  ['its actor', "actor = 'operator'"],
  ['its client', "client_id = 'another'"],
  ['its slice', 'slice = slice + 1'],
  ['the commitment of its personal fields, erased with it', "commitment = sha256('other'), personal = null, salt = null"],
  ['its digest', "digest = sha256('other')"],
];

test.each(alterations)('a row is named when somebody alters %s', async (_, set) => {
  const [, id = ''] = await idsOf(2);
  await change(`update portico.audit_events set ${set} where id = $1`, [id]);
  expect(await verified(at.db, at.brand)).toContain(`event_changed 0/2 ${id}`);
});

test('a row that got another id is found', async () => {
  const [before, ...others] = await idsOf(2);
  await change('update portico.audit_events set id = gen_random_uuid() where id = $1', [before]);
  const now = (await idsOf(2)).find((id) => !others.includes(id));
  expect(await verified(at.db, at.brand)).toEqual([`event_changed 0/2 ${now}`]);
});

test('personal fields that are swapped, altered or put back in are found', async () => {
  const [one, other, third, fourth] = (await idsOf(1)) as [string, string, string, string];
  await change(
    `update portico.audit_events e set personal = o.personal, salt = o.salt from portico.audit_events o
     where (e.id = $1 and o.id = $2) or (e.id = $2 and o.id = $1)`,
    [one, other],
  );
  await change(`update portico.audit_events set personal = personal || '{"network": "198.51.100.0/24"}' where id = $1`, [third]);
  await change('update portico.audit_events set salt = null where id = $1', [fourth]);
  expect(await verified(at.db, at.brand)).toEqual([one, other, third, fourth].map((id) => `personal_changed 0/1 ${id}`).sort());
});

test('fields that a row never had cannot be added to it', async () => {
  await recordSome(at.db, at.brand, 1, { actor: 'operator', source: undefined });
  await sealAll(at.db);
  const [id] = await idsOf(4);
  await change(`update portico.audit_events set personal = '{"network": "198.51.100.0/24"}' where id = $1`, [id]);
  expect(await verified(at.db, at.brand)).toEqual([`personal_changed 0/4 ${id}`]);
});

test('erasing what tells a person leaves the trail whole', async () => {
  await change('update portico.audit_events set personal = null, salt = null where batch <= 2');
  expect(await verified(at.db, at.brand)).toEqual([]);
});

test('a deleted row is missed by its batch', async () => {
  const [id] = await idsOf(2);
  await change('delete from portico.audit_events where id = $1', [id]);
  expect(await verified(at.db, at.brand)).toEqual(['events_missing 0/2']);
});

test('a row that was added to a sealed batch is found, with and without a digest', async () => {
  const copy = `insert into portico.audit_events (brand_id, slice, id, event, actor, details, commitment, batch, digest)
    select brand_id, slice, gen_random_uuid(), event, actor, details, sha256(''), batch, $2 from portico.audit_events where id = $1 returning id`;
  const [id] = await idsOf(2);
  const added = [(await change(copy, [id, null])).rows[0].id, (await change(copy, [id, Buffer.alloc(32, 1)])).rows[0].id];
  expect(await verified(at.db, at.brand)).toEqual([...added.map((each) => `event_changed 0/2 ${each}`).sort(), 'events_added 0/2']);
});

test('rows that change places between batches are found', async () => {
  const [[one], [other]] = [await idsOf(1), await idsOf(2)];
  await change('update portico.audit_events set batch = 3 - batch where id in ($1, $2)', [one, other]);
  expect(await verified(at.db, at.brand)).toEqual(
    ['batch_changed 0/1', 'batch_changed 0/2', `event_changed 0/1 ${other}`, `event_changed 0/2 ${one}`].sort(),
  );
});

test('rows that swap their contents are found, also with their digests', async () => {
  const [one, other] = await idsOf(2);
  const swap = (columns: string) =>
    change(
      `update portico.audit_events e set (${columns}) = (select ${columns} from portico.audit_events o where o.id in ($1, $2) and o.id <> e.id)
       where id in ($1, $2)`,
      [one, other],
    );
  await swap('account_id, details, at, personal, salt, commitment, digest');
  expect(await verified(at.db, at.brand)).toEqual([`event_changed 0/2 ${one}`, `event_changed 0/2 ${other}`].sort());
});

test('a deleted batch is named: the first, one in the middle, the last', async () => {
  for (const [number, faults] of [
    [1, ['batch_missing 0/1']],
    [2, ['batch_missing 0/2']],
    [3, ['batch_missing 0/3']],
  ] as const) {
    const { rows } = await change('delete from portico.audit_batches where number = $1 returning *', [number]);
    expect(await verified(at.db, at.brand)).toEqual(faults);
    const { brand_id, range, events, previous, digest } = rows[0];
    const back = 'insert into portico.audit_batches (brand_id, range, number, events, previous, digest) values ($1, $2, $3, $4, $5, $6)';
    await change(back, [brand_id, range, number, events, previous, digest]);
  }
  expect(await verified(at.db, at.brand)).toEqual([]);
});

test('a batch that got another number is found, and where it is missed', async () => {
  await change('update portico.audit_batches set number = 1000000 where number = 2');
  const report = await verifyAudit({ db: at.db }, at.brand);
  expect(faultsOf(report)).toEqual(['batch_missing 0/2', 'batch_missing 0/4', 'events_missing 0/1000000']);
  expect(report.faults).toContainEqual({ fault: 'batch_missing', range: 0, batch: 4, count: 999_996 });
});

test('batches that changed numbers are found', async () => {
  await change('update portico.audit_batches set number = -number where number < 3');
  await change('update portico.audit_batches set number = 3 + number where number < 0');
  expect(await verified(at.db, at.brand)).toEqual(
    ['batch_changed 0/1', 'batch_changed 0/2', 'chain_broken 0/1', 'chain_broken 0/2', 'chain_broken 0/3'].sort(),
  );
});

test('a batch with another digest, count or predecessor is found', async () => {
  await change("update portico.audit_batches set digest = sha256('other') where number = 1");
  expect(await verified(at.db, at.brand)).toEqual(['batch_changed 0/1', 'chain_broken 0/2']);
  await change("update portico.audit_batches set previous = sha256('other') where number = 2");
  expect(await verified(at.db, at.brand)).toEqual(['batch_changed 0/1', 'batch_changed 0/2']);
  await change('update portico.audit_batches set events = 3 where number = 3');
  expect(await verified(at.db, at.brand)).toContain('events_added 0/3');
});

test('who makes the whole chain anew is found by the heads that were kept elsewhere', async () => {
  const { heads } = await verifyAudit({ db: at.db }, at.brand);
  expect(faultsOf(await verifyAudit({ db: at.db }, at.brand, heads))).toEqual([]);
  await recordSome(at.db, at.brand, 1);
  await sealAll(at.db);
  expect(faultsOf(await verifyAudit({ db: at.db }, at.brand, heads))).toEqual([]);
  await change('delete from portico.audit_batches');
  await change("update portico.audit_events set batch = null, digest = null, event = 'login_failed'");
  for (const batch of [4, 5, 5]) await sealAll(at.db, { batch });
  expect(await verified(at.db, at.brand)).toEqual([]);
  expect(faultsOf(await verifyAudit({ db: at.db }, at.brand, heads))).toEqual(['head_changed 0/3']);
  await change('delete from portico.audit_batches');
  await change('delete from portico.audit_events');
  expect(faultsOf(await verifyAudit({ db: at.db }, at.brand, heads))).toEqual(['batch_missing 0/3']);
});

test('a brand knows nothing of the trail of another', async () => {
  const other = { ...at.brand, id: at.brand.id + 1 };
  expect(await verifyAudit({ db: at.db }, other)).toMatchObject({ events: 0, batches: 0, heads: [], faults: [] });
  expect(await auditEvents.list(at.db, other.id, { limit: 10 })).toEqual([]);
});

test('several entries cost one statement, and go with the transaction they tell of', async () => {
  const entries = [someEvent(), someEvent({ accountId: undefined, source: undefined }), someEvent({ actor: 'operator' })];
  const { statements } = await at.cost(() => auditEvents.record(at.db, at.brand.id, ...entries));
  expect(statements).toHaveLength(1);
  const undone = at.db.transaction(async (db) => {
    await auditEvents.record(db, at.brand.id, ...entries);
    throw new Error('it did not happen');
  });
  await expect(undone).rejects.toThrow('it did not happen');
  const { rows } = await change('select count(*)::int as count from portico.audit_events where batch is null');
  expect(rows).toEqual([{ count: 3 }]);
});

test('pages of the trail follow each other, newest first, and can be narrowed', async () => {
  const account = someEvent().accountId as string;
  await recordSome(at.db, at.brand, 5, { accountId: account, event: 'login_failed' });
  const all = await auditEvents.list(at.db, at.brand.id, { limit: 100 });
  expect(all).toHaveLength(17);
  expect(all.map(({ at: when }) => when)).toEqual(
    all
      .map(({ at: when }) => when)
      .sort()
      .reverse(),
  );
  const first = await auditEvents.list(at.db, at.brand.id, { limit: 10 });
  const second = await auditEvents.list(at.db, at.brand.id, { limit: 10, after: first.at(-1) });
  expect([...first, ...second]).toEqual(all);
  const mine = await auditEvents.listOf(at.db, at.brand.id, account, { limit: 100 });
  expect(mine.map(({ event, accountId }) => [event, accountId])).toEqual(Array(5).fill(['login_failed', account]));
  expect(await auditEvents.list(at.db, at.brand.id, { limit: 100, event: 'login_failed' })).toEqual(mine);
  expect(await auditEvents.listOf(at.db, at.brand.id, account, { limit: 100, since: new Date(Date.now() + 60_000) })).toEqual([]);
});
