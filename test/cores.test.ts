import { availableParallelism, totalmem } from 'node:os';
import { quotaOf, usableCores, usableMemory } from '../src/cores.ts';

test.each([
  ['max 100000', undefined],
  ['150000 100000', 1.5],
  ['50000 100000', 0.5],
  ['-1 100000', undefined],
  [' ', undefined],
  ['nonsense', undefined],
])('a quota of "%s" is %p cores', (text, cores) => {
  expect(quotaOf(text)).toBe(cores);
});

test('there is always one core, and never more than the machine has', () => {
  expect(usableCores()).toBeGreaterThanOrEqual(1);
  expect(usableCores()).toBeLessThanOrEqual(availableParallelism());
});

test('memory is what the container may have, and never more than the machine', () => {
  expect(usableMemory()).toBeGreaterThan(0);
  expect(usableMemory()).toBeLessThanOrEqual(totalmem());
});
