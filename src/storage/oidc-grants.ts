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

/** What a client may do for an account, over all the grants that still open something. */
export interface ClientGrants {
  clientId: string;
  since: Date;
  payloads: Record<string, unknown>[];
}

/** Of an account: grants that a living session knows, or that tokens hang on which need none. */
export async function listLiving(db: Db, brandId: number, accountId: string): Promise<ClientGrants[]> {
  return db.rows<ClientGrants>(sql`
    select g.client_id as "clientId", min(g.created_at) as since, json_agg(g.payload order by g.created_at) as payloads
    from portico.oidc_grants g
    where g.brand_id = ${brandId} and g.slice = ${sliceOfAccount(accountId)} and g.account_id = ${accountId}
      and g.expires_at > portico.now()
      and (exists (
        select from portico.oidc_sessions s
        where s.brand_id = g.brand_id and s.slice = g.slice and s.account_id = g.account_id and s.expires_at > portico.now()
          and s.payload #>> array['authorizations', g.client_id, 'grantId'] = g.id
      ) or exists (
        select from portico.oidc_tokens t
        where t.brand_id = g.brand_id and t.slice = g.slice and t.grant_id = g.id and t.expires_at > portico.now()
          and t.consumed_at is null and not t.payload ? 'expiresWithSession'
      ))
    group by g.client_id
    order by min(g.created_at) desc`);
}

/** Ends these grants of an account. Call it before `oidcTokens.revokeGrant`. @returns how many had not ended and are the account's. */
export async function end(db: Db, brandId: number, accountId: string, ids: readonly string[]): Promise<number> {
  return db.run(sql`
    delete from portico.oidc_grants
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and id = any(${ids}) and account_id = ${accountId}`);
}

/** Ends what an account allowed one client, in every session. Call it before `oidcTokens.revokeClientOf`. @returns how many. */
export async function revokeClientOf(db: Db, brandId: number, accountId: string, clientId: string): Promise<number> {
  return db.run(sql`
    delete from portico.oidc_grants
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId} and client_id = ${clientId}`);
}

/** Ends everything an account ever allowed a client. Call it before `oidcTokens.revokeAllOf`. */
export async function revokeAllOf(db: Db, brandId: number, accountId: string): Promise<number> {
  return db.run(sql`
    delete from portico.oidc_grants
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId}`);
}

/** Ends what an account allowed clients in other sessions than this one. Call it before `oidcTokens.revokeOthersOf`. */
export async function revokeOthersOf(db: Db, brandId: number, accountId: string, keepSessionUid: string): Promise<number> {
  const slice = sliceOfAccount(accountId);
  return db.run(sql`
    delete from portico.oidc_grants
    where brand_id = ${brandId} and slice = ${slice} and account_id = ${accountId}
      and id not in (
        select value ->> 'grantId'
        from portico.oidc_sessions
        cross join lateral jsonb_each(payload -> 'authorizations')
        where brand_id = ${brandId} and slice = ${slice} and uid = ${keepSessionUid} and account_id = ${accountId}
          and expires_at > portico.now() and value ->> 'grantId' is not null
      )`);
}

/** Ends everything anybody of the brand ever allowed a client. Call it before `oidcTokens.revokeAllOfClient`. */
export async function revokeAllOfClient(db: Db, brandId: number, clientId: string): Promise<number> {
  return db.run(sql`
    delete from portico.oidc_grants
    where brand_id = ${brandId} and client_id = ${clientId}`);
}
