// One command from its words to its exit code. Answers go to standard output, everything else to standard error.
import { type Config, loadConfig } from '../config.ts';
import { type OpenedServices, openServices } from '../open-services.ts';
import { refuseWrongSecret } from '../secret-check.ts';
import * as brands from '../storage/brands.ts';
import { productVersion } from '../version.ts';
import { type Line, readLine } from './arguments.ts';
import type { Output } from './command.ts';
import { commands } from './commands.ts';
import { describeFault } from './faults.ts';
import { groupOverview, helpFor, overview } from './help.ts';
import { refuseOldSchema } from './schema.ts';

export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  stdin(): Promise<string>;
}

/** @returns the exit code: 0 done, 1 it could not be done, 2 it was typed wrongly. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const json = argv.includes('--json');
  try {
    const help = askedForHelp(argv);
    if (help !== undefined) {
      terminal.out(help);
      return 0;
    }
    const { json: document, text, code = 0 } = await perform(readLine(argv, commands), terminal);
    terminal.out(json ? JSON.stringify(document, null, 2) : text);
    return code;
  } catch (error) {
    const { code, sentence, exit } = await describeFault(error);
    terminal.err(json ? JSON.stringify({ error: sentence, code }) : sentence);
    return exit;
  }
}

/** `help`, `help client create`, `client create --help`, `client --help`, `--version`, or nothing at all. */
function askedForHelp(argv: readonly string[]): string | undefined {
  const [first, ...rest] = argv;
  if (first === undefined || first === '--help' || (first === 'help' && rest.length === 0)) return overview(commands);
  if (first === '--version' || first === 'version') return `portico ${productVersion()}`;
  if (first !== 'help' && !argv.includes('--help')) return undefined;
  const [word = '', ...more] = argv.filter((each) => each !== 'help' && !each.startsWith('-'));
  const group = more.length === 0 ? groupOverview(word, commands) : undefined;
  if (group) return group;
  const { name, command } = readLine(first === 'help' ? [...rest, '--help'] : argv, commands);
  return helpFor(name, command);
}

async function perform({ command, arguments: words, options }: Line, terminal: Terminal): Promise<Output> {
  let config: Config | undefined;
  let opened: OpenedServices | undefined;
  const readConfig = () => {
    config ??= loadConfig();
    return config;
  };
  const services = async () => {
    // The log's lines belong to the server's standard output; here they would mix with the answer.
    if (opened) return opened.services;
    opened = await openServices({ ...readConfig(), logLevel: 'silent' }, { say: (line) => terminal.err(line), migrates: false });
    await refuseOldSchema(opened.services);
    refuseWrongSecret(opened.services.keyring, await brands.list(opened.services.db));
    return opened.services;
  };
  try {
    return await command.run({ arguments: words, options, config: readConfig, services, stdin: terminal.stdin });
  } finally {
    await opened?.close();
  }
}
