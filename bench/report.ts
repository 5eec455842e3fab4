// What a mode of the bench gives back.
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

/** Lines for people, an object for programs, and a picture when there is one. */
export interface Report {
  lines: string[];
  result: Record<string, unknown>;
  svg?: string;
}

/** What is going on, for whoever waits. */
export type Say = (line: string) => void;

/** Of every figure: without them it is none. */
export function machine() {
  return {
    node: process.version,
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGB: Math.round(totalmem() / 1_000_000_000),
  };
}

export function publish({ lines, result, svg }: Report, { json, plot }: { json: boolean; plot: string | undefined }): void {
  if (json) console.log(JSON.stringify(result, null, 2));
  else console.log(`\n${lines.join('\n')}\n\n${JSON.stringify(result['conditions'])}`);
  if (plot && svg) writeFileSync(plot, svg);
}
