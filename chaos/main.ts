// `npm run chaos`: real load, real faults, and a ledger of every acknowledged write. What was acknowledged and is not there afterwards is lost,
// and nothing may be.
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCleanup } from './cleanup.ts';
import { type Options, readOptions, usage } from './options.ts';
import { type Outcome, runFault } from './run.ts';
import { tableOf } from './table.ts';

/** Each fault at most so long, beside its load. */
const LONGEST_MS = 6 * 60_000;
/** So many of what went wrong are told in full. */
const MOST_TOLD = 20;

const say = (line: string) => void process.stderr.write(`${line}\n`);
let cleanup = createCleanup();
let running: Promise<unknown> = Promise.resolve();

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return say(usage);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void giveUp('stopping ...'));
  const outcomes: Outcome[] = [];
  for (const [index, fault] of options.chosen.entries()) {
    say(`${index + 1}/${options.chosen.length} ${fault.name}: ${fault.says} ...`);
    const longest = LONGEST_MS + options.seconds * 1_000;
    const late = setTimeout(() => void giveUp(`${fault.name} took more than ${longest / 1_000} s`), longest);
    cleanup = createCleanup();
    const run = runFault(fault, options, cleanup);
    running = run.catch(() => {});
    outcomes.push(await run.finally(cleanup.run).finally(() => clearTimeout(late)));
  }
  report(outcomes, options);
}

function report(outcomes: readonly Outcome[], { json, seconds, workers }: Options): void {
  const conditions = { node: process.version, processor: cpus()[0]?.model ?? 'unknown', cores: cpus().length, seconds, workers };
  if (json) console.log(JSON.stringify({ conditions, outcomes }, null, 2));
  else console.log(`\n${tableOf(outcomes).join('\n')}\n\n${JSON.stringify(conditions)}`);
  for (const { fault, lost, unexpected } of outcomes) {
    for (const what of lost.slice(0, MOST_TOLD)) say(`${fault}: lost: ${what}`);
    for (const what of unexpected.slice(0, MOST_TOLD)) say(`${fault}: unexpected: ${what}`);
  }
  if (outcomes.some(({ good }) => !good)) process.exitCode = 1;
}

/** Whatever was under way ends with what it stood on; what it still started is ended too. */
async function giveUp(why: string): Promise<void> {
  process.exitCode = 1;
  say(why);
  await cleanup.run();
  await Promise.race([running, sleep(5_000)]);
  await cleanup.run();
  process.exit(1);
}

await main().catch((error: unknown) => {
  // Whoever gave up knows why; what was on its way failed because of it.
  if (process.exitCode === undefined) say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
