// APIs of a brand (RFC 8707): their tokens are JWTs (RFC 9068), short-lived, and no use at userinfo.
import { errors, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider';
import type { Brand } from '../domain/brands.ts';
import { clientOf } from './clients.ts';

/** @throws InvalidTarget for an API the brand does not have, or of which this client may have nothing. */
export function resourceServer(brand: Brand, _ctx: KoaContextWithOIDC, indicator: string, client: object): ResourceServer {
  const scopes = Object.hasOwn(brand.settings.resources, indicator) ? brand.settings.resources[indicator] : undefined;
  const { resource_scopes: named, first_party: own } = clientOf(client);
  const allowed = scopes?.filter((scope) => named?.includes(scope) ?? own) ?? [];
  if (allowed.length === 0) throw new errors.InvalidTarget();
  const alg = (client as { idTokenSignedResponseAlg?: string }).idTokenSignedResponseAlg === 'RS256' ? 'RS256' : 'ES256';
  return {
    scope: allowed.join(' '),
    audience: indicator,
    accessTokenTTL: 15 * 60,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg } },
  };
}
