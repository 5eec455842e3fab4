import { rotateSigningKeys } from '../../../src/flows/admin/rotate-signing-keys.ts';
import * as signingKeys from '../../../src/storage/signing-keys.ts';
import { resetClock, shiftClock } from '../../support/database.ts';
import { createOperator, type Operator, twentyAtOnce } from './operator.ts';

let operator: Operator;
beforeAll(async () => {
  operator = await createOperator();
});
afterEach(() => resetClock(operator.database));
afterAll(() => operator.close());

const HOUR = 3_600;
const DAY = 24 * HOUR;

const states = (keys: { state: string; alg: string }[]) => keys.map(({ alg, state }) => `${alg} ${state}`);
const kidOf = (keys: { kid: string; state: string }[], state: string) => keys.find((key) => key.state === state)?.kid;

test('the next key begins to sign, the former one stays published, and a new next one is ready', async () => {
  const brand = await operator.brand();
  const before = await signingKeys.list(operator.db, brand.id);
  await shiftClock(operator.database, HOUR + 1);
  const after = await rotateSigningKeys(operator, brand);
  expect(states(after)).toEqual(['ES256 current', 'ES256 next', 'ES256 previous']);
  expect(kidOf(after, 'current')).toBe(kidOf(before, 'next'));
  expect(kidOf(after, 'previous')).toBe(kidOf(before, 'current'));
  expect(await operator.version(brand)).toBe(brand.version + 1);
});

test('a key nobody has seen yet does not sign, unless forced', async () => {
  const brand = await operator.brand();
  await expect(rotateSigningKeys(operator, brand)).rejects.toThrow(
    /^The next ES256 key has been published for less than an hour\. .* Try again in 60 minutes, or use --force/,
  );
  expect(await operator.version(brand)).toBe(brand.version);
  expect(states(await rotateSigningKeys(operator, brand, { force: true }))).toContain('ES256 previous');
});

test('of 20 rotations at once one succeeds', async () => {
  const brand = await operator.brand();
  await shiftClock(operator.database, HOUR + 1);
  const { done, refused } = await twentyAtOnce(() => rotateSigningKeys(operator, brand));
  expect(done).toHaveLength(1);
  expect(refused).toHaveLength(19);
  expect(states(await signingKeys.list(operator.db, brand.id))).toEqual(['ES256 current', 'ES256 next', 'ES256 previous']);
});

test('20 forced rotations at once follow each other: always one current, one next, and no key is lost', async () => {
  const brand = await operator.brand();
  const { done } = await twentyAtOnce(() => rotateSigningKeys(operator, brand, { force: true }));
  expect(done).toHaveLength(20);
  for (const keys of done) expect(states(keys).slice(0, 2)).toEqual(['ES256 current', 'ES256 next']);
  const keys = await signingKeys.list(operator.db, brand.id);
  expect(keys).toHaveLength(22);
  expect(new Set(done.map((each) => kidOf(each, 'current'))).size).toBe(20);
  expect(await operator.version(brand)).toBe(brand.version + 20);
});

test('what a session may still hand back as a hint verifies for 90 days, then its key retires', async () => {
  const brand = await operator.brand();
  const first = kidOf(await signingKeys.list(operator.db, brand.id), 'current');
  const published = async () => (await signingKeys.list(operator.db, brand.id)).map(({ kid }) => kid);
  await rotateSigningKeys(operator, brand, { force: true });
  await shiftClock(operator.database, 90 * DAY - HOUR);
  await rotateSigningKeys(operator, brand);
  expect(await published()).toContain(first);
  await shiftClock(operator.database, 2 * HOUR);
  await rotateSigningKeys(operator, brand);
  expect(await published()).not.toContain(first);
});

test('after a theft the previous keys are dropped at once', async () => {
  const brand = await operator.brand();
  const keys = await rotateSigningKeys(operator, brand, { force: true, dropPrevious: true });
  expect(states(keys)).toEqual(['ES256 current', 'ES256 next']);
});

test('one algorithm rotates alone, and one the brand does not have is refused', async () => {
  const brand = await operator.brand({ algorithms: ['ES256', 'RS256'] });
  const keys = await rotateSigningKeys(operator, brand, { algorithm: 'ES256', force: true });
  expect(states(keys).sort()).toEqual(['ES256 current', 'ES256 next', 'ES256 previous', 'RS256 current', 'RS256 next']);
  const other = await operator.brand();
  await expect(rotateSigningKeys(operator, other, { algorithm: 'RS256' })).rejects.toThrow(
    `${other.slug} has no RS256 keys. It signs with ES256.`,
  );
});
