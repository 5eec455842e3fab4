import type { Account } from '../domain/accounts.ts';
import type { AccountClaims } from '../domain/claims.ts';
import { type AccountConsents, noConsents } from '../domain/consents.ts';
import type { ProfileAnswers } from '../domain/profile-capture.ts';
import { sliceOfAccount } from '../domain/slices.ts';
import { type Db, sql } from './database.ts';

/** As columns, or as JSON of the whole row in a joined look-up: then times are texts. */
export interface AccountRow {
  brand_id: number;
  id: string;
  email: string | null;
  email_verified: boolean;
  claims: AccountClaims;
  registered_at: Date | string;
  last_login_at: Date | string;
  updated_at: Date | string;
  disabled_at: Date | string | null;
  signed_out_at: Date | string | null;
  signed_out_except: string | null;
  erase_after: Date | string | null;
  consents: Partial<AccountConsents>;
  answers: ProfileAnswers;
  sign_ins: number;
}

export interface NewAccount extends Pick<Account, 'brandId' | 'id' | 'email' | 'emailVerified' | 'claims'> {
  /** Whoever registers is signed in by it: a later sign-in is not the first. */
  entering?: boolean | undefined;
  consents?: AccountConsents | undefined;
  answers?: ProfileAnswers | undefined;
}

/** registered_at and last_login_at are the same moment until the first sign-in; of who is signed in by registering they differ by a hair. */
export async function insert(
  db: Db,
  { brandId, id, email, emailVerified, claims, entering = false, consents = noConsents, answers = {} }: NewAccount,
): Promise<Account> {
  const row = await db.row<AccountRow>(sql`
    insert into portico.accounts (brand_id, slice, id, email, email_verified, claims, consents, answers, sign_ins, last_login_at)
    values (${brandId}, ${sliceOfAccount(id)}, ${id}, ${email}, ${emailVerified}, ${JSON.stringify(claims)}, ${JSON.stringify(consents)},
      ${JSON.stringify(answers)}, ${entering ? 1 : 0}, portico.now() + make_interval(secs => ${entering ? 0.001 : 0}))
    returning brand_id, id, email, email_verified, claims, registered_at, last_login_at, updated_at, disabled_at,
      signed_out_at, signed_out_except, erase_after, consents, answers, sign_ins`);
  return toAccount(row!);
}

/** Disabled accounts too; what is no uuid is nobody's id. */
export async function find(db: Db, brandId: number, id: string): Promise<Account | undefined> {
  if (!isAccountId(id)) return undefined;
  const row = await db.row<AccountRow>(sql`
    select brand_id, id, email, email_verified, claims, registered_at, last_login_at, updated_at, disabled_at,
      signed_out_at, signed_out_except, erase_after, consents, answers, sign_ins
    from portico.accounts
    where brand_id = ${brandId} and slice = ${sliceOfAccount(id)} and id = ${id}`);
  return row && toAccount(row);
}

/**
 * Notes a sign-in; undefined when the account is disabled or gone, so that a disabled account never signs in, or when `hash`, the
 * password it was checked against, is its password no more: one that is changed at this very moment lets nobody in. `firstLogin`: it never
 * signed in with a password before (the statement still sees the row as it was).
 */
export async function touchLogin(
  db: Db,
  brandId: number,
  id: string,
  hash?: string,
): Promise<(Account & { firstLogin: boolean }) | undefined> {
  const row = await db.row<AccountRow & { first_login: boolean }>(sql`
    with password as materialized (
      select hash
      from portico.passwords
      where brand_id = ${brandId} and slice = ${sliceOfAccount(id)} and account_id = ${id} and hash = ${hash ?? null}
      for no key update
    )
    update portico.accounts
    set last_login_at = portico.now(), sign_ins = sign_ins + 1
    where brand_id = ${brandId} and slice = ${sliceOfAccount(id)} and id = ${id} and disabled_at is null
      and (${hash ?? null}::text is null or exists (select from password))
    returning brand_id, id, email, email_verified, claims, registered_at, last_login_at, updated_at, disabled_at,
      signed_out_at, signed_out_except, erase_after, consents, answers, sign_ins,
      (select last_login_at <= registered_at
       from portico.accounts before
       where brand_id = ${brandId} and slice = ${sliceOfAccount(id)} and before.id = ${id}) as first_login`);
  return row && { ...toAccount(row), firstLogin: row.first_login };
}

/**
 * The account is found, and written to, at another address now, which its owner has proved.
 * @returns the address before; undefined when there is no such account or it is disabled. Two changes at once wait for each other.
 */
export async function setEmail(db: Db, brandId: number, id: string, email: string): Promise<{ before: string | null } | undefined> {
  return db.row<{ before: string | null }>(sql`
    with account as materialized (
      select email
      from portico.accounts
      where brand_id = ${brandId} and slice = ${sliceOfAccount(id)} and id = ${id} and disabled_at is null
      for no key update
    )
    update portico.accounts
    set email = ${email}, email_verified = true, updated_at = portico.now()
    from account
    where brand_id = ${brandId} and slice = ${sliceOfAccount(id)} and id = ${id}
    returning account.email as before`);
}

/** Its owner has read a mail that went to `email`. @returns false when that is not its address any more, or there is no such account. */
export async function verifyEmail(db: Db, brandId: number, id: string, email: string): Promise<boolean> {
  const changed = await db.run(sql`
    update portico.accounts
    set email_verified = true, updated_at = case when email_verified then updated_at else portico.now() end
    where brand_id = ${brandId} and slice = ${sliceOfAccount(id)} and id = ${id} and email = ${email}`);
  return changed > 0;
}

/** @returns false when there is no such account or it is disabled already. */
export async function disable(db: Db, brandId: number, id: string): Promise<boolean> {
  if (!isAccountId(id)) return false;
  const changed = await db.run(sql`
    update portico.accounts
    set disabled_at = portico.now(), updated_at = portico.now()
    where brand_id = ${brandId} and slice = ${sliceOfAccount(id)} and id = ${id} and disabled_at is null`);
  return changed > 0;
}

/** @returns false when there is no such account or it is not disabled. */
export async function enable(db: Db, brandId: number, id: string): Promise<boolean> {
  if (!isAccountId(id)) return false;
  const changed = await db.run(sql`
    update portico.accounts
    set disabled_at = null, updated_at = portico.now()
    where brand_id = ${brandId} and slice = ${sliceOfAccount(id)} and id = ${id} and disabled_at is not null`);
  return changed > 0;
}

/** Its owner wants it erased in so many seconds. @returns from when on; undefined when that was said already, or there is no such account. */
export async function setEraseAfter(
  db: Db,
  brandId: number,
  id: string,
  { seconds, locale }: { seconds: number; locale: string },
): Promise<(Pick<Account, 'email' | 'emailVerified'> & { eraseAfter: Date }) | undefined> {
  return db.row(sql`
    update portico.accounts
    set erase_after = portico.now() + make_interval(secs => ${seconds}), erase_locale = ${locale}, updated_at = portico.now()
    where brand_id = ${brandId} and slice = ${sliceOfAccount(id)} and id = ${id} and erase_after is null
    returning email, email_verified as "emailVerified", erase_after as "eraseAfter"`);
}

/** It stays after all. @returns false when nobody wanted it erased, or it is gone. */
export async function clearEraseAfter(db: Db, brandId: number, id: string): Promise<boolean> {
  const changed = await db.run(sql`
    update portico.accounts
    set erase_after = null, erase_locale = null, updated_at = portico.now()
    where brand_id = ${brandId} and slice = ${sliceOfAccount(id)} and id = ${id} and erase_after is not null`);
  return changed > 0;
}

/**
 * The mailbox was proved (`mailed`), or an operator vouches for the person. The row stays locked until the transaction ends, so that of
 * several recoveries one goes first. @returns undefined when the account is disabled, gone, or has another address by now.
 */
export async function recover(
  db: Db,
  brandId: number,
  id: string,
  { email, mailed }: { email: string | undefined; mailed: boolean },
): Promise<Account | undefined> {
  const row = await db.row<AccountRow>(sql`
    update portico.accounts
    set email_verified = email_verified or ${mailed}::boolean,
      updated_at = case when email_verified or not ${mailed}::boolean then updated_at else portico.now() end
    where brand_id = ${brandId} and slice = ${sliceOfAccount(id)} and id = ${id} and disabled_at is null
      and (${email ?? null}::text is null or email = ${email ?? null}::text)
    returning brand_id, id, email, email_verified, claims, registered_at, last_login_at, updated_at, disabled_at,
      signed_out_at, signed_out_except, erase_after, consents, answers, sign_ins`);
  return row && toAccount(row);
}

/** Reads the account and holds it until the transaction ends; undefined when it is disabled or gone. */
export async function lock(db: Db, brandId: number, id: string): Promise<Account | undefined> {
  const row = await db.row<AccountRow>(sql`
    select brand_id, id, email, email_verified, claims, registered_at, last_login_at, updated_at, disabled_at,
      signed_out_at, signed_out_except, erase_after, consents, answers, sign_ins
    from portico.accounts
    where brand_id = ${brandId} and slice = ${sliceOfAccount(id)} and id = ${id} and disabled_at is null
    for no key update`);
  return row && toAccount(row);
}

/** A page of a brand's accounts in the order of their keys; `after` is the last id of the page before. */
export async function list(db: Db, brandId: number, { limit, after }: { limit: number; after?: string }): Promise<Account[]> {
  const [slice, id] = after && isAccountId(after) ? [sliceOfAccount(after), after] : [-1, '00000000-0000-0000-0000-000000000000'];
  const rows = await db.rows<AccountRow>(sql`
    select brand_id, id, email, email_verified, claims, registered_at, last_login_at, updated_at, disabled_at,
      signed_out_at, signed_out_except, erase_after, consents, answers, sign_ins
    from portico.accounts
    where brand_id = ${brandId} and (slice, id) > (${slice}, ${id}::uuid)
    order by slice, id
    limit ${limit}`);
  return rows.map(toAccount);
}

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

function isAccountId(id: string): boolean {
  return uuid.test(id);
}

export function toAccount(row: AccountRow): Account {
  return {
    brandId: row.brand_id,
    id: row.id,
    email: row.email,
    emailVerified: row.email_verified,
    claims: row.claims,
    registeredAt: new Date(row.registered_at),
    lastLoginAt: new Date(row.last_login_at),
    updatedAt: new Date(row.updated_at),
    disabledAt: dateOf(row.disabled_at),
    signedOutAt: dateOf(row.signed_out_at),
    signedOutExcept: row.signed_out_except,
    eraseAfter: dateOf(row.erase_after),
    consents: { ...noConsents, ...row.consents },
    answers: row.answers,
    signIns: row.sign_ins,
  };
}

function dateOf(value: Date | string | null): Date | null {
  return value ? new Date(value) : null;
}
