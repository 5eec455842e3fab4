// Help is written from the commands' descriptions, so that it cannot lag behind them.
import type { Command, Option } from './command.ts';

/** How the command line is called from where it runs: a checkout has npm, an image has what tsc made. */
export const CALL = import.meta.filename.endsWith('.ts') ? 'npm run portico --' : 'node dist/cli/main.js';

export function overview(commands: Readonly<Record<string, Command>>): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const lines = Object.entries(commands).map(([name, { says }]) => `  ${name.padEnd(width)}  ${says}`);
  return [
    `Usage: ${CALL} <command> [options]`,
    '',
    ...lines,
    '',
    'The version is shown by --version. Each command explains itself with --help and prints one JSON document with --json.',
    ...(CALL.startsWith('npm') ? ['In scripts, npm run -s keeps npm itself quiet.'] : []),
  ].join('\n');
}

/** The commands that begin with a word, as `client`; undefined when none does. */
export function groupOverview(word: string, commands: Readonly<Record<string, Command>>): string | undefined {
  const group = Object.entries(commands).filter(([name]) => name.startsWith(`${word} `));
  return group.length > 0 ? overview(Object.fromEntries(group)) : undefined;
}

export function helpFor(name: string, command: Command): string {
  const optional = command.optionalArgument ? ` [${command.optionalArgument}]` : '';
  const words = (command.arguments ?? []).map((argument) => ` <${argument}>`).join('') + optional;
  const options = Object.entries({ ...command.options, ...globalOptions });
  const heads = options.map(([option, description]) => head(option, description));
  const width = Math.max(...heads.map((text) => text.length));
  const lines = options.map(([, { says }], index) => `  ${heads[index]?.padEnd(width)}  ${says}`);
  return [command.says, '', `Usage: ${CALL} ${name}${words} [options]`, '', ...lines, '', `Example: ${CALL} ${command.example}`].join('\n');
}

export const globalOptions: Readonly<Record<string, Option>> = {
  json: { type: 'boolean', says: 'Print one JSON document' },
  help: { type: 'boolean', says: 'Explain this command' },
};

function head(name: string, { type, value, multiple }: Option): string {
  return `--${name}${type === 'string' ? ` <${value ?? 'text'}>` : ''}${multiple ? ' …' : ''}`;
}
