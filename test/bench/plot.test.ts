import { evenTicks, type Panel, plot, powersAround } from '../../bench/plot.ts';

const panel: Panel = {
  title: 'Let in & out',
  x: 'offered',
  y: 'a second',
  marks: [0.5, 1, 5],
  series: [
    {
      label: 'a < b',
      points: [
        [0.5, 10],
        [1, 20],
        [5, 18],
      ],
    },
    {
      label: 'a guide',
      guide: true,
      points: [
        [0.5, 10],
        [5, 20],
      ],
    },
  ],
};
const picture = { title: 'A "picture"', description: 'Says it all.', panels: [panel, { ...panel, log: true }] };

test('every element is closed in its turn, and what people write is escaped', () => {
  const svg = plot(picture);
  const open: string[] = [];
  for (const [, closing, name = '', rest = ''] of svg.matchAll(/<(\/?)([a-z]+)((?:\s[^<>]*)?)>/gi)) {
    if (closing) expect(open.pop()).toBe(name);
    else if (!rest.endsWith('/')) open.push(name);
  }
  expect(open).toEqual([]);
  expect(svg.replace(/<[^<>]*>/g, '')).not.toMatch(/[<>]|&(?!(amp|lt|gt|quot);)/);
  expect(svg).toContain('a &lt; b');
  expect(svg).toContain('Let in &amp; out');
});

test('it has a name, a description and the words of its axes, for light and for dark', () => {
  const svg = plot(picture);
  expect(svg).toMatch(/^<svg [^>]*role="img" aria-labelledby="title desc">/);
  expect(svg).toContain('<title id="title">A &quot;picture&quot;</title>');
  expect(svg).toContain('<desc id="desc">Says it all.</desc>');
  for (const words of ['>offered<', '>a second<', '>a guide<', '>0.5<', '>5<']) expect(svg).toContain(words);
  expect(svg).toContain('prefers-color-scheme: dark');
});

test('points stand where their values are: higher is higher, further is further', () => {
  const [line = ''] = /<polyline class="line" style[^>]*>/.exec(plot(picture)) ?? [];
  const points = /points="([^"]*)"/
    .exec(line)?.[1]
    ?.split(' ')
    .map((pair) => pair.split(',').map(Number)) as [number, number][];
  const [[x0, y0], [x1, y1], [x2, y2]] = points as [[number, number], [number, number], [number, number]];
  expect(x1 - x0).toBeCloseTo(x2 - x1, 0);
  expect(x0).toBeLessThan(x1);
  // From 10 to 20 it rises five times as far as it falls from 20 to 18.
  expect((y0 - y1) / (y2 - y1)).toBeCloseTo(5, 0);
});

test('what was not measured is no point, and a place without a mark is a mistake', () => {
  const holes = plot({
    ...picture,
    panels: [
      {
        ...panel,
        series: [
          {
            label: 'x',
            points: [
              [0.5, Number.NaN],
              [1, 3],
              [5, 4],
            ],
          },
        ],
      },
    ],
  });
  expect(holes).not.toContain('NaN');
  expect(holes.match(/<circle/g)).toHaveLength(3);
  expect(() => plot({ ...picture, panels: [{ ...panel, series: [{ label: 'x', points: [[2, 1]] }] }] })).toThrow(/no mark for 2/);
});

test('ticks are round, from nothing or the power of ten below to at least the most', () => {
  expect(evenTicks(97)).toEqual([0, 20, 40, 60, 80, 100]);
  expect(evenTicks(0)).toEqual([0, 1]);
  expect(evenTicks(0.3).at(-1)).toBeGreaterThanOrEqual(0.3);
  expect(powersAround([3, 450])).toEqual([1, 10, 100, 1_000]);
  expect(powersAround([10])).toEqual([10, 100]);
  expect(powersAround([])).toEqual([1, 10]);
});
