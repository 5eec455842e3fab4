// Sessions of end-users at the provider, found by the digest of the cookie's value, by uid, or by account.
import { sliceOfAccount, sliceOfId } from '../domain/slices.ts';
import { type Db, sql } from './database.ts';
import type { RowKey } from './oidc-tokens.ts';

export interface NewSession {
  uid: string;
  accountId: string | undefined;
  /** JSON. */
  payload: string;
  /** Seconds since 1970. */
  expiresAt: number;
}

export interface StoredSession {
  id: Buffer;
  uid: string;
  accountId: string | null;
  payload: Record<string, unknown>;
  expiresAt: number;
}

/** What the account's settings page and the console show of a session. */
export interface SessionSummary {
  uid: string;
  createdAt: Date;
  expiresAt: Date;
  clientIds: string[];
}

/** A relying party that has to hear of the end of a session (OpenID Connect Back-Channel Logout 1.0, 2.4). */
export interface EndedSession {
  clientId: string;
  sid: string;
  accountId: string;
}

export async function find(db: Db, brandId: number, key: RowKey): Promise<StoredSession | undefined> {
  return db.row<StoredSession>(sql`
    select id, uid, account_id as "accountId", payload, extract(epoch from expires_at)::float8 as "expiresAt"
    from portico.oidc_sessions
    where brand_id = ${brandId} and slice = ${key.slice} and id = ${key.id} and expires_at > portico.now()`);
}

/** The newest row of a session: two tabs may have renewed its id at once. */
export async function findByUid(db: Db, brandId: number, uid: string): Promise<StoredSession | undefined> {
  return db.row<StoredSession>(sql`
    select id, uid, account_id as "accountId", payload, extract(epoch from expires_at)::float8 as "expiresAt"
    from portico.oidc_sessions
    where brand_id = ${brandId} and slice = ${sliceOfId(uid)} and uid = ${uid} and expires_at > portico.now()
    order by created_at desc
    limit 1`);
}

/** The live sessions of an account, newest first. */
export async function listOf(db: Db, brandId: number, accountId: string): Promise<SessionSummary[]> {
  return db.rows<SessionSummary>(sql`
    select uid, min(created_at) as "createdAt", max(expires_at) as "expiresAt",
      coalesce(array_agg(distinct client_id) filter (where client_id is not null), '{}') as "clientIds"
    from portico.oidc_sessions
    left join lateral jsonb_object_keys(payload -> 'authorizations') as client_id on true
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId} and expires_at > portico.now()
    group by uid
    order by min(created_at) desc`);
}

/** Ends one session of an account. @returns whom to tell. */
export async function end(db: Db, brandId: number, accountId: string, uid: string): Promise<EndedSession[]> {
  const rows = await db.rows<EndedRow>(sql`
    delete from portico.oidc_sessions
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and uid = ${uid} and account_id = ${accountId}
    returning payload -> 'authorizations' as authorizations`);
  return ended(accountId, rows);
}

/** Ends every session of an account. @returns whom to tell. */
export async function endAllOf(db: Db, brandId: number, accountId: string): Promise<EndedSession[]> {
  const rows = await db.rows<EndedRow>(sql`
    delete from portico.oidc_sessions
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId}
    returning payload -> 'authorizations' as authorizations`);
  return ended(accountId, rows);
}

interface EndedRow {
  authorizations: Record<string, { sid?: string }> | null;
}

function ended(accountId: string, rows: EndedRow[]): EndedSession[] {
  const known = new Map<string, EndedSession>();
  for (const [clientId, { sid }] of rows.flatMap((row) => Object.entries(row.authorizations ?? {}))) {
    if (sid) known.set(`${clientId} ${sid}`, { clientId, sid, accountId });
  }
  return [...known.values()];
}
