import { newAccountId } from '../../src/domain/slices.ts';
import * as accounts from '../../src/storage/accounts.ts';
import { createTestBrand, type TestBrand } from '../flows/test-brand.ts';

let at: TestBrand;
beforeAll(async () => {
  at = await createTestBrand();
});
afterAll(() => at.close());

const insert = (claims = {}) =>
  accounts.insert(at.db, { brandId: at.brand.id, id: newAccountId(at.brand), email: 'anna@example.com', emailVerified: true, claims });

test('an account is found as it was stored, in its brand alone', async () => {
  const account = await insert({ name: 'Anna "O\'Neil" \\ Ü🦉', address: { country: 'DE' } });
  expect(await accounts.find(at.db, at.brand.id, account.id)).toEqual(account);
  expect(await accounts.find(at.db, at.brand.id, account.id.toUpperCase())).toEqual(account);
  expect(await accounts.find(at.db, at.brand.id + 1, account.id)).toBeUndefined();
});

test('what is no account id finds nothing and breaks nothing', async () => {
  for (const id of ['', 'x', "' or 1=1 --", '\u0000', 'g'.repeat(36), '1'.repeat(4_000)]) {
    expect(await accounts.find(at.db, at.brand.id, id)).toBeUndefined();
    expect(await accounts.disable(at.db, at.brand.id, id)).toBe(false);
    expect(await accounts.enable(at.db, at.brand.id, id)).toBe(false);
  }
});

test('twenty operators who disable one account at once disable it once', async () => {
  const { id } = await insert();
  const results = await Promise.all(Array.from({ length: 20 }, () => accounts.disable(at.db, at.brand.id, id)));
  expect(results.filter(Boolean)).toHaveLength(1);
  expect(await accounts.touchLogin(at.db, at.brand.id, id)).toBeUndefined();
  expect(await accounts.enable(at.db, at.brand.id, id)).toBe(true);
  expect(await accounts.touchLogin(at.db, at.brand.id, id)).toMatchObject({ id, disabledAt: null });
});

test('a list shows every account once, page by page', async () => {
  for (let index = 0; index < 5; index += 1) await insert();
  const seen: string[] = [];
  for (let page = await accounts.list(at.db, at.brand.id, { limit: 2 }); page.length > 0; ) {
    seen.push(...page.map(({ id }) => id));
    page = await accounts.list(at.db, at.brand.id, { limit: 2, after: seen.at(-1)! });
  }
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen).toHaveLength((await accounts.list(at.db, at.brand.id, { limit: 1_000 })).length);
});
