// What may be asked of the bench. What cannot be meant is answered with a sentence, before anything starts.
import { parseArgs } from 'node:util';

export const usage = `npm run bench -- [options]

  What is measured:
    (nothing)            each operation beside bare oidc-provider, then hashing, memory, start and the login page
    --overload           sign-ins arriving at up to five times the capacity
    --accounts [number]  a brand with so many accounts (1000000) beside one with ten thousand
    --brands <number>    so many brands beside one; with --accounts they share them

  How:
    --only <words>       what is called so, of the first table
    --rounds <n>         rounds on each side (5)
    --requests <n>       operations a round (1000)
    --workers <n>        at the same time (4)
    --levels <list>      multiples of the capacity, for --overload (0.5,1,2,5)
    --seconds <n>        how long each level lasts, for --overload (12)
    --spread <kind>      which brands are asked, for --brands: even, or a few of them often: uneven (even)

  What comes of it:
    --json               the result as JSON on standard output
    --plot <file.svg>    a picture of it, for --overload, --accounts and --brands
    --profile <folder>   CPU profiles of the servers
    --help               this
`;

export type Mode = 'operations' | 'overload' | 'growth';

export interface Options {
  mode: Mode;
  help: boolean;
  only: string;
  rounds: number;
  requests: number;
  workers: number;
  levels: number[];
  seconds: number;
  accounts: number | undefined;
  brands: number | undefined;
  spread: 'even' | 'uneven';
  json: boolean;
  plot: string | undefined;
  profile: string | undefined;
}

/** A mistake of who asked; its message is shown as it is. */
export class UsageError extends Error {}

const known = {
  overload: { type: 'boolean', default: false },
  accounts: { type: 'string' },
  brands: { type: 'string' },
  only: { type: 'string' },
  rounds: { type: 'string' },
  requests: { type: 'string' },
  workers: { type: 'string' },
  levels: { type: 'string' },
  seconds: { type: 'string' },
  spread: { type: 'string' },
  json: { type: 'boolean', default: false },
  plot: { type: 'string' },
  profile: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/** Which options mean nothing elsewhere. */
const belongsTo: Readonly<Record<string, readonly Mode[]>> = {
  only: ['operations'],
  rounds: ['operations', 'growth'],
  requests: ['operations', 'growth'],
  workers: ['operations', 'growth'],
  levels: ['overload'],
  seconds: ['overload'],
  spread: ['growth'],
  plot: ['overload', 'growth'],
};

const MILLION = '1000000';

/** @throws UsageError with a sentence that names the option. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parse(withUsualAccounts(args));
  const growing = values.accounts !== undefined || values.brands !== undefined;
  if (values.overload && growing) throw new UsageError('--overload is measured by itself, without --accounts and --brands.');
  const mode = values.overload ? 'overload' : growing ? 'growth' : 'operations';
  for (const [name, modes] of Object.entries(belongsTo)) {
    if (values[name as keyof typeof values] !== undefined && !modes.includes(mode)) throw new UsageError(`--${name} ${useless[mode]}`);
  }
  const growth = mode === 'growth';
  return {
    mode,
    help: values.help,
    only: values.only ?? '',
    rounds: whole('rounds', values.rounds ?? '5', 1, 1_000),
    requests: whole('requests', values.requests ?? (growth ? '500' : '1000'), 1, 1_000_000),
    workers: whole('workers', values.workers ?? '4', 1, 500),
    levels: levelsOf(values.levels ?? '0.5,1,2,5'),
    seconds: whole('seconds', values.seconds ?? '12', 4, 120),
    accounts: values.accounts === undefined ? undefined : whole('accounts', values.accounts, 1, 100_000_000),
    brands: values.brands === undefined ? undefined : whole('brands', values.brands, 1, 20_000),
    spread: spreadOf(values.spread ?? 'even'),
    json: values.json,
    plot: plotOf(values.plot),
    profile: values.profile,
  };
}

const useless: Readonly<Record<Mode, string>> = {
  operations: 'is for --overload, --accounts or --brands; npm run bench -- --help says which.',
  overload: 'means nothing to --overload; npm run bench -- --help lists what does.',
  growth: 'means nothing to --accounts and --brands; npm run bench -- --help lists what does.',
};

/** A number may follow --accounts. */
function withUsualAccounts(args: readonly string[]): string[] {
  return args.flatMap((arg, at) => {
    const next = args[at + 1];
    return arg === '--accounts' && (next === undefined || next.startsWith('--')) ? [arg, MILLION] : [arg];
  });
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: known, allowPositionals: false });
  } catch (error) {
    // Node explains at length how to pass what looks like an option; the first sentence says what is wrong.
    const [says] = (error as Error).message.split(/\.\s|\n/);
    throw new UsageError(`${says}. What there is: npm run bench -- --help`);
  }
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < least || value > most)
    throw new UsageError(`--${name} must be a whole number from ${least} to ${most}, and is "${text}".`);
  return value;
}

function levelsOf(text: string): number[] {
  const levels = text.split(',').map(Number);
  if (levels.length < 2 || levels.some((level) => !(level > 0 && level <= 20)) || !levels.includes(1))
    throw new UsageError(
      `--levels must be multiples of the capacity above 0 and up to 20, 1 among them, such as 0.5,1,2,5, and is "${text}".`,
    );
  return levels.toSorted((one, other) => one - other);
}

function spreadOf(text: string): Options['spread'] {
  if (text !== 'even' && text !== 'uneven') throw new UsageError(`--spread must be even or uneven, and is "${text}".`);
  return text;
}

function plotOf(file: string | undefined): string | undefined {
  if (file !== undefined && !file.endsWith('.svg')) throw new UsageError(`--plot writes SVG: "${file}" must end in .svg.`);
  return file;
}
