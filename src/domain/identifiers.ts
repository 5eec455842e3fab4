// What an account is found by: an e-mail address, a phone number, an external id, a federated identity.
// Only a digest under the brand's own key is stored, so that a copy of the table names nobody and brands cannot be compared.
import { createHmac, randomBytes } from 'node:crypto';
import type { Brand } from './brands.ts';

export type IdentifierKind = 'email' | 'phone' | 'external_id' | 'federated';

interface Sealer {
  seal(purpose: 'identifiers', place: string, plain: Buffer): Buffer;
  open(purpose: 'identifiers', place: string, sealed: Buffer): Buffer;
}

/** HMAC-SHA-256 over kind and canonical value (32 bytes); its first 15 bits are the slice. `key` is the brand's opened key. */
export function identifierDigest(key: Buffer, kind: IdentifierKind, canonical: string): Buffer {
  return createHmac('sha256', key).update(`${kind}\0${canonical}`).digest();
}

/** A new brand's key, sealed for `brands.identifier_key`. It stays for the brand's life: another key would lose every account. */
export function newIdentifierKey(keyring: Pick<Sealer, 'seal'>, slug: string): Buffer {
  return keyring.seal('identifiers', placeOf(slug), randomBytes(32));
}

const opened = new WeakMap<Buffer, Buffer>();

/** The brand's key, opened once per loaded brand. @throws when PORTICO_SECRET is not the one it was sealed with. */
export function openIdentifierKey(keyring: Pick<Sealer, 'open'>, brand: Pick<Brand, 'slug' | 'identifierKey'>): Buffer {
  const known = opened.get(brand.identifierKey);
  if (known) return known;
  const key = keyring.open('identifiers', placeOf(brand.slug), brand.identifierKey);
  opened.set(brand.identifierKey, key);
  return key;
}

function placeOf(slug: string): string {
  return `brands.identifier_key/${slug}`;
}
