// `--overload`: see overload.ts.
import { figureTable } from './figure.ts';
import type { Options } from './options.ts';
import { measureOverload } from './overload.ts';
import { plotOverload } from './overload-plot.ts';
import { overloadFigures, overloadTable } from './overload-report.ts';
import { machine, type Report, type Say } from './report.ts';
import type { Stage } from './stage.ts';
import { round } from './statistics.ts';

export async function overload(stage: Stage, options: Options, say: Say): Promise<Report> {
  const measured = await measureOverload(stage, options, say);
  const figures = overloadFigures(measured);
  const conditions = {
    ...machine(),
    capacity: round(measured.capacity, 1),
    secondsALevel: options.seconds,
    note: 'open loop, timed from when each was due; the load generators share the cores with Portico and PostgreSQL',
    generatorCores: round(Math.max(...measured.levels.map(({ generator }) => generator)), 2),
  };
  return {
    lines: [...overloadTable(measured), '', ...figureTable(figures)],
    result: { conditions, ...measured, figures },
    svg: plotOverload(measured),
  };
}
