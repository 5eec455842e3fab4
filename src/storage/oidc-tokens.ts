// Codes, tokens, pushed requests, device codes and interactions: written once, spent once.
import { sliceOfAccount, sliceOfId } from '../domain/slices.ts';
import { type Db, sql } from './database.ts';

/** Where a row stands: the slice its id carries and the sha256 of the id. */
export interface RowKey {
  slice: number;
  id: Buffer;
}

export interface NewToken {
  kind: string;
  grantId: string | undefined;
  accountId: string | undefined;
  clientId: string | undefined;
  /** A digest; device codes only. */
  userCode: Buffer | undefined;
  /** JSON. */
  payload: string;
  /** Seconds since 1970; Infinity for what never expires. */
  expiresAt: number;
}

export interface Token {
  id: Buffer;
  kind: string;
  grantId: string | null;
  accountId: string | null;
  clientId: string | null;
  payload: Record<string, unknown>;
  expiresAt: number;
  consumedAt: number | null;
  /** Seconds since it was consumed, by the database's clock alone. */
  spentFor: number | null;
}

export async function find(db: Db, brandId: number, key: RowKey): Promise<Token | undefined> {
  return db.row<Token>(sql`
    select id, kind, grant_id as "grantId", account_id as "accountId", client_id as "clientId", payload,
      extract(epoch from expires_at)::float8 as "expiresAt",
      extract(epoch from consumed_at)::float8 as "consumedAt",
      extract(epoch from portico.now() - consumed_at)::float8 as "spentFor"
    from portico.oidc_tokens
    where brand_id = ${brandId} and slice = ${key.slice} and id = ${key.id} and expires_at > portico.now()`);
}

export async function findByUserCode(db: Db, brandId: number, userCode: Buffer): Promise<Token | undefined> {
  return db.row<Token>(sql`
    select id, kind, grant_id as "grantId", account_id as "accountId", client_id as "clientId", payload,
      extract(epoch from expires_at)::float8 as "expiresAt",
      extract(epoch from consumed_at)::float8 as "consumedAt",
      extract(epoch from portico.now() - consumed_at)::float8 as "spentFor"
    from portico.oidc_tokens
    where brand_id = ${brandId} and user_code = ${userCode} and kind = 'DeviceCode' and expires_at > portico.now()`);
}

/** Deletes all that a grant gave. */
export async function revokeGrant(db: Db, brandId: number, grantId: string): Promise<number> {
  return db.run(sql`
    delete from portico.oidc_tokens
    where brand_id = ${brandId} and slice = ${sliceOfId(grantId)} and grant_id = ${grantId}`);
}

/** An app that stays signed in whatever becomes of the browser it came from: a phone's, a television's. */
export interface UnboundApp {
  grantId: string;
  clientId: string;
  grantedAt: Date;
  usedAt: Date;
}

/** Those of an account that can still get tokens, the last used first. */
export async function listUnboundApps(db: Db, brandId: number, accountId: string): Promise<UnboundApp[]> {
  return db.rows<UnboundApp>(sql`
    select g.id as "grantId", g.client_id as "clientId", g.created_at as "grantedAt", max(t.created_at) as "usedAt"
    from portico.oidc_tokens t
    join portico.oidc_grants g
      on g.brand_id = t.brand_id and g.slice = t.slice and g.id = t.grant_id and g.expires_at > portico.now()
    where t.brand_id = ${brandId} and t.slice = ${sliceOfAccount(accountId)} and t.account_id = ${accountId}
      and t.kind = 'RefreshToken' and t.consumed_at is null and t.expires_at > portico.now() and not t.payload ? 'expiresWithSession'
    group by g.id, g.client_id, g.created_at
    order by max(t.created_at) desc`);
}

/** Deletes every code and token of an account. Its grants end first, so that what is written meanwhile is dead too. */
export async function revokeAllOf(db: Db, brandId: number, accountId: string): Promise<number> {
  return db.run(sql`
    delete from portico.oidc_tokens
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId}`);
}

/** Deletes the codes and tokens of an account that were not given in this session, or whose grant has ended. */
export async function revokeOthersOf(db: Db, brandId: number, accountId: string, keepSessionUid: string): Promise<number> {
  const slice = sliceOfAccount(accountId);
  return db.run(sql`
    delete from portico.oidc_tokens
    where brand_id = ${brandId} and slice = ${slice} and account_id = ${accountId}
      and (payload ->> 'sessionUid' is distinct from ${keepSessionUid} or not exists (
        select from portico.oidc_grants
        where oidc_grants.brand_id = oidc_tokens.brand_id and oidc_grants.slice = oidc_tokens.slice and oidc_grants.id = oidc_tokens.grant_id
      ))`);
}

/** Deletes the codes and tokens that one client has of an account. */
export async function revokeClientOf(db: Db, brandId: number, accountId: string, clientId: string): Promise<number> {
  return db.run(sql`
    delete from portico.oidc_tokens
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId} and client_id = ${clientId}`);
}

/** Deletes every code and token of a client. It reads all of the brand's rows: for the rare act of an operator, not for a request. */
export async function revokeAllOfClient(db: Db, brandId: number, clientId: string): Promise<number> {
  return db.run(sql`
    delete from portico.oidc_tokens
    where brand_id = ${brandId} and client_id = ${clientId}`);
}
