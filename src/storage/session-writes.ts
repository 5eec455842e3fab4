// What one request decides about a session, each as a part of its one statement (unit-of-work.ts).
import type { NewSession } from './oidc-sessions.ts';
import type { RowKey } from './oidc-tokens.ts';
import { type Parameter, tokenKey } from './statement-parts.ts';

export function saveSession({ slice, id }: RowKey, session: NewSession, must: boolean, parameter: Parameter): string {
  const uid = parameter(session.uid, 'text');
  const accountId = parameter(session.accountId, 'uuid');
  return `insert into portico.oidc_sessions (brand_id, slice, id, uid, account_id, payload, device, network, used_at, expires_at)
    ${must ? `with owner as materialized (${ownerOf(slice, accountId, parameter)})` : ''}
    select $1::int, ${parameter(slice, 'smallint')}, ${parameter(id, 'bytea')}, ${uid}, ${accountId}, ${parameter(session.payload, 'jsonb')},
      ${parameter(session.device, 'text')}, ${parameter(session.network, 'text')}, portico.now(),
      to_timestamp(${parameter(session.expiresAt, 'float8')})
    ${must ? `where not exists (select from owner where ${signedOutSince(session, uid, parameter)})` : ''}
    on conflict (brand_id, slice, id) do update
    set uid = excluded.uid, account_id = excluded.account_id, payload = excluded.payload, device = excluded.device,
      network = excluded.network, used_at = excluded.used_at, expires_at = excluded.expires_at`;
}

/** Locked for the sign-in: of it and an end of everything, whichever comes later sees the other. */
function ownerOf(slice: number, accountId: string, parameter: Parameter): string {
  return `select signed_out_at, signed_out_except from portico.accounts
    where brand_id = $1::int and slice = ${parameter(slice, 'smallint')} and id = ${accountId}
    for share`;
}

function signedOutSince({ signedInAt }: NewSession, uid: string, parameter: Parameter): string {
  return `signed_out_at > to_timestamp(${parameter(signedInAt, 'float8')}) and signed_out_except is distinct from ${uid}`;
}

export function updateSession(key: RowKey, session: NewSession, parameter: Parameter): string {
  const payload = parameter(session.payload, 'jsonb');
  return `update portico.oidc_sessions as stored
    set uid = ${parameter(session.uid, 'text')}, account_id = ${parameter(session.accountId, 'uuid')},
      expires_at = case when stored.renewed_at is null then to_timestamp(${parameter(session.expiresAt, 'float8')}) else stored.expires_at end,
      device = coalesce(${parameter(session.device, 'text')}, stored.device),
      network = coalesce(${parameter(session.network, 'text')}, stored.network), used_at = portico.now(),
      payload = case
        when stored.payload ? 'authorizations' then jsonb_set(${payload}, '{authorizations}',
          (stored.payload -> 'authorizations') || coalesce(${payload} -> 'authorizations', '{}'))
        else ${payload}
      end
    where ${tokenKey(key, parameter)}`;
}

export function bindSession({ slice, id }: RowKey, { uid, payload }: NewSession, parameter: Parameter): string {
  return `update portico.oidc_sessions
    set payload = jsonb_set(payload, '{authorizations}',
      coalesce(payload -> 'authorizations', '{}') || coalesce(${parameter(payload, 'jsonb')} -> 'authorizations', '{}'))
    where brand_id = $1::int and slice = ${parameter(slice, 'smallint')} and uid = ${parameter(uid, 'text')}
      and id <> ${parameter(id, 'bytea')}`;
}

/** Another tab of the browser may have sent its request before this answer brought the new id. */
const RENEWED_SECONDS = 10;

export function retireSession(key: RowKey, parameter: Parameter): string {
  return `update portico.oidc_sessions
    set renewed_at = coalesce(renewed_at, portico.now()),
      expires_at = least(expires_at, coalesce(renewed_at, portico.now()) + make_interval(secs => ${parameter(RENEWED_SECONDS, 'float8')}))
    where ${tokenKey(key, parameter)}`;
}

/** Every row of its uid: two tabs may have renewed its id at once. */
export function removeSession(key: RowKey, parameter: Parameter): string {
  const slice = parameter(key.slice, 'smallint');
  return `delete from portico.oidc_sessions
    where brand_id = $1::int and slice = ${slice} and uid = (
      select uid from portico.oidc_sessions where brand_id = $1::int and slice = ${slice} and id = ${parameter(key.id, 'bytea')})`;
}
