// client create, update, rotate-secret, list, show, disable, enable
import type { Client, ClientKind, ClientMetadata } from '../domain/clients.ts';
import { OperatorError } from '../errors.ts';
import { createClient } from '../flows/admin/create-client.ts';
import { disableClient, enableClient } from '../flows/admin/disable-client.ts';
import { rotateClientSecret } from '../flows/admin/rotate-client-secret.ts';
import { updateClient } from '../flows/admin/update-client.ts';
import * as clients from '../storage/clients.ts';
import { inOptions } from './client-faults.ts';
import { kindOf, kindOptions, metadataOf, metadataOptions } from './client-options.ts';
import { type Command, flag, type Input, type Output, textOption } from './command.ts';
import { readDuration, sayDuration } from './durations.ts';
import { brandOption, findBrand } from './find-brand.ts';
import { nearest } from './nearest.ts';
import { fields, moment, table } from './text.ts';

const brand = brandOption;

export const clientCommands: Readonly<Record<string, Command>> = {
  'client create': {
    says: 'Register a client and print its metadata, and its secret this once',
    options: { brand, id: { type: 'string', says: 'The client_id; a random one when absent' }, ...kindOptions, ...metadataOptions },
    example: 'client create --brand demo --name "My shop" --redirect-uri https://shop.example/callback',
    run: create,
  },
  'client update': {
    says: 'Replace what is named and keep the rest; an empty value removes',
    arguments: ['client_id'],
    options: { brand, ...metadataOptions },
    example: 'client update demo-web-app --brand demo --name "My new shop"',
    run: update,
  },
  'client rotate-secret': {
    says: 'Make a new secret; the old one works until its grace ends',
    arguments: ['client_id'],
    options: {
      brand,
      grace: { type: 'string', value: 'duration', says: 'How long the old secret still works, such as 0, 30m, 24h or 7d; 24h when absent' },
      force: { type: 'boolean', says: 'Also when an older secret is still in its grace; that one ends' },
    },
    example: 'client rotate-secret demo-web-app --brand demo --grace 7d',
    run: rotateSecret,
  },
  'client list': { says: "List a brand's clients", options: { brand }, example: 'client list --brand demo', run: list },
  'client show': {
    says: 'Show a client; its secrets are known to nobody',
    arguments: ['client_id'],
    options: { brand },
    example: 'client show demo-web-app --brand demo',
    run: show,
  },
  'client disable': {
    says: 'Stop a client: it is unknown from now on, and its grants and tokens end',
    arguments: ['client_id'],
    options: { brand },
    example: 'client disable demo-web-app --brand demo',
    run: (input) => setDisabled(input, true),
  },
  'client enable': {
    says: 'Let a disabled client work again; old tokens stay dead',
    arguments: ['client_id'],
    options: { brand },
    example: 'client enable demo-web-app --brand demo',
    run: (input) => setDisabled(input, false),
  },
};

async function create({ options, services }: Input): Promise<Output> {
  const kind = kindOf(options);
  const id = textOption(options, 'id');
  const named = { ...metadataOf(options), ...(id !== undefined && { client_id: id }) } as Partial<ClientMetadata>;
  const doors = await services();
  const owner = await findBrand(doors, options);
  const { metadata, secret } = await inOptions(id, createClient(doors, owner, { kind, metadata: named }));
  return {
    json: withSecret(metadata, secret),
    text: [
      `"${metadata.client_name ?? metadata.client_id}" can sign people in at ${owner.issuer}`,
      '',
      fields({ ...metadata }),
      ...hints(kind, metadata),
      ...secretLines(secret),
    ].join('\n'),
  };
}

async function update({ options, arguments: [id = ''], services }: Input): Promise<Output> {
  const change = metadataOf(options);
  const doors = await services();
  const owner = await findBrand(doors, options);
  const { metadata, changed, secret } = await inOptions(id, updateClient(doors, owner, id, change));
  const news = changed ? `"${id}" was changed` : `"${id}" is like this already`;
  return { json: withSecret(metadata, secret), text: [news, '', fields({ ...metadata }), ...secretLines(secret)].join('\n') };
}

async function rotateSecret({ options, arguments: [id = ''], services }: Input): Promise<Output> {
  const grace = textOption(options, 'grace');
  const wanted = grace === undefined ? {} : { graceSeconds: readDuration(grace) };
  const doors = await services();
  const owner = await findBrand(doors, options);
  const { secret, graceSeconds } = await rotateClientSecret(doors, owner, { clientId: id, force: flag(options, 'force'), ...wanted });
  const old = graceSeconds === 0 ? 'The old secret no longer works.' : `The old secret works for another ${sayDuration(graceSeconds)}.`;
  return {
    json: { client_id: id, client_secret: secret, previous_secret_expires_in: graceSeconds },
    text: [`"${id}" has a new secret. ${old}`, ...secretLines(secret)].join('\n'),
  };
}

async function list({ options, services }: Input): Promise<Output> {
  const doors = await services();
  const all = await clients.list(doors.db, (await findBrand(doors, options)).id);
  const rows = all.map(({ id, metadata, disabledAt }) => [
    id,
    metadata.client_name ?? '',
    metadata.application_type ?? 'service',
    metadata.token_endpoint_auth_method ?? '',
    metadata.first_party === false ? 'third-party' : 'first-party',
    disabledAt ? 'disabled' : '',
  ]);
  const text = rows.length > 0 ? table(['client', 'name', 'type', 'authenticates with', 'party', ''], rows) : 'This brand has no clients.';
  return { json: all.map(describe), text };
}

async function show({ options, arguments: [id = ''], services }: Input): Promise<Output> {
  const doors = await services();
  const owner = await findBrand(doors, options);
  const client = await clients.find(doors.db, owner.id, id);
  if (!client) {
    const guess = nearest(
      id,
      (await clients.list(doors.db, owner.id)).map((known) => known.id),
    );
    throw new OperatorError(`${owner.slug} has no client "${id}".${guess ? ` Did you mean "${guess}"?` : ''}`);
  }
  const { secrets, ...shown } = describe(client);
  return { json: describe(client), text: fields({ ...shown, secrets: secrets.map(sayLife) }) };
}

async function setDisabled({ options, arguments: [id = ''], services }: Input, disabled: boolean): Promise<Output> {
  const doors = await services();
  const owner = await findBrand(doors, options);
  await (disabled ? disableClient : enableClient)(doors, owner, id);
  const text = disabled ? `"${id}" is disabled; its grants and tokens have ended.` : `"${id}" works again. People sign in anew.`;
  return { json: { client_id: id, disabled }, text };
}

function describe({ metadata, secrets, createdAt, updatedAt, disabledAt }: Client) {
  return {
    ...metadata,
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
    disabled: disabledAt !== null,
    secrets: secrets.map(({ created_at, expires_at }) => ({ created_at, expires_at })),
  };
}

function sayLife({ created_at, expires_at }: { created_at: string; expires_at: string | null }): string {
  return `made ${moment(new Date(created_at))}${expires_at ? `, works until ${moment(new Date(expires_at))}` : ''}`;
}

/** What is allowed and seldom meant. */
function hints(kind: ClientKind, { allowed_origins: origins, post_logout_redirect_uris: after }: ClientMetadata): string[] {
  const says: string[] = [];
  if (kind === 'spa' && !origins?.length)
    says.push(
      'Warning: without --origin no browser may call the token endpoint from a page, so that nobody can sign in. Add --origin https://…',
    );
  if ((kind === 'web' || kind === 'spa') && !after?.length)
    says.push('Hint: without --post-logout-redirect-uri people stay on the sign-out page instead of coming back to the app.');
  return says.length > 0 ? ['', ...says] : [];
}

function withSecret(metadata: ClientMetadata, secret: string | undefined): object {
  return secret ? { ...metadata, client_secret: secret } : metadata;
}

function secretLines(secret: string | undefined): string[] {
  return secret ? ['', `client_secret  ${secret}`, 'Keep it now: it is not stored and cannot be shown again.'] : [];
}
