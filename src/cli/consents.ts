// account consents, consents verify, installation apply: what people agreed to, and what all brands ask.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConsentFile } from '../consent-files.ts';
import { defaultSettings } from '../domain/brands.ts';
import { concerningConsents, isPending } from '../domain/consents.ts';
import { OperatorError } from '../errors.ts';
import { applyInstallation } from '../flows/admin/apply-installation.ts';
import { consentEvidence } from '../flows/admin/consent-evidence.ts';
import { verifyConsents } from '../flows/admin/verify-consents.ts';
import { answerConsents } from '../flows/answer-consents.ts';
import { findAccount, optionalArgument, whom, whomOf } from './account.ts';
import { type Command, type Input, type Output, textOption } from './command.ts';
import { brandOption, findBrand } from './find-brand.ts';
import { counted, moment, table } from './text.ts';

export const consentCommands: Readonly<Record<string, Command>> = {
  'account consents': {
    says: 'Show what a person agreed to, with the words they saw: proof, as JSON with --json',
    optionalArgument,
    options: { ...whom, withdraw: { type: 'string', value: 'document', says: 'Note that they withdrew this one, as they told you' } },
    example: 'account consents anna@example.com --brand demo --json',
    run: consents,
  },
  'consents verify': {
    says: 'Check that the ledgers of consents are what was written; exit code 1 when they are not',
    options: { brand: brandOption },
    example: 'consents verify --brand demo',
    run: verify,
  },
  'installation apply': {
    says: 'Define what people of every brand are asked to agree to, from a folder with consents.json',
    arguments: ['folder'],
    options: {},
    example: 'installation apply our-terms',
    run: apply,
  },
};

async function consents({ options, arguments: [named], services }: Input): Promise<Output> {
  const who = whomOf(named, options);
  const doors = await services();
  const brand = await findBrand(doors, options);
  const account = await findAccount(doors, brand, who);
  const name = textOption(options, 'withdraw');
  if (name !== undefined) {
    const found = concerningConsents(brand.consents, account.consents, { now: new Date() }).find(({ document }) => document.name === name);
    const { current, pending } = account.consents;
    if (!found || (current[name]?.answer !== 'accepted' && !isPending(name, pending, new Date())))
      throw new OperatorError(`${account.email ?? account.id} has not agreed to "${name}".`);
    const given = { [name]: { version: String(found.version.version), accepted: false } };
    const source = { ip: '', locale: brand.settings.locale };
    await answerConsents(doors, brand, { accountId: account.id, given, channel: 'admin', source, at: 'choice' });
  }
  const evidence = await consentEvidence(doors, brand, account.id);
  const rows = evidence.answers.map(({ line, at, document, version, answer, by_way_of: way, app, text }) => [
    ...[String(line), moment(new Date(at)), document, String(version), answer, way, app ?? '', text ?? ''],
  ]);
  const whole = evidence.verified
    ? 'The ledger is whole and unchanged.'
    : `The ledger is not what was written: ${JSON.stringify(evidence.faults)}`;
  const head = ['line', 'when', 'document', 'version', 'answer', 'by way of', 'app', 'text'];
  return {
    json: evidence,
    text: rows.length > 0 ? [table(head, rows), '', whole].join('\n') : `Nothing was answered. ${whole}`,
    code: evidence.verified ? 0 : 1,
  };
}

async function verify({ options, services }: Input): Promise<Output> {
  const doors = await services();
  const brand = await findBrand(doors, options);
  const { accounts, lines, faults } = await verifyConsents(doors, brand);
  const told = faults.map(({ accountId, fault, line, document }) => [
    accountId,
    fault,
    line === undefined ? '' : String(line),
    document ?? '',
  ]);
  const summary = `${counted(lines, 'line')} of ${counted(accounts, 'account')}`;
  return {
    json: { brand: brand.slug, accounts, lines, faults: faults.map(({ accountId, ...fault }) => ({ sub: accountId, ...fault })) },
    text:
      faults.length === 0
        ? `${summary}: all as written.`
        : [table(['account', 'fault', 'line', 'document'], told), '', `${summary}.`].join('\n'),
    code: faults.length === 0 ? 0 : 1,
  };
}

async function apply({ arguments: [folder = ''], services }: Input): Promise<Output> {
  const file = join(folder, 'consents.json');
  const documents = readConsentFile(file, readText(file), defaultSettings.locale);
  const news = await applyInstallation(await services(), documents);
  return {
    json: { changed: news },
    text: news.length > 0 ? `For all brands: ${news.join(', ')}.` : 'Everything is as the file says already.',
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new OperatorError(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
