// What a command is: its words, its options, and what it does. Help and checks follow from the description.
import type { Config } from '../config.ts';
import type { Services } from '../services.ts';

export interface Option {
  type: 'string' | 'boolean';
  /** May be given several times. */
  multiple?: boolean;
  /** What stands for the value in the help, such as `url`. */
  value?: string;
  says: string;
}

export interface Command {
  says: string;
  /** The names of its arguments, in order; all of them are needed. */
  arguments?: readonly string[];
  /** The name of one more that may be left out. */
  optionalArgument?: string;
  options: Readonly<Record<string, Option>>;
  /** As typed after `npm run portico --`. */
  example: string;
  run(input: Input): Promise<Output>;
}

export interface Input {
  arguments: readonly string[];
  options: Options;
  config(): Config;
  /** Opened at the first call and closed when the command is done. */
  services(): Promise<Services>;
  /** All of standard input. */
  stdin(): Promise<string>;
}

export type Options = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

export interface Output {
  /** One document for programs, printed with --json. */
  json: unknown;
  /** The same for people. */
  text: string;
  /** The process's exit code; 0 unless given. */
  code?: number;
}

/** The command was typed wrongly: exit code 2. */
export class UsageError extends Error {}

export function textOption(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** undefined when the option was not given at all. */
export function listOption(options: Options, name: string): string[] | undefined {
  const value = options[name];
  return Array.isArray(value) ? value.map(String) : undefined;
}

export function flag(options: Options, name: string): boolean {
  return options[name] === true;
}
