import { sliceOfAccount } from '../domain/slices.ts';
import { type Db, sql } from './database.ts';

/** `hash` is a PHC string. Takes the place of the former password. */
export async function save(db: Db, brandId: number, accountId: string, hash: string): Promise<void> {
  await db.run(sql`
    insert into portico.passwords (brand_id, slice, account_id, hash)
    values (${brandId}, ${sliceOfAccount(accountId)}, ${accountId}, ${hash})
    on conflict (brand_id, slice, account_id) do update
    set hash = excluded.hash, changed_at = excluded.changed_at`);
}

export async function find(db: Db, brandId: number, accountId: string): Promise<string | undefined> {
  const row = await db.row<{ hash: string }>(sql`
    select hash
    from portico.passwords
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId}`);
  return row?.hash;
}

/**
 * The hash to sign in with: none for a disabled account, so that sign-in does the same for it as for nobody.
 * Without an account the same statement runs and finds nothing.
 */
export async function findUsable(db: Db, brandId: number, accountId: string | undefined): Promise<string | undefined> {
  const id = accountId ?? '00000000-0000-0000-0000-000000000000';
  const row = await db.row<{ hash: string }>(sql`
    select p.hash
    from portico.passwords p
    where p.brand_id = ${brandId} and p.slice = ${sliceOfAccount(id)} and p.account_id = ${id}
      and exists (
        select from portico.accounts a
        where a.brand_id = p.brand_id and a.slice = p.slice and a.id = p.account_id and a.disabled_at is null
      )`);
  return row?.hash;
}

/** The same password under a new hash. A password that was changed meanwhile stays. */
export async function rehash(db: Db, brandId: number, accountId: string, hashes: { from: string; to: string }): Promise<void> {
  await db.run(sql`
    update portico.passwords
    set hash = ${hashes.to}
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId} and hash = ${hashes.from}`);
}

/** A new password in the place of one that was shown. @returns false when it is another by now, or there is none any more. */
export async function change(db: Db, brandId: number, accountId: string, hashes: { from: string; to: string }): Promise<boolean> {
  const changed = await db.run(sql`
    update portico.passwords
    set hash = ${hashes.to}, changed_at = portico.now()
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId} and hash = ${hashes.from}`);
  return changed > 0;
}

/** What opened the account until now opens it no more. @returns false when it never had a password. */
export async function replace(db: Db, brandId: number, accountId: string, hash: string): Promise<boolean> {
  const replaced = await db.run(sql`
    update portico.passwords
    set hash = ${hash}, changed_at = portico.now()
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId}`);
  return replaced > 0;
}

/** When the password became what it is; undefined when there is none. */
export async function changedAt(db: Db, brandId: number, accountId: string): Promise<Date | undefined> {
  const row = await db.row<{ changedAt: Date }>(sql`
    select changed_at as "changedAt"
    from portico.passwords
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId}`);
  return row?.changedAt;
}
