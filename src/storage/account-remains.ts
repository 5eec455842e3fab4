// What is left of an account whose own row is gone: everything that names it in another table, or tells a person.
import { sliceOfAccount } from '../domain/slices.ts';
import * as accountAccess from './account-access.ts';
import { type Db, sql } from './database.ts';
import * as identifiers from './identifiers.ts';
import * as oneTimeCodes from './one-time-codes.ts';

/** Ends and deletes it all, in the transaction that deleted the account. Clients it was signed in at are told. */
export async function removeAllOf(db: Db, brandId: number, accountId: string): Promise<void> {
  await accountAccess.endAll(db, brandId, accountId);
  await identifiers.releaseAllOf(db, brandId, accountId);
  await oneTimeCodes.removeAllOf(db, brandId, accountId);
  await forgetPersonal(db, brandId, accountId);
}

const BATCH = 5_000;

/**
 * The audit trail keeps that something happened; from where and by which device goes, with the salt that could prove a guess.
 * In batches: somebody who was attacked for years has more rows than one statement may take.
 */
async function forgetPersonal(db: Db, brandId: number, accountId: string): Promise<void> {
  let emptied = BATCH;
  while (emptied === BATCH) {
    emptied = await db.run(sql`
      update portico.audit_events
      set personal = null, salt = null
      where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId}
        and id = any(array(
          select id
          from portico.audit_events
          where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId} and personal is not null
          limit ${BATCH}
        ))`);
  }
}

/**
 * What a request that was on its way wrote after the erasure: dead, since every use looks for the account, but there.
 * One statement for all that were erased of late; requests live for seconds. @returns how many rows went.
 */
export async function removeLate(db: Db): Promise<number> {
  const row = await db.row<{ count: number }>(sql`
    with erased as (
      select brand_id, slice, id
      from portico.erased_accounts e
      where erased_at > portico.now() - interval '15 minutes'
        and not exists (select from portico.accounts a where a.brand_id = e.brand_id and a.slice = e.slice and a.id = e.id)
    ), sessions as (
      delete from portico.oidc_sessions t using erased e
      where t.brand_id = e.brand_id and t.slice = e.slice and t.account_id = e.id
      returning 1
    ), grants as (
      delete from portico.oidc_grants t using erased e
      where t.brand_id = e.brand_id and t.slice = e.slice and t.account_id = e.id
      returning 1
    ), tokens as (
      delete from portico.oidc_tokens t using erased e
      where t.brand_id = e.brand_id and t.slice = e.slice and t.account_id = e.id
      returning 1
    ), codes as (
      delete from portico.one_time_codes t using erased e
      where t.brand_id = e.brand_id and t.slice = e.slice and t.account_id = e.id
      returning 1
    ), claimed as (
      delete from portico.identifiers t using erased e
      where t.brand_id = e.brand_id and t.account_id = e.id
      returning 1
    ), told as (
      update portico.audit_events t
      set personal = null, salt = null
      from erased e
      where t.brand_id = e.brand_id and t.slice = e.slice and t.account_id = e.id and t.personal is not null
      returning 1
    )
    select (select count(*) from sessions)::int + (select count(*) from grants)::int + (select count(*) from tokens)::int
      + (select count(*) from codes)::int + (select count(*) from claimed)::int + (select count(*) from told)::int as count`);
  return row?.count ?? 0;
}
