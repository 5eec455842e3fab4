// The account behind a subject, as the library asks for it: at sign-in, at every token, at userinfo.
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import type { Account } from '../domain/accounts.ts';
import type { Brand } from '../domain/brands.ts';
import { claimsFor } from '../domain/claims.ts';
import { consentClaims } from '../domain/consents.ts';
import { profileFieldsClaim } from '../domain/profile-capture.ts';
import { fieldsOf } from '../domain/profile-fields.ts';
import type { Services } from '../services.ts';
import * as accounts from '../storage/accounts.ts';
import { currentUnit } from './unit-of-work.ts';

/** A disabled account is not found, so that its sessions and tokens stop within one request. */
export function accountFinder({ db }: Pick<Services, 'db'>, brand: Brand): NonNullable<Configuration['findAccount']> {
  return async (ctx, sub, token) => {
    const load = () => accounts.find(db, brand.id, sub);
    const account = await (currentUnit()?.read(`account/${sub}`, load) ?? load());
    if (!account || account.disabledAt || isFromBefore(account, token)) return undefined;
    const claims = async (use: string, scope: string, requested: object) => ({
      ...claimsFor(account),
      ...brandClaims(brand, account, ctx, [...scope.split(' '), ...Object.keys(requested)]),
      ...(use === 'id_token' ? hashed(ctx) : {}),
      sub: account.id,
    });
    return { accountId: account.id, claims, account };
  };
}

/** Made only for those who asked: most requests want neither. */
function brandClaims(brand: Brand, account: Account, { oidc }: KoaContextWithOIDC, names: string[]): Record<string, unknown> {
  const asked = new Set(names);
  const clientId = oidc.client?.clientId;
  const moment = { now: new Date(), clientId, country: account.claims.address?.country };
  return {
    ...(asked.has('consents') && brand.consents.length > 0 && { consents: consentClaims(brand.consents, account.consents, moment) }),
    ...(asked.has('profile_fields') &&
      brand.fields.length > 0 && { profile_fields: profileFieldsClaim(fieldsOf(brand), account, clientId) }),
  };
}

/**
 * A code or refresh token of a sign-in that counts no more: its request was on its way while everything was ended, and what it wrote
 * came after. Both carry the time of their sign-in, in whole seconds, and the session it made.
 */
function isFromBefore({ signedOutAt, signedOutExcept }: Account, token: object | undefined): boolean {
  const { authTime, sessionUid } = (token ?? {}) as { authTime?: number; sessionUid?: string };
  if (!signedOutAt || authTime === undefined || (signedOutExcept !== null && sessionUid === signedOutExcept)) return false;
  return authTime < Math.floor(signedOutAt.getTime() / 1_000);
}

/** The record behind the library's account: what a check needs to know is read already. */
export function accountOf(found: object | undefined): Account | undefined {
  return (found as { account?: Account } | undefined)?.account;
}

/** The session's sign-in is older than the moment everything of its account was ended, and it is not the one that stayed. */
export function isSignedOut({ oidc }: KoaContextWithOIDC): boolean {
  const { signedOutAt = null, signedOutExcept } = accountOf(oidc.entities.Account) ?? {};
  const { loginTs, uid } = oidc.session ?? {};
  return signedOutAt !== null && loginTs !== undefined && signedOutExcept !== uid && loginTs < Math.floor(signedOutAt.getTime() / 1_000);
}

/**
 * The library replaces `at_hash` by its hash (OpenID Connect Core 3.1.3.6), so that a swapped access token shows itself.
 * A JWT for an API names its own issuer, client and subject; only the opaque one's id is its value.
 */
function hashed(ctx: KoaContextWithOIDC): { at_hash?: string } {
  const token = ctx.oidc.entities.AccessToken;
  return token && token.aud === undefined ? { at_hash: token.jti } : {};
}
