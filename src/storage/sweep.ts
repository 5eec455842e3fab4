// Removes what has ended, in small batches that never wait for anybody: any number of nodes may sweep at once.
// Expiry is checked at use; sweeping only keeps the tables small.
import { type Db, sql } from './database.ts';

export type Sweep = (db: Db, batch: number) => Promise<number>;

/** Codes, tokens, interactions: in the order of their expiry, which has an index. */
export const tokens: Sweep = (db, batch) =>
  db.run(sql`
    delete from portico.oidc_tokens
    where (brand_id, slice, id) in (
      select brand_id, slice, id
      from portico.oidc_tokens
      where expires_at < portico.now()
      order by expires_at
      limit ${batch}
      for update skip locked
    )`);

export const replays: Sweep = (db, batch) =>
  db.run(sql`
    delete from portico.oidc_replays
    where (brand_id, slice, id) in (
      select brand_id, slice, id
      from portico.oidc_replays
      where expires_at < portico.now()
      order by expires_at
      limit ${batch}
      for update skip locked
    )`);

/** The expiry of sessions changes with every visit, so it has no index: each batch reads the table. Call it seldom. */
export const sessions: Sweep = (db, batch) =>
  db.run(sql`
    delete from portico.oidc_sessions
    where (brand_id, slice, id) in (
      select brand_id, slice, id
      from portico.oidc_sessions
      where expires_at < portico.now()
      limit ${batch}
      for update skip locked
    )`);

/** As sessions. */
export const grants: Sweep = (db, batch) =>
  db.run(sql`
    delete from portico.oidc_grants
    where (brand_id, slice, id) in (
      select brand_id, slice, id
      from portico.oidc_grants
      where expires_at < portico.now()
      limit ${batch}
      for update skip locked
    )`);

/** Tokens bound to a session that has ended: worth nothing, though their own expiry may be months away. */
export const unboundTokens: Sweep = (db, batch) =>
  db.run(sql`
    delete from portico.oidc_tokens
    where (brand_id, slice, id) in (
      select t.brand_id, t.slice, t.id
      from portico.oidc_tokens t
      where t.payload ? 'expiresWithSession'
        and t.created_at < portico.now() - interval '1 hour'
        and not exists (
          select 1
          from portico.oidc_sessions s
          where s.brand_id = t.brand_id and s.slice = t.slice and s.uid = t.payload ->> 'sessionUid' and s.expires_at > portico.now())
      limit ${batch}
      for update of t skip locked
    )`);

/** Grants that no living token hangs on and no living session knows: nobody can find them any more. */
export const forgottenGrants: Sweep = (db, batch) =>
  db.run(sql`
    delete from portico.oidc_grants
    where (brand_id, slice, id) in (
      select g.brand_id, g.slice, g.id
      from portico.oidc_grants g
      where g.created_at < portico.now() - interval '1 day'
        and not exists (
          select 1
          from portico.oidc_tokens t
          where t.brand_id = g.brand_id and t.slice = g.slice and t.grant_id = g.id and t.expires_at > portico.now())
        -- A device code stands in a slice of its own, so that its grant is not found by the index above; there are few.
        and (g.brand_id, g.id) not in (
          select d.brand_id, d.grant_id
          from portico.oidc_tokens d
          where d.kind = 'DeviceCode' and d.grant_id is not null and d.expires_at > portico.now())
        and not exists (
          select 1
          from portico.oidc_sessions s
          where s.brand_id = g.brand_id and s.slice = g.slice and s.account_id = g.account_id and s.expires_at > portico.now()
            and s.payload #>> array['authorizations', g.client_id, 'grantId'] = g.id)
      limit ${batch}
      for update of g skip locked
    )`);
