// keys list, keys rotate
import { type SigningAlgorithm, signingAlgorithms } from '../domain/signing-keys.ts';
import { rotateSigningKeys } from '../flows/admin/rotate-signing-keys.ts';
import * as signingKeys from '../storage/signing-keys.ts';
import { type Command, flag, type Input, type Options, type Output, textOption, UsageError } from './command.ts';
import { brandOption, findBrand } from './find-brand.ts';
import { moment, table } from './text.ts';

export const keysCommands: Readonly<Record<string, Command>> = {
  'keys list': { says: "List a brand's signing keys", options: { brand: brandOption }, example: 'keys list --brand demo', run: list },
  'keys rotate': {
    says: 'Let the next key sign from now on; tokens signed before stay good',
    options: {
      brand: brandOption,
      alg: { type: 'string', value: 'alg', says: 'ES256 or RS256; both when absent' },
      force: { type: 'boolean', says: 'Also when the next key has been published for less than an hour' },
      'drop-previous': { type: 'boolean', says: 'After a theft: what the previous keys signed is worth nothing from now on' },
    },
    example: 'keys rotate --brand demo',
    run: rotate,
  },
};

async function list({ options, services }: Input): Promise<Output> {
  const doors = await services();
  return describe(await signingKeys.list(doors.db, (await findBrand(doors, options)).id));
}

async function rotate({ options, services }: Input): Promise<Output> {
  const algorithm = algorithmOf(options);
  const doors = await services();
  const input = { algorithm, force: flag(options, 'force'), dropPrevious: flag(options, 'drop-previous') };
  return describe(await rotateSigningKeys(doors, await findBrand(doors, options), input));
}

function algorithmOf(options: Options): SigningAlgorithm | undefined {
  const named = textOption(options, 'alg');
  const known = signingAlgorithms.find((alg) => alg === named?.toUpperCase());
  if (named !== undefined && !known) throw new UsageError(`"${named}" is not one of ${signingAlgorithms.join(' and ')}.`);
  return known;
}

function describe(keys: signingKeys.SigningKey[]): Output {
  const rows = keys.map(({ alg, state, stateSince, kid }) => [alg, state, moment(stateSince), kid]);
  return {
    json: keys.map(({ kid, alg, state, stateSince }) => ({ kid, alg, state, state_since: stateSince.toISOString() })),
    text: table(['alg', 'state', 'since', 'kid'], rows),
  };
}
