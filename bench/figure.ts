// A figure that is no ratio to another server: what it is, what was aimed at, how it came about.
import { tableOf, verdict } from './table.ts';

export interface Figure {
  name: string;
  /** With its unit. */
  value: string;
  /** Empty where nothing is aimed at. */
  target: string;
  met: boolean;
  /** What it was computed from, with units. */
  from: string;
  /** For programs. */
  numbers: Record<string, number>;
}

export function figureTable(figures: readonly Figure[]): string[] {
  return tableOf(
    ['figure', 'measured', 'target', 'from', ''],
    figures.map(({ name, value, target, from, met }) => [name, value, target, from, target ? verdict(met) : '']),
  );
}
