import type { IdentifierKind } from '../domain/identifiers.ts';
import { sliceOfDigest } from '../domain/slices.ts';
import { type Db, sql } from './database.ts';

export interface NewIdentifier {
  brandId: number;
  digest: Buffer;
  kind: IdentifierKind;
  accountId: string;
}

/**
 * Takes an identifier for an account, once. @returns false when it is somebody's already, or held for somebody who gave it up of late.
 * A racing claim waits for the first to commit.
 */
export async function claim(db: Db, { brandId, digest, kind, accountId }: NewIdentifier): Promise<boolean> {
  const claimed = await db.run(sql`
    insert into portico.identifiers (brand_id, slice, digest, kind, account_id)
    values (${brandId}, ${sliceOfDigest(digest)}, ${digest}, ${kind}, ${accountId})
    on conflict (brand_id, slice, digest) do update
    set kind = excluded.kind, account_id = excluded.account_id, held_until = null, created_at = excluded.created_at
    where identifiers.held_until < portico.now()
      or (identifiers.held_until is not null and identifiers.account_id = excluded.account_id)`);
  return claimed > 0;
}

/** @returns the account's id. */
export async function find(db: Db, brandId: number, digest: Buffer): Promise<string | undefined> {
  const row = await db.row<{ account_id: string }>(sql`
    select account_id
    from portico.identifiers
    where brand_id = ${brandId} and slice = ${sliceOfDigest(digest)} and digest = ${digest} and held_until is null`);
  return row?.account_id;
}

/** Whose it is, also while it is held: whether another account may have it. @returns the account's id. */
export async function findHolder(db: Db, brandId: number, digest: Buffer): Promise<string | undefined> {
  const row = await db.row<{ account_id: string }>(sql`
    select account_id
    from portico.identifiers
    where brand_id = ${brandId} and slice = ${sliceOfDigest(digest)} and digest = ${digest}
      and (held_until is null or held_until > portico.now())`);
  return row?.account_id;
}

/** This account gives the identifier up and is found by it no more, but nobody else may take it for so many seconds. */
export async function hold(
  db: Db,
  { brandId, digest, accountId }: Omit<NewIdentifier, 'kind'>,
  { seconds }: { seconds: number },
): Promise<boolean> {
  const held = await db.run(sql`
    update portico.identifiers
    set held_until = portico.now() + make_interval(secs => ${seconds})
    where brand_id = ${brandId} and slice = ${sliceOfDigest(digest)} and digest = ${digest} and account_id = ${accountId}
      and held_until is null`);
  return held > 0;
}

/** Frees everything an account was ever found by. */
export function releaseAllOf(db: Db, brandId: number, accountId: string): Promise<number> {
  return db.run(sql`
    delete from portico.identifiers
    where brand_id = ${brandId} and account_id = ${accountId}`);
}

/**
 * Frees the identifiers of a kind that an account came by since it gave up this one, which it keeps: those it has, and those it gave up
 * later, whose hold lasts beyond `heldBeyond`.
 */
export function releaseLater(
  db: Db,
  { brandId, kind, accountId, digest }: NewIdentifier,
  { heldBeyond }: { heldBeyond: Date },
): Promise<number> {
  return db.run(sql`
    delete from portico.identifiers
    where brand_id = ${brandId} and account_id = ${accountId} and kind = ${kind} and digest <> ${digest}
      and (held_until is null or held_until > ${heldBeyond}::timestamptz + interval '1 millisecond')`);
}

/** Those that were given up long enough ago are nobody's. */
export function deleteGivenUp(db: Db, batch: number): Promise<number> {
  return db.run(sql`
    delete from portico.identifiers
    where (brand_id, slice, digest) in (
      select brand_id, slice, digest
      from portico.identifiers
      where held_until < portico.now()
      order by held_until
      limit ${batch}
      for update skip locked
    )`);
}

/** Frees an identifier of this account for others. @returns false when it was not this account's. */
export async function release(db: Db, { brandId, digest, accountId }: Omit<NewIdentifier, 'kind'>): Promise<boolean> {
  const released = await db.run(sql`
    delete from portico.identifiers
    where brand_id = ${brandId} and slice = ${sliceOfDigest(digest)} and digest = ${digest} and account_id = ${accountId}`);
  return released > 0;
}
