// Sessions of end-users at the provider, found by the digest of the cookie's value, by uid, or by account.
import type { Account } from '../domain/accounts.ts';
import { ACCOUNT_CLIENT } from '../domain/clients.ts';
import { sliceOfAccount, sliceOfId } from '../domain/slices.ts';
import { type AccountRow, toAccount } from './accounts.ts';
import { type Db, sql } from './database.ts';
import type { RowKey } from './oidc-tokens.ts';

export interface NewSession {
  /** Seconds since 1970, of the sign-in. */
  signedInAt?: number | undefined;
  uid: string;
  accountId: string | undefined;
  /** JSON. */
  payload: string;
  /** Seconds since 1970. */
  expiresAt: number;
  /** What its owner recognises it by (domain/sources.ts); what was known stays when nothing is said. */
  device?: string | undefined;
  network?: string | undefined;
}

export interface StoredSession {
  id: Buffer;
  uid: string;
  accountId: string | null;
  payload: Record<string, unknown>;
  expiresAt: number;
  /** Its id was renewed: it is known for a moment more. */
  retired?: boolean;
}

/** What the account's settings page and the console show of a session. */
export interface SessionSummary {
  uid: string;
  createdAt: Date;
  expiresAt: Date;
  /** Null for one that an older version wrote. */
  usedAt: Date | null;
  device: string | null;
  network: string | null;
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

/** The account of a living session, unless it is disabled. One statement: what is signed in by a session ends with it. */
export async function findAccount(db: Db, brandId: number, accountId: string, uid: string): Promise<Account | undefined> {
  const row = await db.row<AccountRow>(sql`
    select brand_id, id, email, email_verified, claims, registered_at, last_login_at, updated_at, disabled_at,
      signed_out_at, signed_out_except, erase_after, consents, answers, sign_ins
    from portico.accounts a
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and id = ${accountId} and disabled_at is null
      and exists (
        select from portico.oidc_sessions s
        where s.brand_id = a.brand_id and s.slice = a.slice and s.uid = ${uid} and s.account_id = a.id and s.expires_at > portico.now())`);
  return row && toAccount(row);
}

/** The live sessions of an account, newest first. */
export async function listOf(db: Db, brandId: number, accountId: string): Promise<SessionSummary[]> {
  return db.rows<SessionSummary>(sql`
    select uid, min(created_at) as "createdAt", max(expires_at) as "expiresAt", max(used_at) as "usedAt",
      (array_agg(device order by created_at desc))[1] as device,
      (array_agg(network order by created_at desc))[1] as network,
      coalesce(array_agg(distinct client_id) filter (where client_id <> ${ACCOUNT_CLIENT}), '{}') as "clientIds"
    from portico.oidc_sessions
    left join lateral jsonb_object_keys(payload -> 'authorizations') as client_id on true
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId} and expires_at > portico.now()
    group by uid
    order by min(created_at) desc`);
}

/**
 * Ends one session of an account.
 * @returns whom to tell, and the grants that end with it; undefined when it had ended already or is not the account's.
 */
export async function end(
  db: Db,
  brandId: number,
  accountId: string,
  uid: string,
): Promise<{ ended: EndedSession[]; grantIds: string[] } | undefined> {
  const rows = await db.rows<EndedRow>(sql`
    delete from portico.oidc_sessions
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and uid = ${uid} and account_id = ${accountId}
    returning payload -> 'authorizations' as authorizations`);
  if (rows.length === 0) return undefined;
  // An app that stays signed in by itself goes on, as with the library's own sign-out.
  const bound = rows.flatMap((row) => Object.values(row.authorizations ?? {})).filter(({ persistsLogout }) => !persistsLogout);
  return { ended: ended(accountId, rows), grantIds: [...new Set(bound.flatMap(({ grantId }) => grantId ?? []))] };
}

/** Ends every session of an account. @returns whom to tell. */
export async function endAllOf(db: Db, brandId: number, accountId: string): Promise<EndedSession[]> {
  const rows = await db.rows<EndedRow>(sql`
    delete from portico.oidc_sessions
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId}
    returning payload -> 'authorizations' as authorizations`);
  return ended(accountId, rows);
}

/** Ends every session of an account but one. @returns whom to tell. */
export async function endOthersOf(db: Db, brandId: number, accountId: string, keepUid: string): Promise<EndedSession[]> {
  const rows = await db.rows<EndedRow>(sql`
    delete from portico.oidc_sessions
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId} and uid <> ${keepUid}
    returning payload -> 'authorizations' as authorizations`);
  return ended(accountId, rows);
}

interface EndedRow {
  authorizations: Record<string, { sid?: string; grantId?: string; persistsLogout?: boolean }> | null;
}

function ended(accountId: string, rows: EndedRow[]): EndedSession[] {
  const known = new Map<string, EndedSession>();
  for (const [clientId, { sid }] of rows.flatMap((row) => Object.entries(row.authorizations ?? {}))) {
    // The account pages need no telling: they look at the session themselves.
    if (sid && clientId !== ACCOUNT_CLIENT) known.set(`${clientId} ${sid}`, { clientId, sid, accountId });
  }
  return [...known.values()];
}
