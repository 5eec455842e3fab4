// What was measured of an operation on both sides, beside what was aimed at.
import type { Row } from './measure.ts';
import type { Operation } from './operations.ts';
import { round } from './statistics.ts';
import { tableOf, verdict } from './table.ts';

export interface Verdict {
  operation: string;
  /** CPU of bare oidc-provider over ours, in per cent. */
  ratio: number;
  target: number;
  cpu: { portico: number; bare: number };
  statements: number;
  statementsAtMost: number;
  commits: number;
  commitsAtMost: number;
  milliseconds: { p50: number; p99: number; bareP50: number; bareP99: number };
  met: boolean;
}

export function verdictOf({ operation, measured }: Row<Operation>): Verdict {
  const { portico, bare } = measured;
  if (!portico || !bare) throw new Error(`${operation.name} was not measured on both sides`);
  const which = operation.hashes ? 'thread' : 'cpu';
  const ratio = (bare[which] / portico[which]) * 100;
  // Housekeeping looks in now and then; it is not the operation's.
  const within = (count: number, most: number) => count <= most + 0.05;
  const counts = within(portico.statements, operation.statements) && within(portico.commits, operation.commits);
  return {
    operation: operation.name,
    ratio: round(ratio),
    target: operation.ratio,
    cpu: { portico: round(portico[which]), bare: round(bare[which]) },
    statements: round(portico.statements, 1),
    statementsAtMost: operation.statements,
    commits: round(portico.commits, 1),
    commitsAtMost: operation.commits,
    milliseconds: { p50: round(portico.p50, 1), p99: round(portico.p99, 1), bareP50: round(bare.p50, 1), bareP99: round(bare.p99, 1) },
    met: counts && ratio >= operation.ratio,
  };
}

const columns: [title: string, cell: (verdict: Verdict) => string][] = [
  ['operation', ({ operation }) => operation],
  ['ratio', ({ ratio }) => `${ratio} %`],
  ['target', ({ target }) => `${target} %`],
  ['CPU us', ({ cpu }) => `${cpu.portico}`],
  ['bare', ({ cpu }) => `${cpu.bare}`],
  ['statements', ({ statements, statementsAtMost }) => `${statements} (${statementsAtMost})`],
  ['commits', ({ commits, commitsAtMost }) => `${commits} (${commitsAtMost})`],
  ['p50/p99 ms', ({ milliseconds: { p50, p99 } }) => `${p50}/${p99}`],
  ['bare', ({ milliseconds: { bareP50, bareP99 } }) => `${bareP50}/${bareP99}`],
  ['', ({ met }) => verdict(met)],
];

export function verdictTable(verdicts: readonly Verdict[]): string[] {
  return tableOf(
    columns.map(([title]) => title),
    verdicts.map((verdict) => columns.map(([, cell]) => cell(verdict))),
  );
}
