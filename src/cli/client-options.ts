// The options of client create and client update, and the client metadata they stand for (RFC 7591).
import { readFileSync } from 'node:fs';
import type { ClientKind, ClientMetadata } from '../domain/clients.ts';
import { webOrigin } from '../domain/redirect-uris.ts';
import { OperatorError } from '../errors.ts';
import type { ClientChange } from '../flows/admin/update-client.ts';
import { flag, listOption, type Option, type Options, textOption, UsageError } from './command.ts';

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

export const metadataOptions: Readonly<Record<string, Option>> = {
  name: { type: 'string', says: 'What people see' },
  'redirect-uri': { type: 'string', multiple: true, value: 'url', says: 'Where people are sent back to' },
  'post-logout-redirect-uri': { type: 'string', multiple: true, value: 'url', says: 'Where people are sent after signing out' },
  origin: { type: 'string', multiple: true, value: 'origin', says: 'A web origin that may call the token endpoint from a browser' },
  grant: { type: 'string', multiple: true, value: 'type', says: 'authorization_code, refresh_token, client_credentials or device_code' },
  'auth-method': { type: 'string', value: 'method', says: 'client_secret_basic, client_secret_post, private_key_jwt or none' },
  jwks: { type: 'string', value: 'file', says: 'The public keys of the client (a JWK Set)' },
  'jwks-uri': { type: 'string', value: 'url', says: 'Where the public keys of the client are published' },
  'signing-alg': { type: 'string', value: 'alg', says: 'ES256 or RS256, for ID tokens' },
  'client-uri': { type: 'string', value: 'url', says: 'The home page, where "back to the app" leads' },
  'backchannel-logout-uri': { type: 'string', value: 'url', says: 'Is told when a session ends' },
  'reset-url': { type: 'string', multiple: true, value: 'url', says: "The client's own page for a new password; mailed links lead there" },
  'resource-scope': { type: 'string', multiple: true, value: 'scope', says: "A scope of the brand's APIs the client may ask for" },
  'third-party': { type: 'boolean', says: "Not the brand's own: people are asked before it gets anything" },
  'first-party': { type: 'boolean', says: "The brand's own (the default)" },
  'no-pkce': { type: 'boolean', says: 'Only for old confidential clients that cannot do PKCE' },
  pkce: { type: 'boolean', says: 'PKCE is required (the default)' },
};

export const kindOptions: Readonly<Record<string, Option>> = {
  web: { type: 'boolean', says: 'A web app with a server (the default)' },
  spa: { type: 'boolean', says: 'A single-page app: no secret' },
  native: { type: 'boolean', says: 'An app on a phone or a desk: no secret, loopback and app schemes allowed' },
  service: { type: 'boolean', says: 'A machine of its own: client_credentials only' },
};

/** @throws UsageError when two kinds are named. */
export function kindOf(options: Options): ClientKind {
  const named = Object.keys(kindOptions).filter((kind) => flag(options, kind)) as ClientKind[];
  if (named.length > 1) throw new UsageError(`A client is either ${named.map((kind) => `--${kind}`).join(' or ')}.`);
  return named[0] ?? 'web';
}

/** What the options name; an empty value removes a member. Whether it makes sense is the flow's to say. */
export function metadataOf(options: Options): ClientChange {
  const given: Record<string, unknown> = {
    ...texts(options),
    ...lists(options),
    ...file(options),
    ...choice(options, 'first_party', 'first-party', 'third-party'),
    ...choice(options, 'require_pkce', 'pkce', 'no-pkce'),
  };
  const grants = listOption(options, 'grant');
  if (grants) given.grant_types = grants.map((grant) => (grant === 'device_code' ? DEVICE : grant));
  return given as ClientChange;
}

const textMembers: Partial<Record<string, keyof ClientMetadata>> = {
  name: 'client_name',
  'auth-method': 'token_endpoint_auth_method',
  'jwks-uri': 'jwks_uri',
  'signing-alg': 'id_token_signed_response_alg',
  'client-uri': 'client_uri',
  'backchannel-logout-uri': 'backchannel_logout_uri',
};

const listMembers: Partial<Record<string, keyof ClientMetadata>> = {
  'redirect-uri': 'redirect_uris',
  'post-logout-redirect-uri': 'post_logout_redirect_uris',
  origin: 'allowed_origins',
  'reset-url': 'reset_urls',
  'resource-scope': 'resource_scopes',
};

function texts(options: Options): Record<string, unknown> {
  const named = Object.entries(textMembers).filter(([name]) => textOption(options, name) !== undefined);
  return Object.fromEntries(named.map(([name, member]) => [member, textOption(options, name) || undefined]));
}

function lists(options: Options): Record<string, unknown> {
  const named = Object.entries(listMembers).flatMap(([name, member]) => {
    const values = listOption(options, name)
      ?.filter(Boolean)
      .map(name === 'origin' ? withoutSlash : String);
    return values ? [[member, values.length > 0 ? values : undefined]] : [];
  });
  return Object.fromEntries(named);
}

/** Copied from a browser's address bar an origin ends with a slash; browsers send it without. */
function withoutSlash(origin: string): string {
  return webOrigin(origin.slice(0, -1)) && origin.endsWith('/') ? origin.slice(0, -1) : origin;
}

function file(options: Options): Record<string, unknown> {
  const path = textOption(options, 'jwks');
  if (path === undefined) return {};
  return { jwks: path === '' ? undefined : readJson(path) };
}

function choice(options: Options, member: string, yes: string, no: string): Record<string, unknown> {
  if (flag(options, yes) && flag(options, no)) throw new UsageError(`Give either --${yes} or --${no}.`);
  if (flag(options, yes)) return { [member]: true };
  return flag(options, no) ? { [member]: false } : {};
}

/** @throws OperatorError naming the file. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new OperatorError(missing ? `There is no file ${path}.` : `${path} cannot be read as JSON: ${(error as Error).message}`);
  }
}
