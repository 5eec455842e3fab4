// Accounts in numbers: written in three statements, found by digests that are computed as the product computes them.
import type { Brand } from '../src/domain/brands.ts';
import { parseEmail } from '../src/domain/email.ts';
import { identifierDigest, openIdentifierKey } from '../src/domain/identifiers.ts';
import { newAccountId, sliceOfAccount, sliceOfDigest } from '../src/domain/slices.ts';
import type { Services } from '../src/services.ts';
import { personOf } from './setting.ts';

export interface Newcomer {
  brand: Pick<Brand, 'id' | 'slug' | 'homeSlice' | 'slices' | 'identifierKey'>;
  /** Of `personOf`. */
  number: number;
}

/** They can sign in afterwards, all with one password; `hash` is of it. */
export async function bringIn(
  { db, keyring }: Pick<Services, 'db' | 'keyring'>,
  newcomers: readonly Newcomer[],
  hash: string,
): Promise<void> {
  const people = newcomers.map(({ brand, number }) => {
    const { email } = personOf(number);
    const digest = identifierDigest(openIdentifierKey(keyring, brand), 'email', parseEmail(email).canonical);
    return { brandId: brand.id, email, digest, id: newAccountId(brand) };
  });
  const brandIds = people.map(({ brandId }) => brandId);
  const ids = people.map(({ id }) => id);
  const slices = ids.map(sliceOfAccount);
  const digests = people.map(({ digest }) => digest);
  const { pool } = db;
  await pool.query(
    `insert into portico.accounts (brand_id, slice, id, email, email_verified, sign_ins)
     select p.brand_id, p.slice, p.id, p.email, true, 1
     from unnest($1::int[], $2::smallint[], $3::uuid[], $4::text[]) as p (brand_id, slice, id, email)`,
    [brandIds, slices, ids, people.map(({ email }) => email)],
  );
  await pool.query(
    `insert into portico.passwords (brand_id, slice, account_id, hash)
     select p.brand_id, p.slice, p.id, $4
     from unnest($1::int[], $2::smallint[], $3::uuid[]) as p (brand_id, slice, id)`,
    [brandIds, slices, ids, hash],
  );
  await pool.query(
    `insert into portico.identifiers (brand_id, slice, digest, kind, account_id)
     select p.brand_id, p.slice, p.digest, 'email', p.id
     from unnest($1::int[], $2::smallint[], $3::bytea[], $4::uuid[]) as p (brand_id, slice, digest, id)`,
    [brandIds, digests.map(sliceOfDigest), digests, ids],
  );
}
