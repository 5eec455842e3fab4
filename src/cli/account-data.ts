// account export, erase, erasures: what a person may demand of an operator, and what a restored copy demands of both.
import { z } from 'zod';
import { OperatorError } from '../errors.ts';
import { eraseAccount } from '../flows/erase-account.ts';
import { eraseAgain, type JournalEntry } from '../flows/erase-again.ts';
import { exportAccount } from '../flows/export-account.ts';
import * as erasedAccounts from '../storage/erased-accounts.ts';
import { findAccount, optionalArgument, whom, whomOf } from './account.ts';
import { readJson } from './client-options.ts';
import { type Command, flag, type Input, type Output, textOption, UsageError } from './command.ts';
import { brandOption, findBrand } from './find-brand.ts';
import { counted, moment, table } from './text.ts';

export const accountDataCommands: Readonly<Record<string, Command>> = {
  'account export': {
    says: 'Print everything that is stored about a person, as JSON for them',
    optionalArgument,
    options: whom,
    example: 'account export anna@example.com --brand demo',
    run: print,
  },
  'account erase': {
    says: 'Erase an account for good, now; or again, after a copy was restored',
    optionalArgument,
    options: {
      ...whom,
      yes: { type: 'boolean', says: 'You mean it: nobody can bring it back' },
      again: { type: 'boolean', says: 'Erase whoever was erased before and is there again' },
      journal: { type: 'string', value: 'file', says: 'With --again: what "account erasures --json" printed' },
    },
    example: 'account erase anna@example.com --brand demo --yes',
    run: (input) => (flag(input.options, 'again') ? eraseRestored(input) : erase(input)),
  },
  'account erasures': {
    says: 'List which accounts were erased, and when: the journal for a restored copy',
    options: { brand: brandOption },
    example: 'account erasures --brand demo --json',
    run: list,
  },
};

async function print({ options, arguments: [named], services }: Input): Promise<Output> {
  const who = whomOf(named, options);
  const doors = await services();
  const brand = await findBrand(doors, options);
  const { id } = await findAccount(doors, brand, who);
  const json = await exportAccount(doors, brand, { accountId: id });
  return { json, text: JSON.stringify(json, null, 2) };
}

async function erase({ options, arguments: [named], services }: Input): Promise<Output> {
  if (textOption(options, 'journal') !== undefined) throw new UsageError('--journal belongs to --again.');
  const who = whomOf(named, options);
  const doors = await services();
  const brand = await findBrand(doors, options);
  const { id, email } = await findAccount(doors, brand, who);
  if (!flag(options, 'yes')) throw new UsageError(`${email ?? id} would be erased for good. Add --yes if you mean it.`);
  const erased = await eraseAccount(doors, brand, id);
  return { json: { sub: id, erased }, text: erased ? `${email ?? id} is erased.` : `${email ?? id} was erased already.` };
}

async function eraseRestored({ options, arguments: [named], services }: Input): Promise<Output> {
  if (named !== undefined || textOption(options, 'email') !== undefined || textOption(options, 'id') !== undefined)
    throw new UsageError('--again erases whoever is in the journal; it takes no address and no sub.');
  const file = textOption(options, 'journal');
  const journal = file === undefined ? [] : readJournal(file);
  const doors = await services();
  const brand = await findBrand(doors, options);
  const erased = await eraseAgain(doors, brand, journal);
  return { json: { erased }, text: erased === 0 ? 'Nobody who was erased is there again.' : `${counted(erased, 'account')} erased again.` };
}

const PAGE = 1_000;

async function list({ options, services }: Input): Promise<Output> {
  const { db } = await services();
  const brand = await findBrand({ db }, options);
  const all: { sub: string; erased_at: string }[] = [];
  let page: erasedAccounts.ErasedAccount[] = [];
  do {
    page = await erasedAccounts.list(db, brand.id, { limit: PAGE, after: page.at(-1)?.id });
    all.push(...page.map(({ id, erasedAt }) => ({ sub: id, erased_at: erasedAt.toISOString() })));
  } while (page.length === PAGE);
  const text = table(
    ['sub', 'erased at'],
    all.map(({ sub, erased_at: at }) => [sub, moment(new Date(at))]),
  );
  return { json: all, text: all.length === 0 ? `Nobody was erased at ${brand.slug}.` : text };
}

const journalSchema = z.array(z.object({ sub: z.uuid(), erased_at: z.iso.datetime() }));

/** @throws OperatorError. */
function readJournal(file: string): JournalEntry[] {
  const read = journalSchema.safeParse(readJson(file));
  if (!read.success) throw new OperatorError(`${file} is no journal: it should be what "account erasures --json" printed.`);
  return read.data.map(({ sub, erased_at: at }) => ({ id: sub, erasedAt: new Date(at) }));
}
