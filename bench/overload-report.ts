// An overload as people read it: a table, what was aimed at, and a picture.
import type { Figure } from './figure.ts';
import type { Overload } from './overload.ts';
import type { Level } from './overload-figures.ts';
import { round } from './statistics.ts';
import { tableOf } from './table.ts';

/** Milliseconds. */
export const HIGHEST_P99 = 2_500;
/** Seconds. */
const RECOVERS_WITHIN = 5;

export function overloadTable({ levels }: Overload): string[] {
  const head = ['offered', 'sign-ins/s', 'let in/s', 'p50/p99 ms', 'shed', 'errors', 'refresh p50/p99 ms', 'discovery p50/p99 ms'];
  return tableOf(head, levels.map(cellsOf));
}

function cellsOf({ multiple, offered, goodput, p50, p99, shed, failed, refresh, discovery }: Level): string[] {
  const both = (one: number, other: number) => `${round(one, 1)}/${round(other, 1)}`;
  const nobody = multiple === 0;
  return [
    nobody ? 'none' : `${multiple}x`,
    `${round(offered, 1)}`,
    nobody ? '' : `${round(goodput, 1)}`,
    nobody ? '' : both(p50, p99),
    nobody ? '' : `${round(shed * 100, 1)} %`,
    `${failed}`,
    both(refresh.p50, refresh.p99),
    both(discovery.p50, discovery.p99),
  ];
}

export function overloadFigures({ levels, recovery }: Overload): Figure[] {
  const busy = levels.filter(({ multiple }) => multiple > 0);
  const atOne = busy.find(({ multiple }) => multiple === 1) as Level;
  const highest = busy.at(-1) as Level;
  const kept = (highest.goodput / atOne.goodput) * 100;
  const failed = levels.reduce((sum, level) => sum + level.failed, 0);
  const worst = Math.max(...busy.map(({ p99 }) => p99));
  const times = `${highest.multiple}x`;
  return [
    {
      name: `let in at ${times}, of what is let in at 1x`,
      value: `${round(kept)} %`,
      target: '>= 90 %',
      met: kept >= 90,
      from: `${round(highest.goodput, 1)} and ${round(atOne.goodput, 1)} a second`,
      numbers: { kept, highest: highest.goodput, atOne: atOne.goodput },
    },
    {
      name: 'p99 of those let in, at any level',
      value: `${round(worst)} ms`,
      target: `<= ${HIGHEST_P99} ms`,
      met: worst <= HIGHEST_P99,
      from: 'from when each was due',
      numbers: { worst },
    },
    {
      name: `back to usual after ${times}`,
      value: recovery === undefined ? 'not seen' : `${recovery} s`,
      target: `<= ${RECOVERS_WITHIN} s`,
      met: recovery !== undefined && recovery <= RECOVERS_WITHIN,
      from: 'half the capacity offered afterwards',
      numbers: recovery === undefined ? {} : { recovery },
    },
    {
      name: 'errors that are no 503 with Retry-After',
      value: `${failed}`,
      target: '0',
      met: failed === 0,
      from: [...new Set(levels.flatMap(({ faults }) => faults))].join('; ') || 'all levels',
      numbers: { failed },
    },
  ];
}
