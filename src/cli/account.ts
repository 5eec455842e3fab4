// account create, find, disable, enable, reset-link
import type { Account } from '../domain/accounts.ts';
import type { Brand } from '../domain/brands.ts';
import { claimsFor, parseClaims } from '../domain/claims.ts';
import { parseEmail } from '../domain/email.ts';
import { identifierDigest, openIdentifierKey } from '../domain/identifiers.ts';
import { OperatorError, Refusal } from '../errors.ts';
import { disableAccount, enableAccount } from '../flows/admin/disable-account.ts';
import { issueResetLink, type ResetPage } from '../flows/forgot-password.ts';
import { register } from '../flows/register.ts';
import type { Services } from '../services.ts';
import * as accounts from '../storage/accounts.ts';
import * as clients from '../storage/clients.ts';
import * as identifiers from '../storage/identifiers.ts';
import { readJson } from './client-options.ts';
import { type Command, flag, type Input, type Option, type Options, type Output, textOption, UsageError } from './command.ts';
import { sayDuration } from './durations.ts';
import { brandOption, findBrand } from './find-brand.ts';
import { fields } from './text.ts';

export const whom: Readonly<Record<string, Option>> = {
  brand: brandOption,
  email: { type: 'string', value: 'address', says: 'The account with this e-mail address' },
  id: { type: 'string', value: 'uuid', says: 'The account with this id (its sub)' },
};

/** What stands where other commands have an id: an e-mail address or a sub. */
export const optionalArgument = 'email or sub';

export const accountCommands: Readonly<Record<string, Command>> = {
  'account create': {
    says: 'Create an account',
    options: {
      brand: brandOption,
      email: { type: 'string', value: 'address', says: 'Its e-mail address' },
      'password-stdin': { type: 'boolean', says: 'Read the password from standard input' },
      password: { type: 'string', says: 'The password; it stays in the history of your shell' },
      verified: { type: 'boolean', says: 'The address is known to be theirs' },
      claims: { type: 'string', value: 'file', says: 'Standard claims as a JSON object' },
    },
    example: 'account create --brand demo --email anna@example.com --password-stdin --verified --claims anna.json',
    run: create,
  },
  'account find': {
    says: 'Show an account',
    optionalArgument,
    options: whom,
    example: 'account find anna@example.com --brand demo',
    run: find,
  },
  'account disable': {
    says: 'Shut an account out: its sessions, grants and tokens end',
    optionalArgument,
    options: whom,
    example: 'account disable anna@example.com --brand demo',
    run: (input) => setDisabled(input, true),
  },
  'account enable': {
    says: 'Let a disabled account sign in again',
    optionalArgument,
    options: whom,
    example: 'account enable anna@example.com --brand demo',
    run: (input) => setDisabled(input, false),
  },
  'account reset-link': {
    says: 'Print a link with which a person sets a new password; nothing is mailed, older links die',
    optionalArgument,
    options: {
      ...whom,
      client: { type: 'string', value: 'client_id', says: 'Lead to a page of this client' },
      'reset-url': { type: 'string', value: 'url', says: 'Which of its reset_urls; the first when absent' },
    },
    example: 'account reset-link anna@example.com --brand demo',
    run: resetLink,
  },
};

async function create({ options, services, stdin }: Input): Promise<Output> {
  const email = textOption(options, 'email');
  if (email === undefined) throw new UsageError('Which address? Add --email.');
  const password = await readPassword(options, stdin);
  const file = textOption(options, 'claims');
  const claims = file === undefined ? {} : parseClaims(readJson(file));
  const doors = await services();
  const brand = await findBrand(doors, options);
  const input = { email, password, claims, emailVerified: flag(options, 'verified'), byOperator: true };
  const { account } = await register(doors, brand, input).catch((error: unknown) => {
    if (!(error instanceof Refusal) || error.code !== 'email_taken') throw error;
    throw new OperatorError(`${brand.slug} has an account with the address ${email} already.`, { cause: error });
  });
  return describe(brand, account);
}

/** The line break that `echo` adds belongs to the terminal, not to the password. */
async function readPassword(options: Options, stdin: Input['stdin']): Promise<string> {
  const named = textOption(options, 'password');
  const piped = flag(options, 'password-stdin');
  if ((named !== undefined) === piped) throw new UsageError('Give the password with either --password-stdin or --password.');
  return named ?? (await stdin()).replace(/\r?\n$/, '');
}

async function find({ options, arguments: [named], services }: Input): Promise<Output> {
  const who = whomOf(named, options);
  const doors = await services();
  const brand = await findBrand(doors, options);
  return describe(brand, await findAccount(doors, brand, who));
}

async function setDisabled({ options, arguments: [named], services }: Input, disabled: boolean): Promise<Output> {
  const who = whomOf(named, options);
  const doors = await services();
  const brand = await findBrand(doors, options);
  const { id, email } = await findAccount(doors, brand, who);
  const changed = await (disabled ? disableAccount : enableAccount)(doors, brand, id);
  const state = disabled ? 'disabled' : 'enabled';
  const more = disabled ? 'Its sessions, grants and tokens have ended.' : 'It can sign in again.';
  return {
    json: { sub: id, disabled, changed },
    text: changed ? `${email ?? id} is ${state}. ${more}` : `${email ?? id} was ${state} already.`,
  };
}

async function resetLink({ options, arguments: [named], services }: Input): Promise<Output> {
  const who = whomOf(named, options);
  const doors = await services();
  const brand = await findBrand(doors, options);
  const { id, email } = await findAccount(doors, brand, who);
  const page = await resetPage(doors, brand, options);
  const { link, token, seconds } = await issueResetLink(doors, brand, { accountId: id, ...page }).catch((error: unknown) => {
    if (!(error instanceof Refusal) || error.code !== 'not_found') throw error;
    throw new OperatorError(`${email ?? id} is disabled. Enable it first.`, { cause: error });
  });
  const whose = `Whoever opens it sets a new password for ${email ?? id} and signs them out everywhere.`;
  return {
    json: { sub: id, link, token, expires_in: seconds },
    text: [link, '', `It works once, for ${sayDuration(seconds)}. ${whose}`, '', fields({ token })].join('\n'),
  };
}

async function resetPage({ db }: Services, brand: Brand, options: Options): Promise<ResetPage> {
  const [clientId, resetUrl] = [textOption(options, 'client'), textOption(options, 'reset-url')];
  if (clientId === undefined && resetUrl === undefined) return {};
  if (clientId === undefined) throw new UsageError('Whose page is it? Add --client.');
  const client = await clients.find(db, brand.id, clientId);
  if (!client || client.disabledAt) throw new OperatorError(`${brand.slug} has no client "${clientId}".`);
  const registered = client.metadata.reset_urls ?? [];
  const wanted = resetUrl ?? registered[0];
  if (wanted === undefined || !registered.includes(wanted)) throw new OperatorError(unregistered(clientId, wanted, registered));
  return { registered, resetUrl: wanted };
}

function unregistered(clientId: string, wanted: string | undefined, registered: readonly string[]): string {
  if (registered.length === 0)
    return `The client "${clientId}" has no page of its own. Register one with: client update ${clientId} --reset-url <url>`;
  return `${wanted} is no reset URL of "${clientId}". It has: ${registered.join(', ')}`;
}

/** Who is meant: by an e-mail address or a sub, named as an argument or an option. */
export type Whom = { email: string } | { id: string };

/** Asked before anything is opened or looked up. @throws UsageError. */
export function whomOf(named: string | undefined, options: Options): Whom {
  const address = named?.includes('@') === true;
  const email = address ? named : textOption(options, 'email');
  const id = address ? textOption(options, 'id') : (named ?? textOption(options, 'id'));
  if (email !== undefined && id === undefined) return { email };
  if (id !== undefined && email === undefined) return { id };
  throw new UsageError('Which account? Name its address or its sub, or add either --email or --id.');
}

/** @throws OperatorError. */
export async function findAccount({ db, keyring }: Services, brand: Brand, whom: Whom): Promise<Account> {
  const email = 'email' in whom ? whom.email : undefined;
  const digest = email && identifierDigest(openIdentifierKey(keyring, brand), 'email', parseEmail(email).canonical);
  const accountId = 'id' in whom ? whom.id : digest && (await identifiers.find(db, brand.id, digest));
  const account = accountId && (await accounts.find(db, brand.id, accountId));
  if (!account) throw new OperatorError(`${brand.slug} has no account ${'id' in whom ? whom.id : `with the address ${whom.email}`}.`);
  return account;
}

function describe(brand: Brand, account: Account): Output {
  const json = {
    ...claimsFor(account),
    brand: brand.slug,
    registered_at: account.registeredAt.toISOString(),
    last_login_at: account.lastLoginAt.toISOString(),
    disabled: account.disabledAt !== null,
  };
  const { brand: slug, sub, ...rest } = json;
  return { json, text: fields({ brand: slug, sub, ...rest, updated_at: account.updatedAt }) };
}
