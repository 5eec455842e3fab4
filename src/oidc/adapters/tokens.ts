// Codes, tokens, pushed requests, device codes and interactions.
import { type Adapter, type AdapterPayload, errors } from 'oidc-provider';
import type { Brand } from '../../domain/brands.ts';
import { sliceOfAccount, sliceOfId } from '../../domain/slices.ts';
import * as oidcGrants from '../../storage/oidc-grants.ts';
import * as oidcReads from '../../storage/oidc-reads.ts';
import * as oidcTokens from '../../storage/oidc-tokens.ts';
import { LostRace, type Write } from '../../storage/unit-of-work.ts';
import { type Model, pack, unpack } from '../payloads.ts';
import { isLostRace, refreshWindow, rotatedToken, successorOf, windowOfRefresh } from '../refresh-window.ts';
import { inUnit, type Unit } from '../unit-of-work.ts';
import { type AdapterServices, unsupported } from './contract.ts';
import { isName, keyOf } from './keys.ts';

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
  const unit = <Result>(work: (unit: Unit) => Promise<Result>) => inUnit(services, brand.id, work);

  async function upsert(id: string, payload: AdapterPayload): Promise<void> {
    const key = keyOf(id);
    if (!key) throw new Error(`${model}: unusable id`);
    if (routed.includes(model)) demandSlice(model, key.slice, payload);
    const token = {
      ...columnsOf(model, payload),
      userCode: payload.userCode ? digestOf(payload.userCode) : undefined,
      payload: pack(keyring, model, placeOf(model, key.id), payload),
    };
    const from = model === 'DeviceCode' ? stateBefore(payload) : undefined;
    await unit(async (unit) => {
      // An interaction that was finished meanwhile stays finished: the browser goes on to its resume either way.
      unit.write(nameOf(key), saving(key, token, from));
      unit.remember(nameOf(key), asRead(key, token));
    }).catch((error) => Promise.reject(error instanceof LostRace ? lostError(model, from !== undefined) : error));
  }

  function saving(key: oidcTokens.RowKey, token: oidcTokens.NewToken, from: 'pending' | 'claimed' | undefined): Write {
    if (from) return { kind: 'advance_device_code', key, token, from };
    const isSuccessor = model === 'RefreshToken' && rotatedToken() !== undefined && refreshWindow(token.clientId) > 0;
    return isSuccessor ? { kind: 'save_successor', key, token } : { kind: 'save_token', key, token, lenient: model === 'Interaction' };
  }

  async function find(id: string): Promise<AdapterPayload | undefined> {
    const key = keyOf(id);
    if (!key) return undefined;
    return unit(async (unit) => {
      const row = await unit.read(nameOf(key), () => readToken(services, brand, model, key, unit));
      if (!row || row.kind !== model || (model === 'Interaction' && row.consumedAt !== null)) return undefined;
      const payload = openToken(services, model, row);
      if (!payload) return undefined;
      if (model === 'RefreshToken' && row.consumedAt !== null && (await isForgiven(id, row, unit))) delete payload.consumed;
      return { ...payload, jti: id };
    });
  }

  async function findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    if (!isName(userCode)) return undefined;
    const row = await oidcTokens.findByUserCode(db, brand.id, digestOf(userCode));
    const payload = row && openToken(services, model, row);
    return payload && { ...payload, userCode };
  }

  /**
   * Without a window: a lost race, which `consume` refuses while the family lives. With one: a use within it whose successor has not been
   * used, so that the answer may have been lost. Everything else is a replay.
   */
  async function isForgiven(id: string, row: oidcTokens.Token, unit: Unit): Promise<boolean> {
    const seconds = windowOfRefresh(row.clientId ?? undefined);
    if (seconds === undefined) return false;
    if (seconds === 0) return isLostRace(row.spentFor, (performance.now() - unit.began) / 1_000);
    if (row.spentFor === null || row.spentFor > seconds) return false;
    const key = keyOf(successorOf(keyring, id, row.accountId ?? undefined));
    const successor = key && (await unit.read(nameOf(key), () => oidcTokens.find(db, brand.id, key)));
    return successor?.consumedAt === null;
  }

  async function consume(id: string): Promise<void> {
    const key = keyOf(id);
    if (!key) throw lostError(model);
    try {
      await unit(async (unit) => unit.write(nameOf(key), await spending(key, unit)));
    } catch (error) {
      if (!(error instanceof LostRace)) throw error;
      await endGrantOfSpent(services, brand, model, key);
      throw lostError(model);
    }
  }

  async function spending(key: oidcTokens.RowKey, unit: Unit): Promise<Write> {
    if (model !== 'RefreshToken') return { kind: 'spend_token', model, key };
    const row = await unit.read<oidcTokens.Token>(nameOf(key), async () => undefined);
    // What is bound to a session ends with it. The others are remembered until they would have expired themselves: a thief who uses a
    // token first is found out whenever its owner comes, also a month later.
    const kept = row && 'expiresWithSession' in row.payload ? { keepSeconds: brand.settings.spentRefreshTokensKept } : {};
    const windowSeconds = refreshWindow(row?.clientId ?? undefined);
    return windowSeconds > 0 ? { kind: 'spend_refresh_token', key, windowSeconds, ...kept } : { kind: 'spend_token', model, key, ...kept };
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
      await unit(async (unit) => {
        const spend: Write = { kind: 'spend_interaction', key, seconds: SPENT_INTERACTION };
        unit.write(nameOf(key), model === 'Interaction' ? spend : { kind: 'remove_token', model, key });
        unit.remember(nameOf(key), undefined);
      });
    },
    async revokeByGrantId(grantId) {
      // Nothing without a grant is ever meant. A device code stands in a slice of its own and dies with its grant.
      if (!isName(grantId) || model === 'DeviceCode') return;
      await unit(async (unit) => unit.write(`revoke/${model}/${grantId}`, { kind: 'revoke_tokens', model, grantId }));
    },
  };
}

function nameOf({ id }: oidcTokens.RowKey): string {
  return `token/${id.toString('hex')}`;
}

/** What was just decided, as a later look-up of the same request would read it; most are never read, so it is parsed then. */
function asRead({ id }: oidcTokens.RowKey, token: oidcTokens.NewToken): oidcTokens.Token {
  const { kind, grantId = null, accountId = null, clientId = null, expiresAt } = token;
  return {
    ...{ id, kind, grantId, accountId, clientId, expiresAt, consumedAt: null, spentFor: null },
    get payload() {
      return JSON.parse(token.payload);
    },
  };
}

/** Models that hang on a grant: what the library asks for next (grant, session, account) comes along in the same statement. */
const joined: readonly TokenModel[] = ['AccessToken', 'AuthorizationCode', 'ClientCredentials', 'RefreshToken'];

async function readToken(
  { db }: AdapterServices,
  brand: Brand,
  model: TokenModel,
  key: oidcTokens.RowKey,
  unit: Unit,
): Promise<oidcTokens.Token | undefined> {
  if (!joined.includes(model)) return oidcTokens.find(db, brand.id, key);
  const found = await oidcReads.findToken(db, brand.id, key);
  if (!found) return undefined;
  const { token, grant, session, account } = found;
  if (token.grantId) unit.know(`grant/${token.grantId}`, grant);
  if (typeof token.payload.sessionUid === 'string' && token.payload.expiresWithSession)
    unit.know(`session-uid/${token.payload.sessionUid}`, session);
  if (token.accountId) unit.know(`account/${token.accountId}`, account);
  return token;
}

/** A second use of a code ends what the first one gave (RFC 6749 4.1.2); the grant goes first, so that what the winner has yet to write is dead. */
export async function endGrantOfSpent({ db }: AdapterServices, brand: Brand, model: string, key: oidcTokens.RowKey): Promise<void> {
  if (model !== 'AuthorizationCode' && model !== 'DeviceCode') return;
  const row = await oidcTokens.find(db, brand.id, key);
  if (!row?.grantId) return;
  await oidcGrants.remove(db, brand.id, row.grantId);
  await oidcTokens.revokeGrant(db, brand.id, row.grantId);
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

/** What a client is told whose use came second. */
export function lostError(model: string, advancing = false): InstanceType<typeof errors.OIDCProviderError> {
  if (advancing) return new errors.InvalidRequest('the code has already been used');
  if (model === 'PushedAuthorizationRequest') return new errors.InvalidRequestUri('request_uri is invalid, expired, or was already used');
  return new errors.InvalidGrant('already used');
}

function placeOf(model: TokenModel, id: Buffer): string {
  return `oidc_tokens/${model}/${id.toString('hex')}`;
}
