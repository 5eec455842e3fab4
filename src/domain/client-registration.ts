// When a client is complete: its members fit together, whoever wrote them.
import type { z } from 'zod';
import { OperatorError } from '../errors.ts';
import { type ClientMetadata, type ClientSecret, clientMetadataSchema, secretDigest } from './clients.ts';

const CODE = 'authorization_code';
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

/** Private members of a JWK (RFC 7518 6.2.2, 6.3.2, 6.4.1). */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

type Named = { [Member in keyof ClientMetadata]?: ClientMetadata[Member] | undefined };

/**
 * The client with what is named replaced, members named as undefined removed, and response types that fit its grants.
 * @throws OperatorError with a line per member that is wrong.
 */
export function mergeClient(before: Named, named: Named): ClientMetadata {
  const merged = Object.fromEntries(Object.entries({ ...before, ...named }).filter(([, value]) => value !== undefined)) as Named;
  const usesCode = merged.grant_types?.includes(CODE) ?? true;
  const complete = usesCode
    ? { ...merged, response_types: ['code' as const] }
    : { ...merged, response_types: [], redirect_uris: merged.redirect_uris ?? [] };
  return checkClient(complete);
}

/** @throws OperatorError with a line per member that is wrong. */
export function checkClient(metadata: unknown): ClientMetadata {
  const result = clientMetadataSchema.safeParse(metadata);
  const faults = result.success ? combinationFaults(result.data) : result.error.issues.map(lineOf);
  if (result.success && faults.length === 0) return result.data;
  const id = (metadata as { client_id?: unknown }).client_id;
  throw new OperatorError(`The client ${JSON.stringify(id)} cannot be registered so:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
}

function lineOf({ path, message }: z.core.$ZodIssue): string {
  return `${path.join('.') || 'client'}: ${message}`;
}

function combinationFaults(metadata: ClientMetadata): string[] {
  const grants = metadata.grant_types ?? [CODE];
  const isPublic = metadata.token_endpoint_auth_method === 'none';
  const faults: string[] = [];
  if (grants.length === 0) faults.push('grant_types: name at least one');
  if (grants.includes(CODE) && !metadata.redirect_uris?.length)
    faults.push('redirect_uris: name at least one address to send people back to');
  if (grants.includes('refresh_token') && !grants.includes(CODE) && !grants.includes(DEVICE))
    faults.push('grant_types: refresh_token needs authorization_code or the device grant beside it');
  if (grants.includes('client_credentials') && isPublic) faults.push('grant_types: a public client cannot use client_credentials');
  return [...faults, ...keyFaults(metadata)];
}

function keyFaults({ token_endpoint_auth_method: method, jwks, jwks_uri: uri }: ClientMetadata): string[] {
  const faults: string[] = [];
  if (method === 'private_key_jwt' && !jwks && !uri) faults.push('jwks: private_key_jwt needs the public keys of the client, or jwks_uri');
  if (jwks && uri) faults.push('jwks: give either jwks or jwks_uri');
  if (jwks?.keys.length === 0) faults.push('jwks: holds no key');
  if (jwks?.keys.some((key) => privateMembers.some((member) => Object.hasOwn(key, member))))
    faults.push('jwks: holds a private key; register the public half only');
  return faults;
}

/** What is stored of a secret. `createdAt` is the caller's clock. */
export function storedSecret(secret: string, createdAt: Date): ClientSecret {
  return { digest: secretDigest(secret), created_at: createdAt.toISOString(), expires_at: null };
}

/** The same client, in whatever order its members stand. */
export function sameClient(one: ClientMetadata, other: ClientMetadata): boolean {
  return canonical(one) === canonical(other);
}

/** JSON with sorted members at every depth. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_member, inner: unknown) =>
    inner && typeof inner === 'object' && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort()) : inner,
  );
}
