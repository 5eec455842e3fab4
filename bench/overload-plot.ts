import type { Overload } from './overload.ts';
import { HIGHEST_P99 } from './overload-report.ts';
import { plot } from './plot.ts';
import { round } from './statistics.ts';

/** Left how many get in, right how long everybody takes. */
export function plotOverload({ capacity, levels }: Overload): string {
  const busy = levels.filter(({ multiple }) => multiple > 0);
  const marks = busy.map(({ multiple }) => multiple);
  const common = {
    x: `sign-ins offered, as a multiple of the capacity (${round(capacity)}/s)`,
    marks,
    markLabel: (mark: number) => `${mark}×`,
  };
  const ends = busy.map(
    ({ multiple, goodput, shed }) => `at ${multiple} times ${round(goodput)} a second, ${round(shed * 100)} % turned away`,
  );
  return plot({
    title: 'Sign-ins under overload',
    description: `Sign-ins let in a second: ${ends.join('; ')}.`,
    panels: [
      {
        ...common,
        title: 'Let in',
        y: 'full sign-ins a second',
        series: [
          { label: 'let in', points: busy.map(({ multiple, goodput }) => [multiple, goodput]) },
          {
            label: 'what could be let in',
            guide: true,
            points: busy.map(({ multiple, offered }) => [multiple, Math.min(offered, capacity)]),
          },
        ],
      },
      {
        ...common,
        title: 'How long it takes',
        y: 'milliseconds from when it was due, 99 of 100 at most',
        log: true,
        series: [
          { label: 'sign-in, those let in', points: busy.map(({ multiple, p99 }) => [multiple, p99]) },
          { label: 'refresh', points: busy.map(({ multiple, refresh }) => [multiple, refresh.p99]) },
          { label: 'discovery', points: busy.map(({ multiple, discovery }) => [multiple, discovery.p99]) },
          { label: 'what those let in should wait at most', guide: true, points: marks.map((mark) => [mark, HIGHEST_P99]) },
        ],
      },
    ],
  });
}
