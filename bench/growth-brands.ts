// One brand many times over: its settings and clients, with an address, keys and slices of its own, as an apply would have made each.
import { randomInt } from 'node:crypto';
import type { Brand } from '../src/domain/brands.ts';
import { newIdentifierKey } from '../src/domain/identifiers.ts';
import { newSigningKey, signingKeyPlace } from '../src/domain/signing-keys.ts';
import { SLICES } from '../src/domain/slices.ts';
import type { Services } from '../src/services.ts';

const BATCH = 500;

/** The copies are called b1 to b`count`, and live at these paths below `origin`. */
export async function copyBrands(services: Services, pattern: Brand, origin: string, count: number): Promise<Brand[]> {
  const copies: Brand[] = [];
  for (let from = 1; from <= count; from += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, count - from + 1) }, (_, index) => from + index);
    const made = await insertBrands(services, pattern, origin, numbers);
    await insertKeys(services, made);
    copies.push(...made);
  }
  await copyClients(services, pattern);
  return copies;
}

async function insertBrands({ db, keyring }: Services, pattern: Brand, origin: string, numbers: readonly number[]): Promise<Brand[]> {
  const slugs = numbers.map((number) => `b${number}`);
  const { rows } = await db.pool.query<Pick<Brand, 'id' | 'slug' | 'issuer' | 'homeSlice' | 'identifierKey'>>(
    `insert into portico.brands (slug, issuer, name, home_slice, settings, theme, identifier_key)
     select n.slug, n.issuer, p.name, n.home_slice, p.settings, p.theme, n.identifier_key
     from unnest($2::text[], $3::text[], $4::int[], $5::bytea[]) as n (slug, issuer, home_slice, identifier_key)
     cross join portico.brands p
     where p.id = $1
     returning id, slug, issuer, home_slice as "homeSlice", identifier_key as "identifierKey"`,
    [
      pattern.id,
      slugs,
      slugs.map((slug) => `${origin}/${slug}`),
      slugs.map(() => randomInt(SLICES)),
      slugs.map((slug) => newIdentifierKey(keyring, slug)),
    ],
  );
  return rows.map((row) => ({ ...pattern, ...row }));
}

async function insertKeys({ db, keyring }: Services, brands: readonly Brand[]): Promise<void> {
  const keys = await Promise.all(
    brands.flatMap(({ id }) => (['current', 'next'] as const).map(async (state) => ({ id, state, ...(await newSigningKey('ES256')) }))),
  );
  await db.pool.query(
    `insert into portico.signing_keys (brand_id, kid, alg, state, public_jwk, private_jwk)
     select k.brand_id, k.kid, 'ES256', k.state, k.public_jwk::jsonb, k.private_jwk
     from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::bytea[]) as k (brand_id, kid, state, public_jwk, private_jwk)`,
    [
      keys.map(({ id }) => id),
      keys.map(({ kid }) => kid),
      keys.map(({ state }) => state),
      keys.map(({ publicJwk }) => JSON.stringify(publicJwk)),
      keys.map(({ id, kid, privateJwk }) => keyring.seal('signing_keys', signingKeyPlace(id, kid), JSON.stringify(privateJwk))),
    ],
  );
}

async function copyClients({ db }: Services, pattern: Brand): Promise<void> {
  await db.pool.query(
    `insert into portico.clients (brand_id, client_id, metadata, secrets)
     select b.id, c.client_id, c.metadata, c.secrets
     from portico.clients c
     cross join portico.brands b
     where c.brand_id = $1 and b.id <> $1`,
    [pattern.id],
  );
}
