// Codes, tokens, pushed requests, device codes and interactions.
import { type Adapter, type AdapterPayload, errors } from 'oidc-provider';
import type { Brand } from '../../domain/brands.ts';
import { sliceOfAccount, sliceOfId } from '../../domain/slices.ts';
import * as oidcGrants from '../../storage/oidc-grants.ts';
import * as oidcTokens from '../../storage/oidc-tokens.ts';
import { type Model, pack, unpack } from '../payloads.ts';
import { type AdapterServices, unsupported } from './contract.ts';
import { isName, keyOf } from './keys.ts';
import { currentRequest } from './requests.ts';

export type TokenModel = Exclude<Model, 'Grant' | 'ReplayDetection' | 'Session'>;

/** How long a spent interaction is kept for the second of two clicks. */
const SPENT_INTERACTION = 60;

/** Seconds a row outlives its `exp`: a pushed request is spent when its interaction ends, an expired device code still says so. */
const outlives: Partial<Record<TokenModel, number>> = { PushedAuthorizationRequest: 3_600, DeviceCode: 600 };

/** Ids made for an account; a device code and an interaction begin before anybody signed in. */
const routed: readonly TokenModel[] = ['AccessToken', 'AuthorizationCode', 'RefreshToken'];

export function tokenAdapter(services: AdapterServices, brand: Brand, model: TokenModel): Adapter {
  const { db, keyring } = services;
  const digestOf = (userCode: string) => keyring.mac('token_payloads', `user_code/${brand.id}`, userCode);

  async function upsert(id: string, payload: AdapterPayload): Promise<void> {
    const key = keyOf(id);
    if (!key) throw new Error(`${model}: unusable id`);
    if (routed.includes(model)) demandSlice(model, key.slice, payload);
    const row = {
      ...columnsOf(model, payload),
      userCode: payload.userCode ? digestOf(payload.userCode) : undefined,
      payload: pack(keyring, model, placeOf(model, key.id), payload),
    };
    const from = model === 'DeviceCode' ? stateBefore(payload) : undefined;
    const written = from ? await oidcTokens.advanceDeviceCode(db, brand.id, key, row, from) : await oidcTokens.save(db, brand.id, key, row);
    // An interaction that was finished meanwhile stays finished: the browser goes on to its resume either way.
    if (written || model === 'Interaction') return;
    throw from ? new errors.InvalidRequest('the code has already been used') : spentError(model);
  }

  async function find(id: string): Promise<AdapterPayload | undefined> {
    const request = currentRequest();
    const key = keyOf(id);
    const row = key && (await oidcTokens.find(db, brand.id, model, key));
    if (!row || (model === 'Interaction' && row.consumedAt !== null)) return undefined;
    const payload = openToken(services, model, row);
    if (!payload) return undefined;
    // Spent while this very request was on its way: a lost race, not a replay. `consume` refuses it and the family lives.
    const lostRace =
      model === 'RefreshToken' && request && row.spentFor !== null && row.spentFor * 1_000 < performance.now() - request.began;
    if (lostRace) delete payload.consumed;
    return { ...payload, jti: id };
  }

  async function findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    if (!isName(userCode)) return undefined;
    const row = await oidcTokens.findByUserCode(db, brand.id, digestOf(userCode));
    const payload = row && openToken(services, model, row);
    return payload && { ...payload, userCode };
  }

  async function consume(id: string): Promise<void> {
    const key = keyOf(id);
    if (key && (await oidcTokens.take(db, brand.id, model, key))) return;
    if (key && (model === 'AuthorizationCode' || model === 'DeviceCode')) await endGrantOf(key);
    throw spentError(model);
  }

  /** A second use of a code ends what the first one gave (RFC 6749 4.1.2); the grant goes first, so that what the winner has yet to write is dead. */
  async function endGrantOf(key: oidcTokens.RowKey): Promise<void> {
    const row = await oidcTokens.find(db, brand.id, model, key);
    if (!row?.grantId) return;
    await oidcGrants.remove(db, brand.id, row.grantId);
    await oidcTokens.revokeGrant(db, brand.id, row.grantId);
  }

  return {
    ...unsupported,
    upsert,
    find,
    consume,
    ...(model === 'DeviceCode' && { findByUserCode }),
    async destroy(id) {
      const key = keyOf(id);
      if (!key) return;
      if (model === 'Interaction') await oidcTokens.spendInteraction(db, brand.id, key, SPENT_INTERACTION);
      else await oidcTokens.remove(db, brand.id, model, key);
    },
    async revokeByGrantId(grantId) {
      // Nothing without a grant is ever meant. A device code stands in a slice of its own and dies with its grant.
      if (isName(grantId) && model !== 'DeviceCode') await oidcTokens.revokeKind(db, brand.id, grantId, model);
    },
  };
}

/** The payload of a row; undefined, and a line in the log, for one that cannot be opened. */
export function openToken({ keyring, log }: AdapterServices, model: TokenModel, row: oidcTokens.Token): AdapterPayload | undefined {
  try {
    const payload = unpack(keyring, placeOf(model, row.id), row.payload);
    payload.kind = model;
    if (row.accountId) payload.accountId = row.accountId;
    if (row.clientId) payload.clientId = row.clientId;
    if (row.grantId) payload.grantId = row.grantId;
    if (row.consumedAt !== null) payload.consumed = Math.floor(row.consumedAt);
    if (payload.exp === undefined && Number.isFinite(row.expiresAt)) payload.exp = row.expiresAt;
    return payload;
  } catch (error) {
    log.error({ err: error, model }, 'a stored row could not be opened');
    return undefined;
  }
}

function columnsOf(model: TokenModel, payload: AdapterPayload): Omit<oidcTokens.NewToken, 'userCode' | 'payload'> {
  const { accountId, clientId, exp } = payload;
  // An interaction's grant is only a hint; the column is for what is revoked with its grant.
  const grantId = model === 'Interaction' ? undefined : payload.grantId;
  return {
    kind: model,
    accountId,
    clientId,
    grantId,
    expiresAt: exp === undefined ? Number.POSITIVE_INFINITY : exp + (outlives[model] ?? 0),
  };
}

/** What stands in another slice than its account or grant would not be found when they are revoked. */
function demandSlice(model: TokenModel, slice: number, { accountId, grantId }: AdapterPayload): void {
  if (accountId && sliceOfAccount(accountId) !== slice) throw new Error(`${model}: the id must carry the slice of the account`);
  if (grantId && sliceOfId(grantId) !== slice) throw new Error(`${model}: the id must carry the slice of the grant`);
}

/** The state a device code must be in for this write; undefined for a new one. */
function stateBefore(payload: AdapterPayload): 'pending' | 'claimed' | undefined {
  const answered = Boolean(payload.accountId || payload.error);
  if (!answered) return payload.inFlight ? 'pending' : undefined;
  return payload.inFlight ? 'claimed' : 'pending';
}

function spentError(model: TokenModel): Error {
  if (model === 'PushedAuthorizationRequest') return new errors.InvalidRequestUri('request_uri is invalid, expired, or was already used');
  return new errors.InvalidGrant('already used');
}

function placeOf(model: TokenModel, id: Buffer): string {
  return `oidc_tokens/${model}/${id.toString('hex')}`;
}
