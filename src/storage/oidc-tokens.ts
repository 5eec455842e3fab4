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
  grantId: string | null;
  accountId: string | null;
  clientId: string | null;
  payload: Record<string, unknown>;
  expiresAt: number;
  consumedAt: number | null;
  /** Seconds since it was consumed, by the database's clock alone. */
  spentFor: number | null;
}

/** Writes a row, or writes it again as long as it is unspent. @returns false when it was spent meanwhile. */
export async function save(db: Db, brandId: number, key: RowKey, token: NewToken): Promise<boolean> {
  const written = await db.run(sql`
    insert into portico.oidc_tokens as stored
      (brand_id, slice, kind, id, grant_id, account_id, client_id, user_code, payload, expires_at)
    values (${brandId}, ${key.slice}, ${token.kind}, ${key.id}, ${token.grantId}, ${token.accountId}, ${token.clientId},
      ${token.userCode}, ${token.payload}, to_timestamp(${token.expiresAt}))
    on conflict (brand_id, slice, id) do update
    set grant_id = excluded.grant_id, account_id = excluded.account_id, client_id = excluded.client_id,
      payload = excluded.payload, expires_at = excluded.expires_at
    where stored.kind = excluded.kind and stored.consumed_at is null`);
  return written > 0;
}

/**
 * Moves a device code on: pending -> claimed by one session -> answered (RFC 8628 3.3).
 * @returns false when it is no longer in the state the caller saw.
 */
export async function advanceDeviceCode(
  db: Db,
  brandId: number,
  key: RowKey,
  token: NewToken,
  from: 'pending' | 'claimed',
): Promise<boolean> {
  const moved = await db.run(sql`
    update portico.oidc_tokens
    set grant_id = ${token.grantId}, account_id = ${token.accountId}, payload = ${token.payload}
    where brand_id = ${brandId} and slice = ${key.slice} and id = ${key.id} and kind = 'DeviceCode'
      and consumed_at is null
      and account_id is null
      and not payload ? 'error'
      and payload ? 'inFlight' = ${from === 'claimed'}`);
  return moved > 0;
}

export async function find(db: Db, brandId: number, kind: string, key: RowKey): Promise<Token | undefined> {
  return db.row<Token>(sql`
    select id, grant_id as "grantId", account_id as "accountId", client_id as "clientId", payload,
      extract(epoch from expires_at)::float8 as "expiresAt",
      extract(epoch from consumed_at)::float8 as "consumedAt",
      extract(epoch from portico.now() - consumed_at)::float8 as "spentFor"
    from portico.oidc_tokens
    where brand_id = ${brandId} and slice = ${key.slice} and id = ${key.id} and kind = ${kind} and expires_at > portico.now()`);
}

export async function findByUserCode(db: Db, brandId: number, userCode: Buffer): Promise<Token | undefined> {
  return db.row<Token>(sql`
    select id, grant_id as "grantId", account_id as "accountId", client_id as "clientId", payload,
      extract(epoch from expires_at)::float8 as "expiresAt",
      extract(epoch from consumed_at)::float8 as "consumedAt",
      extract(epoch from portico.now() - consumed_at)::float8 as "spentFor"
    from portico.oidc_tokens
    where brand_id = ${brandId} and user_code = ${userCode} and kind = 'DeviceCode' and expires_at > portico.now()`);
}

/** Spends a row. Of any number of callers exactly one gets true. */
export async function take(db: Db, brandId: number, kind: string, key: RowKey): Promise<boolean> {
  const taken = await db.run(sql`
    update portico.oidc_tokens
    set consumed_at = portico.now()
    where brand_id = ${brandId} and slice = ${key.slice} and id = ${key.id} and kind = ${kind}
      and consumed_at is null
      and expires_at > portico.now()`);
  return taken > 0;
}

/** Spends an interaction and keeps it for `seconds`, so that the second of two clicks still finds its way. */
export async function spendInteraction(db: Db, brandId: number, key: RowKey, seconds: number): Promise<void> {
  await db.run(sql`
    update portico.oidc_tokens
    set consumed_at = portico.now(), expires_at = least(expires_at, portico.now() + ${seconds} * interval '1 second')
    where brand_id = ${brandId} and slice = ${key.slice} and id = ${key.id} and kind = 'Interaction' and consumed_at is null`);
}

export async function remove(db: Db, brandId: number, kind: string, key: RowKey): Promise<void> {
  await db.run(sql`
    delete from portico.oidc_tokens
    where brand_id = ${brandId} and slice = ${key.slice} and id = ${key.id} and kind = ${kind}`);
}

/** Deletes what a grant gave, of one kind. Rows that carry a grant stand in its slice. */
export async function revokeKind(db: Db, brandId: number, grantId: string, kind: string): Promise<void> {
  await db.run(sql`
    delete from portico.oidc_tokens
    where brand_id = ${brandId} and slice = ${sliceOfId(grantId)} and grant_id = ${grantId} and kind = ${kind}`);
}

/** Deletes all that a grant gave. */
export async function revokeGrant(db: Db, brandId: number, grantId: string): Promise<number> {
  return db.run(sql`
    delete from portico.oidc_tokens
    where brand_id = ${brandId} and slice = ${sliceOfId(grantId)} and grant_id = ${grantId}`);
}

/** Deletes every code and token of an account. Its grants end first, so that what is written meanwhile is dead too. */
export async function revokeAllOf(db: Db, brandId: number, accountId: string): Promise<number> {
  return db.run(sql`
    delete from portico.oidc_tokens
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId}`);
}

/** Deletes every code and token of a client. It reads all of the brand's rows: for the rare act of an operator, not for a request. */
export async function revokeAllOfClient(db: Db, brandId: number, clientId: string): Promise<number> {
  return db.run(sql`
    delete from portico.oidc_tokens
    where brand_id = ${brandId} and client_id = ${clientId}`);
}
