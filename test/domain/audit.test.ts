import { type AuditEntry, auditEvents, auditRow, canonical, changedMembers, commitmentOf, isCommitted } from '../../src/domain/audit.ts';
import { AUDIT_RANGES, BEGINNING, checkBatch, SLICES_PER_RANGE, type StoredAuditRow, sealBatch } from '../../src/domain/audit-chain.ts';
import { SLICES } from '../../src/domain/slices.ts';

const entry: AuditEntry = {
  event: 'login_succeeded',
  actor: 'end_user',
  accountId: '0b6a8a52-5b3f-4a54-9f1c-1f0a2b3c0007',
  source: { ip: '203.0.113.77', userAgent: 'Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36', clientId: 'shop' },
};

const place = { brandId: 3, range: 0 };

function stored(more: Partial<StoredAuditRow> = {}): StoredAuditRow {
  return { ...auditRow(entry), slice: 7, at: '2026-11-22T00:00:00.000001Z', digest: null, ...more };
}

/** A batch of these rows, as the tables hold it. */
function sealed(rows: StoredAuditRow[], last = BEGINNING) {
  const { batch, digests } = sealBatch(place, last, rows);
  return { batch: { ...batch, pruned: false }, rows: rows.map((row, index) => ({ ...row, digest: digests[index] as Buffer })) };
}

test('a row keeps of a person the kind of device and a coarse network, and of the client its id', () => {
  const { personal, clientId, accountId } = auditRow(entry);
  expect(personal).toEqual({ device: 'Chrome/Windows', network: '203.0.113.0/24' });
  expect([clientId, accountId]).toEqual(['shop', entry.accountId]);
  expect(auditRow({ event: 'brand_applied', actor: 'operator' })).toMatchObject({
    personal: null,
    salt: null,
    accountId: null,
    details: {},
  });
});

test('two rows of one person have nothing in common once their personal fields are erased', () => {
  const [one, other] = [auditRow(entry), auditRow(entry)];
  expect(one.personal).toEqual(other.personal);
  expect(one.commitment.equals(other.commitment)).toBe(false);
  expect(one.salt).toHaveLength(16);
});

test('a commitment tells what was written from everything else', () => {
  const row = auditRow(entry);
  expect(isCommitted(row)).toBe(true);
  expect(isCommitted({ ...row, personal: null, salt: null })).toBe(true);
  expect(isCommitted({ ...row, personal: { network: '203.0.113.0/24' } })).toBe(false);
  expect(isCommitted({ ...row, salt: null })).toBe(false);
  expect(isCommitted({ ...auditRow({ event: 'unlocked', actor: 'system' }), personal: { network: '::/48' } })).toBe(false);
  expect(commitmentOf(null, null).toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});

test('the same members are the same bytes in any order', () => {
  expect(canonical({ b: [1, { d: 'x', c: null }], a: undefined, Z: true })).toBe('{"Z":true,"b":[1,{"c":null,"d":"x"}]}');
  expect(changedMembers({ a: 1, b: { c: 1, d: 2 }, gone: 1 }, { b: { d: 2, c: 1 }, a: 2, come: 1 })).toEqual(['a', 'gone', 'come']);
});

test('the names of events are in order and each stands there once', () => {
  expect([...auditEvents]).toEqual([...new Set(auditEvents)].sort());
});

test('the ranges cover every slice', () => {
  expect(AUDIT_RANGES * SLICES_PER_RANGE).toBe(SLICES);
  // As in the SQL.
  expect(SLICES_PER_RANGE).toBe(4096);
});

test('the digests are what the documentation says', () => {
  const row = stored({ id: '11111111-2222-4333-8444-555555555555', personal: null, salt: null, commitment: Buffer.alloc(32, 7) });
  const { batch, rows } = sealed([row]);
  expect(rows[0]?.digest.toString('hex')).toBe('88a36d82f8c841b38972cba2387c84e0871d48396059f7ff236e5ff4bf3223a2');
  expect(batch.digest.toString('hex')).toBe('2a735b46d5dfa08ededf1872401f05a0676050c972ae231b106cd1ccdfbb93e2');
});

test('the order in which a batch is read makes no difference', () => {
  const { batch, rows } = sealed([stored(), stored(), stored()]);
  expect(checkBatch(place, BEGINNING, batch, [...rows].reverse())).toEqual([]);
});

test('a batch follows the one before it and no other', () => {
  const first = sealed([stored()]);
  const second = sealed([stored()], first.batch);
  expect(checkBatch(place, first.batch, second.batch, second.rows)).toEqual([]);
  expect(checkBatch(place, { number: 1, digest: Buffer.alloc(32) }, second.batch, second.rows)).toEqual([
    { fault: 'chain_broken', range: 0, batch: 2 },
  ]);
  expect(checkBatch(place, BEGINNING, second.batch, second.rows)).toEqual([{ fault: 'batch_missing', range: 0, batch: 1, count: 1 }]);
});

test('a batch belongs to its brand', () => {
  const { batch, rows } = sealed([stored()]);
  expect(checkBatch({ ...place, brandId: 4 }, BEGINNING, batch, rows)).toMatchObject([{ fault: 'event_changed', id: rows[0]?.id }]);
});

test('a pruned batch has no rows', () => {
  const { batch, rows } = sealed([stored()]);
  expect(checkBatch(place, BEGINNING, { ...batch, pruned: true }, [])).toEqual([]);
  expect(checkBatch(place, BEGINNING, { ...batch, pruned: true }, rows)).toEqual([{ fault: 'events_added', range: 0, batch: 1, count: 1 }]);
});
