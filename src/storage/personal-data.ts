// Everything that is stored about one person, read for them. What opens a door (hashes, ids of tokens, sealed values) is left out.
import type { Access, AccountDetails, HistoryEvent, Identifier, MailedCode, Session } from '../domain/data-export.ts';
import { sliceOfAccount } from '../domain/slices.ts';
import { type Db, sql } from './database.ts';

/** What stands beside the profile: when the password was set, and the language a deletion was asked in; null where there is none. */
export async function detailsOf(db: Db, brandId: number, accountId: string): Promise<AccountDetails | undefined> {
  return db.row<AccountDetails>(sql`
    select p.changed_at as "passwordChangedAt", a.erase_locale as "eraseLocale"
    from portico.accounts a
    left join portico.passwords p
      on p.brand_id = a.brand_id and p.slice = a.slice and p.account_id = a.id
    where a.brand_id = ${brandId} and a.slice = ${sliceOfAccount(accountId)} and a.id = ${accountId}`);
}

export function identifiersOf(db: Db, brandId: number, accountId: string): Promise<Identifier[]> {
  return db.rows<Identifier>(sql`
    select kind, created_at as "createdAt", held_until as "heldUntil"
    from portico.identifiers
    where brand_id = ${brandId} and account_id = ${accountId}
    order by created_at`);
}

export function sessionsOf(db: Db, brandId: number, accountId: string): Promise<Session[]> {
  return db.rows<Session>(sql`
    select device, network, created_at as "createdAt", used_at as "usedAt", expires_at as "expiresAt",
      array(
        select coalesce(c.metadata ->> 'client_name', known.client_id)
        from jsonb_object_keys(payload -> 'authorizations') as known (client_id)
        left join portico.clients c
          on c.brand_id = ${brandId} and c.client_id = known.client_id
      ) as apps
    from portico.oidc_sessions
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId}
    order by created_at desc`);
}

export function accessOf(db: Db, brandId: number, accountId: string): Promise<Access[]> {
  return db.rows<Access>(sql`
    select g.client_id as "clientId", c.metadata ->> 'client_name' as "clientName", g.payload #>> '{openid,scope}' as scope,
      g.payload -> 'resources' as resources, g.created_at as "createdAt", g.expires_at as "expiresAt"
    from portico.oidc_grants g
    left join portico.clients c
      on c.brand_id = g.brand_id and c.client_id = g.client_id
    where g.brand_id = ${brandId} and g.slice = ${sliceOfAccount(accountId)} and g.account_id = ${accountId}
    order by g.created_at desc`);
}

export function codesOf(db: Db, brandId: number, accountId: string): Promise<MailedCode[]> {
  return db.rows<MailedCode>(sql`
    select purpose, created_at as "createdAt", expires_at as "expiresAt", consumed_at as "consumedAt"
    from portico.one_time_codes
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId}
    order by created_at desc`);
}

/** The newest first, and no more than `limit`: an attack can fill a trail. */
export function historyOf(db: Db, brandId: number, accountId: string, limit: number): Promise<HistoryEvent[]> {
  return db.rows<HistoryEvent>(sql`
    select event, actor, at, client_id as "clientId", details, personal
    from portico.audit_events
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId}
    order by at desc
    limit ${limit}`);
}
