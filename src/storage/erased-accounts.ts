// Tombstones: that an account was erased and when, and nothing else about it. Also the journal by which a restored copy is erased again.
import { sliceOfAccount } from '../domain/slices.ts';
import { type Db, sql } from './database.ts';

export interface ErasedAccount {
  brandId: number;
  id: string;
  erasedAt: Date;
}

/** What the last mail needs to know of an account that is gone by now. */
export interface RemovedAccount {
  brandId: number;
  id: string;
  email: string | null;
  /** The language it was asked in; null when an operator erased it. */
  locale: string | null;
}

/**
 * Deletes the account's own row, with its password and federated identities: of many at once, one gets it.
 * The password is locked first, as a sign-in does it (accounts.ts, touchLogin), so that the two never wait for each other.
 */
export async function removeAccount(db: Db, brandId: number, id: string): Promise<RemovedAccount | undefined> {
  return db.row<RemovedAccount>(sql`
    with password as materialized (
      select 1
      from portico.passwords
      where brand_id = ${brandId} and slice = ${sliceOfAccount(id)} and account_id = ${id}
      for update
    )
    delete from portico.accounts
    where brand_id = ${brandId} and slice = ${sliceOfAccount(id)} and id = ${id}
      and (select count(*) from password) >= 0
    returning brand_id as "brandId", id, email, coalesce(erase_locale, claims ->> 'locale') as locale`);
}

/**
 * The same with the account whose time came first, of any brand; `skip` passes over so many.
 * One that is being used or erased this moment is passed over too.
 */
export async function removeNextDue(db: Db, { skip }: { skip: number }): Promise<RemovedAccount | undefined> {
  return db.row<RemovedAccount>(sql`
    delete from portico.accounts
    where (brand_id, slice, id) in (
      select brand_id, slice, id
      from portico.accounts
      where erase_after <= portico.now()
      order by erase_after
      limit 1 offset ${skip}
      for update skip locked
    )
    returning brand_id as "brandId", id, email, coalesce(erase_locale, claims ->> 'locale') as locale`);
}

/** Once: a tombstone that stands keeps its time. `erasedAt` only for what a journal tells of. */
export async function insert(db: Db, brandId: number, id: string, erasedAt?: Date): Promise<boolean> {
  const inserted = await db.run(sql`
    insert into portico.erased_accounts (brand_id, slice, id, erased_at)
    values (${brandId}, ${sliceOfAccount(id)}, ${id}, coalesce(${erasedAt ?? null}::timestamptz, portico.now()))
    on conflict (brand_id, slice, id) do nothing`);
  return inserted > 0;
}

/** A page of a brand's journal in the order of its keys; `after` is the last id of the page before. */
export async function list(
  db: Db,
  brandId: number,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<ErasedAccount[]> {
  const [slice, id] = after ? [sliceOfAccount(after), after] : [-1, '00000000-0000-0000-0000-000000000000'];
  return db.rows<ErasedAccount>(sql`
    select brand_id as "brandId", id, erased_at as "erasedAt"
    from portico.erased_accounts
    where brand_id = ${brandId} and (slice, id) > (${slice}, ${id}::uuid)
    order by slice, id
    limit ${limit}`);
}
