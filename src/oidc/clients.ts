// Clients as oidc-provider sees them. The secret itself is nowhere: the library gets a placeholder and asks us to compare.
import { timingSafeEqual } from 'node:crypto';
import { errors } from 'oidc-provider';
import type { Brand } from '../domain/brands.ts';
import { ACCOUNT_CLIENT, type Client, type ClientMetadata, clientMembers, needsSecret, secretDigest } from '../domain/clients.ts';
import { redirectUriFault } from '../domain/redirect-uris.ts';
import type { Services } from '../services.ts';
import * as brands from '../storage/brands.ts';
import * as clients from '../storage/clients.ts';
import type { Db } from '../storage/database.ts';
import { ownClient } from './own-client.ts';

/** Members of ours that travel with the client through the library. */
export const extraClientMetadata = [
  'first_party',
  'allowed_origins',
  'reset_urls',
  'resource_scopes',
  'require_pkce',
  'refresh_idempotency_window',
  'dynamic',
  'secret_digests',
] as const;

export type PorticoClient = Pick<
  ClientMetadata,
  'first_party' | 'allowed_origins' | 'reset_urls' | 'resource_scopes' | 'require_pkce' | 'refresh_idempotency_window' | 'dynamic'
> & { secret_digests?: { digest: string; expires_at: string | null }[] };

/** Our members of a client; the library's type does not know them. */
export function clientOf(client: object): PorticoClient {
  return client as PorticoClient;
}

/** What the library holds in the secret's place. */
export const PLACEHOLDER = 'stored-as-a-digest';

export interface ClientStore {
  find(id: string): Promise<object | undefined>;
  upsert(id: string, payload: object): Promise<void>;
  destroy(id: string): Promise<void>;
}

// Ids come from strangers, found clients do not: only those are kept, and no more than this.
const BOUND = 1_000;

/** One store for one version of the brand: a change of a client raises the version, so what was found stays true as long as the store lives. */
export function createClientStore({ db }: Pick<Services, 'db'>, brand: Brand): ClientStore {
  const found = new Map<string, object>();

  async function find(id: string): Promise<object | undefined> {
    if (id === ACCOUNT_CLIENT) return ownClient(brand);
    const known = found.get(id);
    if (known) return known;
    const client = await clients.find(db, brand.id, id);
    if (!client || client.disabledAt) return undefined;
    const payload = toPayload(client, brand);
    if (found.size >= BOUND) found.clear();
    found.set(id, payload);
    return payload;
  }

  /** The change and its announcement are one commit. A new client is held by no node yet. */
  async function change(id: string, work: (db: Db) => Promise<void>): Promise<void> {
    if (id === ACCOUNT_CLIENT) throw new Error('the account pages are no client that changes');
    await db.transaction(async (db) => {
      const known = await clients.find(db, brand.id, id);
      await work(db);
      if (known) await brands.raiseVersion(db, brand.id);
    });
    found.delete(id);
  }

  return {
    find,
    upsert: (id, payload) => change(id, (db) => saveDynamic(db, brand, payload as DynamicPayload)),
    destroy: (id) => change(id, (db) => clients.remove(db, brand.id, id)),
  };
}

function toPayload({ metadata, secrets }: Client, brand: Brand): object {
  const known = { ...metadata, ...grantsOf(metadata, brand) };
  return needsSecret(metadata) ? { ...known, client_secret: PLACEHOLDER, secret_digests: secrets } : known;
}

/** A client may have a grant that its brand has switched off; the library would refuse the whole client. */
function grantsOf({ grant_types: grants }: ClientMetadata, { settings }: Brand): Pick<ClientMetadata, 'grant_types'> {
  if (!grants || settings.deviceFlow) return {};
  return { grant_types: grants.filter((grant) => grant !== 'urn:ietf:params:oauth:grant-type:device_code') };
}

type DynamicPayload = ClientMetadata & { client_secret?: string };

/** Dynamic registration (RFC 7591) stores what the library validated, the secret as a digest; an update keeps the digest it had. */
async function saveDynamic(db: Db, brand: Brand, { client_secret: secret, ...payload }: DynamicPayload): Promise<void> {
  // The library adds its defaults, which it adds again when it builds the client; stored, they would be members no operator may name.
  const members = Object.entries(payload).filter(([member]) => clientMembers.includes(member));
  // A stranger's client is never the brand's own: it always asks before it gets anything.
  const stored = { ...(Object.fromEntries(members) as ClientMetadata), dynamic: true, first_party: false };
  const fresh = secret && secret !== PLACEHOLDER ? secret : undefined;
  const secrets = fresh && [{ digest: secretDigest(fresh), created_at: new Date().toISOString(), expires_at: null }];
  await clients.save(db, brand.id, stored, secrets || undefined);
}

/** Compares with the digests that are alive, in constant time. */
export function compareSecret(client: object, presented: string): boolean {
  const digest = Buffer.from(secretDigest(presented));
  let matches = false;
  for (const stored of clientOf(client).secret_digests ?? []) {
    if (stored.expires_at !== null && Date.parse(stored.expires_at) <= Date.now()) continue;
    matches = timingSafeEqual(Buffer.from(stored.digest), digest) || matches;
  }
  return matches;
}

/** The rules of domain/redirect-uris.ts for dynamic registration too; runs once per member for each client the library builds. */
export function clientMetadataRule(ctx: unknown, member: string, _value: unknown, metadata: Record<string, unknown>): void {
  // Without a request the client comes from our tables, where the rules were applied when it was written.
  if (!ctx || member !== 'dynamic') return;
  refuseForeignMembers(metadata);
  const type = metadata['application_type'] === 'native' ? 'native' : 'web';
  for (const name of ['redirect_uris', 'post_logout_redirect_uris']) {
    for (const uri of listOf(name, metadata[name])) {
      const fault = redirectUriFault(uri, type);
      if (fault) throw new errors.InvalidRedirectUri(`${uri} ${fault}`);
    }
  }
}

function listOf(name: string, value: unknown = []): string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new errors.InvalidClientMetadata(`${name} must be an array of strings`);
}

function refuseForeignMembers(metadata: Record<string, unknown>): void {
  for (const member of extraClientMetadata) {
    if (metadata[member] !== undefined) throw new errors.InvalidClientMetadata(`${member} cannot be registered dynamically`);
  }
}
