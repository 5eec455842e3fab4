// The bench is believed only as far as its own arithmetic is right.
import { setTimeout as sleep } from 'node:timers/promises';
import { BYTES_PER_ACCOUNT, refuseWithoutRoom } from '../../bench/growth-data.ts';
import { grownOf } from '../../bench/growth-report.ts';
import { closedLoop, dueTimes, openLoop, type Sample } from '../../bench/open-loop.ts';
import { capacityOf, type Level, levelOf, recoveryOf } from '../../bench/overload-figures.ts';
import { overloadFigures } from '../../bench/overload-report.ts';
import { median, percentile } from '../../bench/statistics.ts';

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test('a percentile is the least of the values that so many do not exceed', () => {
  expect(percentile(upTo(100), 0.99)).toBe(99);
  expect(percentile(upTo(1_000).toReversed(), 0.99)).toBe(990);
  expect(percentile([7], 0.99)).toBe(7);
  expect(percentile([1, 2], 1)).toBe(2);
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 3, 2])).toBe(2);
  expect(percentile([], 0.5)).toBeNaN();
});

test('arrivals are due at their rate, and one phase begins where the other ends', () => {
  expect(dueTimes([{ perSecond: 4, seconds: 1 }])).toEqual([0, 250, 500, 750]);
  const two = dueTimes([
    { perSecond: 2, seconds: 1 },
    { perSecond: 1, seconds: 2 },
  ]);
  expect(two).toEqual([0, 500, 1_000, 2_000]);
});

test('whoever waits for others is timed from when they were due, not from when it was their turn', async () => {
  let free = Promise.resolve();
  const oneByOne = () => {
    free = free.then(() => sleep(40));
    return free.then(() => 'done' as const);
  };
  const samples = await openLoop([{ perSecond: 100, seconds: 0.1 }], oneByOne);
  expect(samples).toHaveLength(10);
  for (const [index, { due, took }] of samples.entries()) {
    expect(due).toBe(index * 10);
    // Each costs 40 ms and one comes every 10: the tenth has waited for nine.
    expect(took).toBeGreaterThan(38 * (index + 1) - due);
  }
});

test('a stall of the generator itself does not hide those who were due during it', async () => {
  let count = 0;
  const work = async () => {
    count += 1;
    const until = performance.now() + (count === 1 ? 200 : 0);
    while (performance.now() < until);
    return 'done' as const;
  };
  const samples = await openLoop([{ perSecond: 20, seconds: 0.2 }], work);
  expect(samples.map(({ due }) => due)).toEqual([0, 50, 100, 150]);
  for (const { due, took } of samples) expect(took).toBeGreaterThanOrEqual(199 - due);
});

test('in a closed loop the same number is at work, and each is timed from its own beginning', async () => {
  let [now, most] = [0, 0];
  const samples = await closedLoop(3, { seconds: 0.2 }, async () => {
    most = Math.max(most, ++now);
    await sleep(20);
    now -= 1;
    return 'done';
  });
  expect(most).toBe(3);
  expect(samples.length).toBeGreaterThan(6);
  expect(
    percentile(
      samples.map(({ took }) => took),
      0.5,
    ),
  ).toBeLessThan(150);
});

const sample = (due: number, took: number, end: Sample['end'] = 'done'): Sample => ({
  due,
  took,
  end,
  ...(end === 'failed' && { says: 'why' }),
});
const quiet = { refreshes: [], discoveries: [], busy: 0 };

test('a level counts who came after the lead-in, and lets in who ended within it', () => {
  const signIns = [
    sample(1_000, 10_000, 'shed'), // during the lead-in
    sample(2_900, 200), // came in the lead-in and was let in after it
    ...upTo(99).map((place) => sample(3_000 + place, place)),
    sample(4_000, 0, 'shed'),
    sample(4_500, 800), // let in after the level's end
    sample(4_600, 5, 'failed'),
    sample(6_000, 1, 'failed'), // after the level
  ];
  const both = { ...quiet, signIns, refreshes: [sample(3_500, 7), sample(3_600, 9)], discoveries: [sample(3_500, 1), sample(0, 99)] };
  const level = levelOf({ multiple: 2, offered: 50, seconds: 5, both });
  expect(level).toMatchObject({ goodput: 50, failed: 1, faults: ['why'], p50: 50, p99: 99 });
  expect(level.shed).toBeCloseTo(1 / 102);
  expect(level.refresh).toEqual({ p50: 7, p99: 9 });
  expect(level.discovery).toEqual({ p50: 1, p99: 1 });
});

test('a capacity is of whole seconds, and no failure passes for one', () => {
  const signIns = upTo(400).map((place) => sample(place * 10, 5));
  expect(capacityOf({ signIns }, 4)).toBe(100);
  expect(() => capacityOf({ signIns: [...signIns, sample(5, 5, 'failed')] }, 4)).toThrow(/while the capacity was measured: why/);
  expect(() => capacityOf({ signIns: [sample(5, 5, 'shed')] }, 4)).toThrow(/shed/);
});

test('recovery is when three half seconds in a row are as usual', () => {
  const usual = { p99: 100, refresh: { p50: 5, p99: 10 } };
  const at = (second: number, took = 90, end: Sample['end'] = 'done') => sample(second * 1_000 + 10, took, end);
  const from = (signIns: Sample[], refreshes: Sample[] = []) => recoveryOf({ signIns, refreshes }, { from: 10, until: 16, usual });
  const halves = upTo(12).map((half) => at(10 + (half - 1) / 2));
  expect(from(halves)).toBe(0);
  expect(from([...halves, at(10, 0, 'shed'), at(11.5, 201)])).toBe(2);
  expect(from([...halves, at(11.5, 199)])).toBe(0);
  expect(from(halves, [at(13, 21)])).toBe(0);
  expect(from(halves, [at(10, 21), at(11, 21), at(12, 21), at(13, 21), at(14, 21)])).toBe(4.5);
  expect(from(halves.map(({ due }) => sample(due, 1, 'shed')))).toBeUndefined();
});

test('the verdict on an overload is that of its worst', () => {
  const level = (multiple: number, more: Partial<Level>): Level => ({
    multiple,
    offered: 100 * multiple,
    goodput: 100,
    p50: 10,
    p99: 50,
    shed: 0,
    failed: 0,
    faults: [],
    refresh: { p50: 1, p99: 2 },
    discovery: { p50: 1, p99: 2 },
    generator: 0.5,
    ...more,
  });
  const met = (levels: Level[], recovery: number | undefined) => overloadFigures({ capacity: 100, levels, recovery }).map(({ met }) => met);
  expect(met([level(0, { p99: Number.NaN }), level(1, {}), level(5, { goodput: 90, p99: 2_500 })], 5)).toEqual([true, true, true, true]);
  expect(met([level(1, {}), level(5, { goodput: 89, p99: 2_501, failed: 1 })], undefined)).toEqual([false, false, false, false]);
  expect(met([level(1, { p99: 2_600 }), level(5, {})], 5.5)).toEqual([true, false, false, true]);
});

test('growth compares the p99 of all rounds together', () => {
  const measured = { cpu: 10, thread: 5, statements: 2, commits: 1, p50: 1, p99: 1 };
  const operation = { name: 'x', share: 1, prepare: async () => async () => {} };
  const row = {
    operation,
    measured: { small: measured, large: measured },
    latencies: { small: upTo(100), large: upTo(100).map((one) => one * 1.3) },
  };
  const grown = grownOf(row);
  expect(grown.times).toBeCloseTo(1.3);
  expect(grown).toMatchObject({ met: false, small: { p99: 99, p50: 50 } });
  expect(grownOf({ ...row, latencies: { small: upTo(100), large: upTo(100) } }).met).toBe(true);
  expect(() => grownOf({ ...row, latencies: { small: [1] } })).toThrow(/large/);
});

test('accounts that do not fit are refused with what they need, before anything is written', () => {
  const sizes = [{ brands: 1, accounts: 10_000_000 }];
  expect(() => refuseWithoutRoom(sizes, 5_000_000_000)).toThrow(
    /needs about \d+\.\d GB in .*, where 5\.0 GB are free; ask for fewer accounts/,
  );
  expect(() => refuseWithoutRoom(sizes, 10_000_000 * BYTES_PER_ACCOUNT + 5_000_000_000)).not.toThrow();
});
