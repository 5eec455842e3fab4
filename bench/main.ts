// `npm run bench`: what each operation costs Portico, beside bare oidc-provider in the same minutes on the same machine; what becomes of
// people when too many come; what grows with what is stored. Only ratios, statements and commits travel from one machine to another.

import { type Mode, type Options, readOptions, UsageError, usage } from './options.ts';
import { publish, type Report, type Say } from './report.ts';
import { createStage, type Stage } from './stage.ts';

/** Loaded when asked for: a wrong option is told at once. */
const modes: Readonly<Record<Mode, () => Promise<(stage: Stage, options: Options, say: Say) => Promise<Report>>>> = {
  operations: async () => (await import('./mode-operations.ts')).operations,
  overload: async () => (await import('./mode-overload.ts')).overload,
  growth: async () => (await import('./mode-growth.ts')).growth,
};

/** Nothing here runs longer than this, but what writes accounts by the million. */
const LONGEST_MINUTES = 15;
const MINUTES_A_MILLION = 3;

const say: Say = (line) => void process.stderr.write(`${line}\n`);
const stage = createStage();

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return console.log(usage);
  boundTime(LONGEST_MINUTES + MINUTES_A_MILLION * ((options.accounts ?? 0) / 1_000_000));
  try {
    const run = await modes[options.mode]();
    publish(await run(stage, options, say), options);
  } finally {
    await stage.clear();
  }
}

function boundTime(minutes: number): void {
  setTimeout(() => void giveUp(`the bench took more than ${Math.ceil(minutes)} minutes and ends`), minutes * 60_000).unref();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void giveUp('stopping ...'));
}

async function giveUp(why: string): Promise<void> {
  process.exitCode = 1;
  say(why);
  await stage.clear();
  process.exit(1);
}

await main().catch((error: unknown) => {
  // Whoever gave up knows why; what was on its way failed because of it.
  if (process.exitCode === undefined) say(error instanceof UsageError ? error.message : String(error));
  process.exitCode = 1;
});
