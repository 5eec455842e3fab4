// The result as people read it.
import type { Outcome } from './run.ts';

const columns: [title: string, cell: (outcome: Outcome) => string][] = [
  ['fault', ({ fault }) => fault],
  ['strikes', ({ strikes }) => `${strikes}`],
  ['sent', ({ sent }) => `${sent}`],
  ['acknowledged', ({ acknowledged }) => `${acknowledged}`],
  ['lost', ({ lost }) => `${lost.length}`],
  ['"not now" (503)', ({ errors }) => `${errors['503'] ?? 0}`],
  ['broken connections', ({ errors }) => brokenOf(errors) || '0'],
  ['unexpected', ({ unexpected, errors }) => `${Math.max(unexpected.length, errors['unexpected'] ?? 0)}`],
  ['seconds to recover', ({ secondsToRecover }) => `${secondsToRecover}`],
];

/** Lines of a table that is Markdown too. */
export function tableOf(outcomes: readonly Outcome[]): string[] {
  const cells = [columns.map(([title]) => title), ...outcomes.map((outcome) => columns.map(([, cell]) => cell(outcome)))];
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  const [head = '', ...rest] = lines;
  return [head, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rest];
}

function brokenOf(errors: Outcome['errors']): string {
  const broken = Object.entries(errors).filter(([kind]) => kind !== '503' && kind !== 'unexpected');
  return broken.map(([kind, count]) => `${count} ${kind}`).join(', ');
}
