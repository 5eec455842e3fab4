// What somebody asked for on the command line.
import { parseArgs } from 'node:util';
import { OperatorError } from '../src/errors.ts';
import { type Fault, faults } from './faults.ts';
import type { Effort } from './run.ts';

export const usage = `npm run chaos -- [options]

  --only <fault>   one of them: ${faults.map(({ name }) => name).join(', ')}
  --seconds <n>    of load for each, 1 to 600 (20)
  --json           the result as JSON on standard output
`;

export interface Options extends Effort {
  chosen: readonly Fault[];
  json: boolean;
  help: boolean;
}

/** @throws OperatorError with a sentence. */
export function readOptions(args: string[]): Options {
  const { only, seconds, json, help } = parse(args);
  const chosen = faults.filter(({ name }) => only === undefined || name === only);
  if (chosen.length === 0)
    throw new OperatorError(`No fault is called "${only}". There are: ${faults.map(({ name }) => name).join(', ')}.`);
  if (!/^\d+$/.test(seconds) || Number(seconds) < 1 || Number(seconds) > 600)
    throw new OperatorError(`--seconds must be a whole number from 1 to 600, and not "${seconds}".`);
  return { chosen, seconds: Number(seconds), workers: 8, json, help };
}

function parse(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        only: { type: 'string' },
        seconds: { type: 'string', default: '20' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new OperatorError((error as Error).message);
  }
}
