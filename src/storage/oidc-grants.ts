// What an account lets a client do. A code or token is worth nothing without its grant: deleting the grant ends them all.
import { sliceOfAccount, sliceOfId } from '../domain/slices.ts';
import { type Db, sql } from './database.ts';

export interface NewGrant {
  accountId: string;
  clientId: string;
  /** JSON. */
  payload: string;
  /** Seconds since 1970. */
  expiresAt: number;
}

export interface Grant {
  accountId: string;
  clientId: string;
  payload: Record<string, unknown>;
  expiresAt: number;
}

export async function find(db: Db, brandId: number, id: string): Promise<Grant | undefined> {
  return db.row<Grant>(sql`
    select account_id as "accountId", client_id as "clientId", payload, extract(epoch from expires_at)::float8 as "expiresAt"
    from portico.oidc_grants
    where brand_id = ${brandId} and slice = ${sliceOfId(id)} and id = ${id} and expires_at > portico.now()`);
}

export async function remove(db: Db, brandId: number, id: string): Promise<void> {
  await db.run(sql`
    delete from portico.oidc_grants
    where brand_id = ${brandId} and slice = ${sliceOfId(id)} and id = ${id}`);
}

/** Ends everything an account ever allowed a client. Call it before `oidcTokens.revokeAllOf`. */
export async function revokeAllOf(db: Db, brandId: number, accountId: string): Promise<number> {
  return db.run(sql`
    delete from portico.oidc_grants
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId}`);
}

/** Ends everything anybody of the brand ever allowed a client. Call it before `oidcTokens.revokeAllOfClient`. */
export async function revokeAllOfClient(db: Db, brandId: number, clientId: string): Promise<number> {
  return db.run(sql`
    delete from portico.oidc_grants
    where brand_id = ${brandId} and client_id = ${clientId}`);
}
