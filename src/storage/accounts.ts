import type { Account } from '../domain/accounts.ts';
import type { AccountClaims } from '../domain/claims.ts';
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
  erase_after: Date | string | null;
}

export type NewAccount = Pick<Account, 'brandId' | 'id' | 'email' | 'emailVerified' | 'claims'>;

/** registered_at and last_login_at are the same moment until the first sign-in. */
export async function insert(db: Db, { brandId, id, email, emailVerified, claims }: NewAccount): Promise<Account> {
  const row = await db.row<AccountRow>(sql`
    insert into portico.accounts (brand_id, slice, id, email, email_verified, claims)
    values (${brandId}, ${sliceOfAccount(id)}, ${id}, ${email}, ${emailVerified}, ${JSON.stringify(claims)})
    returning brand_id, id, email, email_verified, claims, registered_at, last_login_at, updated_at, disabled_at,
      signed_out_at, erase_after`);
  return toAccount(row!);
}

/** Disabled accounts too; what is no uuid is nobody's id. */
export async function find(db: Db, brandId: number, id: string): Promise<Account | undefined> {
  if (!isAccountId(id)) return undefined;
  const row = await db.row<AccountRow>(sql`
    select brand_id, id, email, email_verified, claims, registered_at, last_login_at, updated_at, disabled_at,
      signed_out_at, erase_after
    from portico.accounts
    where brand_id = ${brandId} and slice = ${sliceOfAccount(id)} and id = ${id}`);
  return row && toAccount(row);
}

/** Notes a sign-in; undefined when the account is disabled or gone, so that a disabled account never signs in. */
export async function touchLogin(db: Db, brandId: number, id: string): Promise<Account | undefined> {
  const row = await db.row<AccountRow>(sql`
    update portico.accounts
    set last_login_at = portico.now()
    where brand_id = ${brandId} and slice = ${sliceOfAccount(id)} and id = ${id} and disabled_at is null
    returning brand_id, id, email, email_verified, claims, registered_at, last_login_at, updated_at, disabled_at,
      signed_out_at, erase_after`);
  return row && toAccount(row);
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

/** A page of a brand's accounts in the order of their keys; `after` is the last id of the page before. */
export async function list(db: Db, brandId: number, { limit, after }: { limit: number; after?: string }): Promise<Account[]> {
  const [slice, id] = after && isAccountId(after) ? [sliceOfAccount(after), after] : [-1, '00000000-0000-0000-0000-000000000000'];
  const rows = await db.rows<AccountRow>(sql`
    select brand_id, id, email, email_verified, claims, registered_at, last_login_at, updated_at, disabled_at,
      signed_out_at, erase_after
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
    eraseAfter: dateOf(row.erase_after),
  };
}

function dateOf(value: Date | string | null): Date | null {
  return value ? new Date(value) : null;
}
