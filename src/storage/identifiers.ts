import type { IdentifierKind } from '../domain/identifiers.ts';
import { sliceOfDigest } from '../domain/slices.ts';
import { type Db, sql } from './database.ts';

export interface NewIdentifier {
  brandId: number;
  digest: Buffer;
  kind: IdentifierKind;
  accountId: string;
}

/** Takes an identifier for an account, once. @returns false when it is somebody's already. A racing claim waits for the first to commit. */
export async function claim(db: Db, { brandId, digest, kind, accountId }: NewIdentifier): Promise<boolean> {
  const claimed = await db.run(sql`
    insert into portico.identifiers (brand_id, slice, digest, kind, account_id)
    values (${brandId}, ${sliceOfDigest(digest)}, ${digest}, ${kind}, ${accountId})
    on conflict do nothing`);
  return claimed > 0;
}

/** @returns the account's id. */
export async function find(db: Db, brandId: number, digest: Buffer): Promise<string | undefined> {
  const row = await db.row<{ account_id: string }>(sql`
    select account_id
    from portico.identifiers
    where brand_id = ${brandId} and slice = ${sliceOfDigest(digest)} and digest = ${digest}`);
  return row?.account_id;
}

/** Frees an identifier of this account for others. @returns false when it was not this account's. */
export async function release(db: Db, { brandId, digest, accountId }: Omit<NewIdentifier, 'kind'>): Promise<boolean> {
  const released = await db.run(sql`
    delete from portico.identifiers
    where brand_id = ${brandId} and slice = ${sliceOfDigest(digest)} and digest = ${digest} and account_id = ${accountId}`);
  return released > 0;
}
