// Look-ups that bring along what will be asked for next: a token with its grant, session and account; a session with its account and grant.
import type { Account } from '../domain/accounts.ts';
import { type AccountRow, toAccount } from './accounts.ts';
import { type Db, sql } from './database.ts';
import type { Grant } from './oidc-grants.ts';
import type { StoredSession } from './oidc-sessions.ts';
import type { RowKey, Token } from './oidc-tokens.ts';

interface Joined extends Token {
  grant: GrantJson | null;
  session: SessionJson | null;
  account: AccountRow | null;
}

type GrantJson = Grant;
type SessionJson = Omit<StoredSession, 'id'> & { id: string };

export interface FoundToken {
  token: Token;
  grant: Grant | undefined;
  session: StoredSession | undefined;
  account: Account | undefined;
}

/** A living token of any model by its key, and what it hangs on; each undefined when it has ended. One statement. */
export async function findToken(db: Db, brandId: number, key: RowKey): Promise<FoundToken | undefined> {
  const row = await db.row<Joined>(sql`
    select t.id, t.kind, t.grant_id as "grantId", t.account_id as "accountId", t.client_id as "clientId", t.payload,
      extract(epoch from t.expires_at)::float8 as "expiresAt",
      extract(epoch from t.consumed_at)::float8 as "consumedAt",
      extract(epoch from portico.now() - t.consumed_at)::float8 as "spentFor",
      case when g.id is not null then json_build_object('accountId', g.account_id, 'clientId', g.client_id, 'payload', g.payload,
        'expiresAt', extract(epoch from g.expires_at)) end as grant,
      s.session,
      row_to_json(a) as account
    from portico.oidc_tokens t
    left join portico.oidc_grants g
      on g.brand_id = t.brand_id and g.slice = t.slice and g.id = t.grant_id and g.expires_at > portico.now()
    left join portico.accounts a
      on a.brand_id = t.brand_id and a.slice = t.slice and a.id = t.account_id
    left join lateral (
      select json_build_object('id', encode(id, 'hex'), 'uid', uid, 'accountId', account_id, 'payload', payload,
        'expiresAt', extract(epoch from expires_at)) as session
      from portico.oidc_sessions
      where brand_id = t.brand_id and slice = t.slice and uid = t.payload ->> 'sessionUid' and expires_at > portico.now()
      order by created_at desc
      limit 1
    ) s on t.payload ? 'expiresWithSession'
    where t.brand_id = ${brandId} and t.slice = ${key.slice} and t.id = ${key.id} and t.expires_at > portico.now()`);
  if (!row) return undefined;
  const { grant, session, account, ...token } = row;
  return { token, grant: grant ?? undefined, session: toSession(session), account: account ? toAccount(account) : undefined };
}

export interface FoundSession {
  session: StoredSession;
  account: Account | undefined;
  /** What the account lets the named client do in this session. */
  grant: (Grant & { id: string }) | undefined;
}

/** A living session by the digest of its cookie, its account, and its grant for `clientId`. One statement. */
export async function findSession(db: Db, brandId: number, key: RowKey, clientId: string | undefined): Promise<FoundSession | undefined> {
  const row = await db.row<StoredSession & { account: AccountRow | null; grant: (GrantJson & { id: string }) | null }>(sql`
    select s.id, s.uid, s.account_id as "accountId", s.payload, extract(epoch from s.expires_at)::float8 as "expiresAt",
      s.renewed_at is not null as retired, row_to_json(a) as account,
      case when g.id is not null then json_build_object('id', g.id, 'accountId', g.account_id, 'clientId', g.client_id,
        'payload', g.payload, 'expiresAt', extract(epoch from g.expires_at)) end as grant
    from portico.oidc_sessions s
    left join portico.accounts a
      on a.brand_id = s.brand_id and a.slice = s.slice and a.id = s.account_id
    left join portico.oidc_grants g
      on g.brand_id = s.brand_id and g.slice = s.slice and g.id = s.payload #>> array['authorizations', ${clientId ?? ''}, 'grantId']
        and g.expires_at > portico.now()
    where s.brand_id = ${brandId} and s.slice = ${key.slice} and s.id = ${key.id} and s.expires_at > portico.now()`);
  if (!row) return undefined;
  const { account, grant, ...session } = row;
  return { session, account: account ? toAccount(account) : undefined, grant: grant ?? undefined };
}

function toSession(json: SessionJson | null): StoredSession | undefined {
  return json ? { ...json, id: Buffer.from(json.id, 'hex') } : undefined;
}
