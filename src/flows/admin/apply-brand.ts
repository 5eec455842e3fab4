// An operator describes a brand in files; the tables become so. Applying the same files again changes nothing,
// and what the files do not name stays as it is.
import { randomInt } from 'node:crypto';
import type { Brand, BrandSettings } from '../../domain/brands.ts';
import {
  type ClientKind,
  type ClientMetadata,
  type ClientSecret,
  clientTemplate,
  needsSecret,
  newClientSecret,
  secretDigest,
} from '../../domain/clients.ts';
import { newIdentifierKey } from '../../domain/identifiers.ts';
import { newSigningKey, type SigningAlgorithm, signingAlgorithms, signingKeyPlace } from '../../domain/signing-keys.ts';
import { SLICES } from '../../domain/slices.ts';
import type { Theme } from '../../domain/themes.ts';
import { OperatorError } from '../../errors.ts';
import type { Services } from '../../services.ts';
import * as brandAssets from '../../storage/brand-assets.ts';
import * as brands from '../../storage/brands.ts';
import * as clients from '../../storage/clients.ts';
import type { Db } from '../../storage/database.ts';
import * as signingKeys from '../../storage/signing-keys.ts';

export interface ApplyBrand {
  slug: string;
  issuer: string;
  name: string;
  settings?: Partial<BrandSettings>;
  theme?: Partial<Theme>;
  logo?: { mediaType: string; bytes: Buffer };
  clients?: { kind: ClientKind; metadata: ClientMetadata; secret?: string }[];
  /** Which keys a new brand gets; both by default. */
  algorithms?: readonly SigningAlgorithm[];
}

export interface AppliedBrand {
  brand: Brand;
  created: boolean;
  changed: boolean;
  /** Secrets made for new confidential clients, shown once. */
  secrets: Record<string, string>;
}

export async function applyBrand(services: Pick<Services, 'db' | 'keyring'>, input: ApplyBrand): Promise<AppliedBrand> {
  const known = await brands.findBySlug(services.db, input.slug);
  // Keys are made before the transaction: RSA takes a moment, and no transaction waits for slow work.
  const keys = known ? [] : await newKeys(input.algorithms ?? signingAlgorithms);
  return services.db.transaction(async (db) => {
    const created = known ? undefined : await create(db, services, input, keys);
    const brand = known ?? created ?? (await brands.findBySlug(db, input.slug));
    if (!brand)
      throw new OperatorError(`The address ${input.issuer} already belongs to another brand. Choose another issuer for "${input.slug}".`);
    const updated = created ? false : await brands.update(db, brand.id, input);
    const redrawn = input.logo ? await brandAssets.save(db, brand.id, { name: 'logo', ...input.logo }) : false;
    const { secrets, changed } = await applyClients(db, brand, input.clients ?? []);
    if (!updated && (redrawn || changed)) await brands.raiseVersion(db, brand.id);
    const now = await brands.findBySlug(db, input.slug);
    return { brand: now as Brand, created: created !== undefined, changed: updated || redrawn || changed, secrets };
  });
}

function newKeys(algorithms: readonly SigningAlgorithm[]) {
  const states = ['current', 'next'] as const;
  return Promise.all(algorithms.flatMap((alg) => states.map(async (state) => ({ state, ...(await newSigningKey(alg)) }))));
}

async function create(db: Db, { keyring }: Pick<Services, 'keyring'>, input: ApplyBrand, keys: Awaited<ReturnType<typeof newKeys>>) {
  const brand = await brands.insert(db, {
    slug: input.slug,
    issuer: input.issuer,
    name: input.name,
    homeSlice: randomInt(SLICES),
    settings: input.settings ?? {},
    theme: input.theme ?? {},
    identifierKey: newIdentifierKey(keyring, input.slug),
  });
  if (!brand) return undefined;
  for (const { privateJwk, ...key } of keys) {
    const sealed = keyring.seal('signing_keys', signingKeyPlace(brand.id, key.kid), JSON.stringify(privateJwk));
    await signingKeys.insert(db, brand.id, { ...key, privateJwk: sealed });
  }
  return brand;
}

async function applyClients(db: Db, brand: Brand, wanted: NonNullable<ApplyBrand['clients']>) {
  const secrets: Record<string, string> = {};
  let changed = false;
  for (const { kind, metadata, secret } of wanted) {
    const before = await clients.find(db, brand.id, metadata.client_id);
    const next = before ? { ...before.metadata, ...metadata } : { ...clientTemplate(kind), ...metadata };
    const made = needsSecret(next) && (secret ?? (before && before.secrets.length > 0 ? undefined : newClientSecret()));
    const stored = made ? [newStoredSecret(made)] : undefined;
    const sameSecret = !stored || before?.secrets.some(({ digest }) => digest === stored[0]?.digest);
    if (before && sameSecret && sameMetadata(before.metadata, next)) continue;
    await clients.save(db, brand.id, next, sameSecret ? undefined : stored);
    if (made && !sameSecret && !secret) secrets[metadata.client_id] = made;
    changed = true;
  }
  return { secrets, changed };
}

function newStoredSecret(secret: string): ClientSecret {
  return { digest: secretDigest(secret), created_at: new Date().toISOString(), expires_at: null };
}

function sameMetadata(before: ClientMetadata, after: ClientMetadata): boolean {
  const sorted = (metadata: ClientMetadata) => JSON.stringify(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
  return sorted(before) === sorted(after);
}
