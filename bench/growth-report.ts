// What grew, as people read it.
import type { Figure } from './figure.ts';
import type { World } from './growth-data.ts';
import type { Row } from './measure.ts';
import { type Panel, plot } from './plot.ts';
import { percentile, round } from './statistics.ts';
import { tableOf, verdict } from './table.ts';

const MOST_TIMES = 1.2;

export interface Grown {
  operation: string;
  small: Side;
  large: Side;
  /** p99 of the large one over that of the small one. */
  times: number;
  met: boolean;
}

interface Side {
  p50: number;
  p99: number;
  /** Microseconds of the whole process. */
  cpu: number;
  statements: number;
}

export function grownOf({ operation, measured, latencies }: Row): Grown {
  const side = (name: string): Side => {
    const [of, times] = [measured[name], latencies[name]];
    if (!of || !times) throw new Error(`${operation.name} was not measured on the ${name} side`);
    return { p50: percentile(times, 0.5), p99: percentile(times, 0.99), cpu: of.cpu, statements: of.statements };
  };
  const [small, large] = [side('small'), side('large')];
  const times = large.p99 / small.p99;
  return { operation: operation.name, small, large, times, met: times <= MOST_TIMES };
}

export function growthTable(grown: readonly Grown[]): string[] {
  const head = ['operation', 'p50/p99 ms', 'large', 'p99', 'target', 'CPU us', 'large', 'statements', 'large', ''];
  const ends = ({ p50, p99 }: Side) => `${round(p50, 1)}/${round(p99, 1)}`;
  return tableOf(
    head,
    grown.map(({ operation, small, large, times, met }) => [
      operation,
      ends(small),
      ends(large),
      `${round(times, 2)}x`,
      `<= ${MOST_TIMES}x`,
      `${round(small.cpu)}`,
      `${round(large.cpu)}`,
      `${round(small.statements, 1)}`,
      `${round(large.statements, 1)}`,
      verdict(met),
    ]),
  );
}

export function sizeFigures(worlds: Record<'small' | 'large', World>, memory: Record<'small' | 'large', number>): Figure[] {
  const megabytes = (bytes: number) => round(bytes / 1_000_000);
  const { small, large } = worlds;
  return [
    {
      name: 'memory of the process with the large one',
      value: `${megabytes(memory.large)} MB`,
      target: '<= 240 MB',
      met: memory.large <= 240_000_000,
      from: `${megabytes(memory.small)} MB with the small one, after the same requests`,
      numbers: { large: memory.large, small: memory.small },
    },
    {
      name: 'disk',
      value: `${megabytes(large.bytes)} MB`,
      target: '',
      met: true,
      from: `${megabytes(small.bytes)} MB small`,
      numbers: { large: large.bytes, small: small.bytes },
    },
  ];
}

export function nameOf({ brands, accounts }: Pick<World, 'brands' | 'accounts'>, notation: 'standard' | 'compact' = 'standard'): string {
  const number = (count: number) => count.toLocaleString('en', { notation });
  return `${number(brands)} ${brands === 1 ? 'brand' : 'brands'}, ${number(accounts)} accounts`;
}

export function plotGrowth(grown: readonly Grown[], worlds: Record<'small' | 'large', World>): string {
  const panel = (title: string, which: 'p50' | 'p99', y: string): Panel => ({
    title,
    x: 'what is stored',
    y,
    log: true,
    marks: [0, 1],
    markLabel: (mark) => nameOf(mark === 0 ? worlds.small : worlds.large, 'compact'),
    series: grown.map(({ operation, small, large }) => ({
      label: operation,
      points: [
        [0, small[which]],
        [1, large[which]],
      ],
    })),
  });
  const ends = grown.map(({ operation, small, large }) => `${operation} ${round(small.p99, 1)} and ${round(large.p99, 1)} ms`);
  return plot({
    title: `From ${nameOf(worlds.small)} to ${nameOf(worlds.large)}`,
    description: `99 of 100 requests take at most: ${ends.join('; ')}.`,
    panels: [panel('Half of them', 'p50', 'milliseconds, median'), panel('99 of 100', 'p99', 'milliseconds, 99 of 100 at most')],
  });
}
