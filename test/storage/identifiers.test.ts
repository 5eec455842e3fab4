import { randomBytes } from 'node:crypto';
import { newAccountId } from '../../src/domain/slices.ts';
import * as identifiers from '../../src/storage/identifiers.ts';
import { createTestBrand, type TestBrand } from '../flows/test-brand.ts';

let at: TestBrand;
beforeAll(async () => {
  at = await createTestBrand();
});
afterAll(() => at.close());

test('of twenty accounts that claim an identifier at once, one has it', async () => {
  const digest = randomBytes(32);
  const claims = Array.from({ length: 20 }, () => ({
    brandId: at.brand.id,
    digest,
    kind: 'email' as const,
    accountId: newAccountId(at.brand),
  }));
  const results = await Promise.all(claims.map((claim) => identifiers.claim(at.db, claim)));
  expect(results.filter(Boolean)).toHaveLength(1);
  expect(await identifiers.find(at.db, at.brand.id, digest)).toBe(claims[results.indexOf(true)]!.accountId);
});

test('a released identifier is free for another account, and only its owner releases it', async () => {
  const [anna, eve] = [newAccountId(at.brand), newAccountId(at.brand)];
  const digest = randomBytes(32);
  const identifier = { brandId: at.brand.id, digest, kind: 'email' as const, accountId: anna };
  await identifiers.claim(at.db, identifier);
  expect(await identifiers.release(at.db, { ...identifier, accountId: eve })).toBe(false);
  expect(await identifiers.release(at.db, identifier)).toBe(true);
  expect(await identifiers.find(at.db, at.brand.id, digest)).toBeUndefined();
  expect(await identifiers.claim(at.db, { ...identifier, accountId: eve })).toBe(true);
});
