// Everything one request decided, written by one data-modifying statement: all of it or, when one rule lost a race, nothing.
// On one Postgres that is one round trip and one commit. This file is the only door, so that another layout changes only here.
import { createHash } from 'node:crypto';
import { sliceOfId } from '../domain/slices.ts';
import type { Statement } from './database.ts';
import type { NewGrant } from './oidc-grants.ts';
import type { NewSession } from './oidc-sessions.ts';
import type { NewToken, RowKey } from './oidc-tokens.ts';
import { jobExpression } from './outbox.ts';
import { bindSession, removeSession, retireSession, saveSession, updateSession } from './session-writes.ts';
import { type Parameter, tokenKey } from './statement-parts.ts';

export type Write =
  /** The row must be unspent and alive. Once spent it is kept for `keepSeconds` at most, else until it expires. */
  | { kind: 'spend_token'; model: string; key: RowKey; keepSeconds?: number }
  /** Written anew, or again as long as it is unspent; `lenient` leaves a spent one as it is. */
  | { kind: 'save_token'; key: RowKey; token: NewToken; lenient: boolean }
  /** A device code moves on only from the state the request saw (RFC 8628 3.3). */
  | { kind: 'advance_device_code'; key: RowKey; token: NewToken; from: 'pending' | 'claimed' }
  | { kind: 'spend_interaction'; key: RowKey; seconds: number }
  | { kind: 'remove_token'; model: string; key: RowKey }
  | { kind: 'revoke_tokens'; model: string; grantId: string }
  /** `must`: nothing is written when everything of the account was ended while the sign-in was on its way. */
  | { kind: 'save_session'; key: RowKey; session: NewSession; must?: boolean }
  /** A session that ended meanwhile stays ended; clients that another tab added stay. `must`: nothing else is written either. */
  | { kind: 'update_session'; key: RowKey; session: NewSession; must?: boolean }
  /**
   * `signsIn`: by a sign-in, after which the id from before is nobody's. `renewed`: without one the session goes on under another id, and
   * whoever is on their way with this one still finds it for a moment.
   */
  | { kind: 'remove_session'; key: RowKey; uid: string | undefined; must?: boolean; signsIn?: boolean; renewed?: boolean }
  /** Clients that a retired id added belong to the session, which lives on under another one. */
  | { kind: 'bind_session'; key: RowKey; session: NewSession }
  | { kind: 'save_grant'; id: string; grant: NewGrant }
  /** A grant that was revoked meanwhile does not come back. */
  | { kind: 'update_grant'; id: string; grant: NewGrant }
  | { kind: 'remove_grant'; id: string }
  /** A refresh token within its window: its first use spends it, a repeated one changes nothing; later it is lost. */
  | { kind: 'spend_refresh_token'; key: RowKey; windowSeconds: number; keepSeconds?: number }
  /** Every use within the window writes the same successor; the first one stands, and only as long as it is unused itself. */
  | { kind: 'save_successor'; key: RowKey; token: NewToken }
  /** A job that exists only if everything else is written (storage/outbox.ts). */
  | { kind: 'enqueue'; task: string; payload: object };

/** One of the writes did not find what the request had seen; nothing was written. `index` is its place in the list. */
export class LostRace extends Error {
  readonly index: number;

  constructor(index: number) {
    super('a concurrent request was quicker');
    this.name = 'LostRace';
    this.index = index;
  }
}

/** The rule that lost, when a statement made here failed because of one; any other error as it is. */
export function lostRaceOf(error: unknown): unknown {
  const { code, message } = (error ?? {}) as { code?: string; message?: string };
  return code === 'PT409' ? new LostRace(Number(message)) : error;
}

/** One statement for all writes, or undefined when there are none. Its text depends on their kinds alone, so that it is prepared once per shape. */
export function statementOf(brandId: number, writes: readonly Write[]): Statement | undefined {
  if (writes.length === 0) return undefined;
  const values: unknown[] = [brandId];
  const parameter = (value: unknown, type: string) => `$${values.push(value)}::${type}`;
  const parts: string[] = [];
  const demands: string[] = [];
  for (const [index, write] of writes.entries()) {
    if (write.kind === 'enqueue') {
      demands.push(jobExpression(write.task, write.payload, parameter));
      continue;
    }
    parts.push(`w${index} as (${clause(write, parameter)} returning 1)`);
    if (isDemanded(write)) demands.push(`portico.demand((select count(*) from w${index}) >= 1${orRenewed(write, parameter)}, '${index}')`);
  }
  const text = `${parts.length > 0 ? `with ${parts.join(', ')} ` : ''}select ${demands.join(', ') || '1'}`;
  return { name: createHash('sha1').update(text).digest('base64url'), text, values };
}

/** A session whose id another tab has renewed meanwhile lives on under that one: it has not ended. */
function orRenewed(write: Write, parameter: Parameter): string {
  if (write.kind !== 'update_session' && write.kind !== 'remove_session') return '';
  const uid = write.kind === 'update_session' ? write.session.uid : write.uid;
  if (uid === undefined) return '';
  return ` or exists (select 1 from portico.oidc_sessions where brand_id = $1::int and slice = ${parameter(sliceOfId(uid), 'smallint')}
    and uid = ${parameter(uid, 'text')} and id <> ${parameter(write.key.id, 'bytea')} and expires_at > portico.now())`;
}

const demanded: ReadonlySet<Write['kind']> = new Set([
  'spend_token',
  'spend_refresh_token',
  'save_successor',
  'advance_device_code',
  'update_grant',
]);

function isDemanded(write: Write): boolean {
  if (write.kind === 'save_token') return !write.lenient;
  if ('must' in write) return write.must === true;
  return demanded.has(write.kind);
}

function clause(write: Exclude<Write, { kind: 'enqueue' }>, parameter: Parameter): string {
  switch (write.kind) {
    case 'spend_refresh_token':
      return `update portico.oidc_tokens set consumed_at = coalesce(consumed_at, portico.now())${kept(write.keepSeconds, parameter)}
        where ${tokenKey(write.key, parameter)} and kind = 'RefreshToken' and expires_at > portico.now()
          and (consumed_at is null or consumed_at > portico.now() - make_interval(secs => ${parameter(write.windowSeconds, 'float8')}))`;
    case 'save_successor':
      return `${insertToken(write.key, write.token, parameter)}
        on conflict (brand_id, slice, id) do update set consumed_at = stored.consumed_at
        where stored.kind = excluded.kind and stored.consumed_at is null`;
    case 'spend_token':
      return `update portico.oidc_tokens set consumed_at = portico.now()${kept(write.keepSeconds, parameter)}
        where ${tokenKey(write.key, parameter)} and kind = ${parameter(write.model, 'text')}
          and consumed_at is null and expires_at > portico.now()`;
    case 'save_token':
      return saveToken(write.key, write.token, parameter);
    case 'advance_device_code':
      return advanceDeviceCode(write, parameter);
    case 'spend_interaction':
      return `update portico.oidc_tokens set consumed_at = portico.now(),
          expires_at = least(expires_at, portico.now() + make_interval(secs => ${parameter(write.seconds, 'float8')}))
        where ${tokenKey(write.key, parameter)} and kind = 'Interaction' and consumed_at is null`;
    case 'remove_token':
      return `delete from portico.oidc_tokens where ${tokenKey(write.key, parameter)} and kind = ${parameter(write.model, 'text')}`;
    case 'revoke_tokens':
      return `delete from portico.oidc_tokens where brand_id = $1::int and slice = ${parameter(sliceOfId(write.grantId), 'smallint')}
          and grant_id = ${parameter(write.grantId, 'text')} and kind = ${parameter(write.model, 'text')}`;
    case 'save_session':
      return saveSession(write.key, write.session, write.must === true, parameter);
    case 'update_session':
      return updateSession(write.key, write.session, parameter);
    case 'bind_session':
      return bindSession(write.key, write.session, parameter);
    case 'remove_session':
      return write.renewed ? retireSession(write.key, parameter) : removeSession(write.key, parameter);
    case 'save_grant':
      return saveGrant(write.id, write.grant, parameter);
    case 'update_grant':
      return `update portico.oidc_grants set payload = ${parameter(write.grant.payload, 'jsonb')},
          expires_at = to_timestamp(${parameter(write.grant.expiresAt, 'float8')})
        where ${grantKey(write.id, parameter)}`;
    case 'remove_grant':
      return `delete from portico.oidc_grants where ${grantKey(write.id, parameter)}`;
  }
}

/** Spent rows would pile up for as long as their tokens might have lived. */
function kept(seconds: number | undefined, parameter: Parameter): string {
  if (seconds === undefined) return '';
  return `, expires_at = least(expires_at, portico.now() + make_interval(secs => ${parameter(seconds, 'float8')}))`;
}

function grantKey(id: string, parameter: Parameter): string {
  return `brand_id = $1::int and slice = ${parameter(sliceOfId(id), 'smallint')} and id = ${parameter(id, 'text')}`;
}

function saveToken(key: RowKey, token: NewToken, parameter: Parameter): string {
  return `${insertToken(key, token, parameter)}
    on conflict (brand_id, slice, id) do update
    set grant_id = excluded.grant_id, account_id = excluded.account_id, client_id = excluded.client_id,
      payload = excluded.payload, expires_at = excluded.expires_at
    where stored.kind = excluded.kind and stored.consumed_at is null`;
}

function insertToken({ slice, id }: RowKey, token: NewToken, parameter: Parameter): string {
  return `insert into portico.oidc_tokens as stored
      (brand_id, slice, id, kind, grant_id, account_id, client_id, user_code, payload, expires_at)
    values ($1::int, ${parameter(slice, 'smallint')}, ${parameter(id, 'bytea')}, ${parameter(token.kind, 'text')},
      ${parameter(token.grantId, 'text')}, ${parameter(token.accountId, 'uuid')}, ${parameter(token.clientId, 'text')},
      ${parameter(token.userCode, 'bytea')}, ${parameter(token.payload, 'jsonb')}, to_timestamp(${parameter(token.expiresAt, 'float8')}))`;
}

function advanceDeviceCode({ key, token, from }: Extract<Write, { kind: 'advance_device_code' }>, parameter: Parameter): string {
  return `update portico.oidc_tokens
    set grant_id = ${parameter(token.grantId, 'text')}, account_id = ${parameter(token.accountId, 'uuid')},
      payload = ${parameter(token.payload, 'jsonb')}
    where ${tokenKey(key, parameter)} and kind = 'DeviceCode' and consumed_at is null and account_id is null
      and not payload ? 'error' and payload ? 'inFlight' = ${parameter(from === 'claimed', 'boolean')}`;
}

function saveGrant(id: string, grant: NewGrant, parameter: Parameter): string {
  return `insert into portico.oidc_grants (brand_id, slice, id, account_id, client_id, payload, expires_at)
    values ($1::int, ${parameter(sliceOfId(id), 'smallint')}, ${parameter(id, 'text')}, ${parameter(grant.accountId, 'uuid')},
      ${parameter(grant.clientId, 'text')}, ${parameter(grant.payload, 'jsonb')}, to_timestamp(${parameter(grant.expiresAt, 'float8')}))
    on conflict (brand_id, slice, id) do update
    set payload = excluded.payload, expires_at = excluded.expires_at`;
}
