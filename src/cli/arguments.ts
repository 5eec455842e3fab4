// Reads a command line. What is mistyped is answered with a sentence and the nearest word that exists.
import { parseArgs } from 'node:util';
import { type Command, type Options, UsageError } from './command.ts';
import { globalOptions } from './help.ts';
import { nearest } from './nearest.ts';

export interface Line {
  name: string;
  command: Command;
  arguments: string[];
  options: Options;
}

/** The words before the first option name the command: the longest that is one, the rest are its arguments. */
export function findCommand(words: readonly string[], commands: Readonly<Record<string, Command>>): { name: string; length: number } {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ');
    if (words.length >= length && Object.hasOwn(commands, name)) return { name, length };
  }
  throw new UsageError(unknownCommand(words, Object.keys(commands)));
}

/** @throws UsageError. */
export function readLine(argv: readonly string[], commands: Readonly<Record<string, Command>>): Line {
  const firstOption = argv.findIndex((word) => word.startsWith('-'));
  const { name, length } = findCommand(firstOption < 0 ? argv : argv.slice(0, firstOption), commands);
  const command = commands[name] as Command;
  const { positionals, values } = parse(name, command, argv.slice(length));
  if (values['help'] !== true) checkArguments(name, command, positionals);
  return { name, command, arguments: positionals, options: values };
}

function parse(name: string, command: Command, args: string[]): { positionals: string[]; values: Options } {
  const known = { ...command.options, ...globalOptions };
  const options = Object.fromEntries(
    Object.entries(known).map(([option, { type, multiple }]) => [option, { type, multiple: multiple ?? false }]),
  );
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(explain(name, error as Error & { code?: string }, Object.keys(known)));
  }
}

function explain(name: string, error: Error & { code?: string }, known: string[]): string {
  if (error.code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return `${error.message.split('\n')[0]}`;
  const option = /'(-+[^']*)'/.exec(error.message)?.[1] ?? '';
  const guess = nearest(option.replace(/^-+/, ''), known);
  return `"${name}" has no option ${option}. ${guess ? `Did you mean --${guess}?` : `Its options are shown by: ${name} --help. A name that begins with a dash goes last, after --`}`;
}

function checkArguments(name: string, command: Command, given: readonly string[]): void {
  const wanted = command.arguments ?? [];
  const most = wanted.length + (command.optionalArgument ? 1 : 0);
  if (given.length >= wanted.length && given.length <= most) return;
  const missing = wanted[given.length];
  const says = missing ? `"${name}" needs <${missing}>.` : `"${name}" does not know what to do with "${given[most]}".`;
  throw new UsageError(`${says} Example: ${command.example}`);
}

function unknownCommand(words: readonly string[], names: string[]): string {
  const group = names.filter((name) => name.startsWith(`${words[0]} `));
  if (group.length > 0 && words.length === 1) return `"${words[0]}" needs one more word: ${group.join(', ')}.`;
  const typed = words.slice(0, 2).join(' ');
  const guess = nearest(typed, names) ?? nearest(words[0] ?? '', [...names, 'help']) ?? group[0];
  return `There is no command "${typed}". ${guess ? `Did you mean: ${guess}?` : 'All commands are shown by: help'}`;
}
