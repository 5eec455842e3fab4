// "My account" is a relying party of its own provider: a public client of the brand's own that exists without a row.
// Its code is redeemed here, in this process: a sign-in is all it wants, so that no token is ever made for it.
import { createHash } from 'node:crypto';
import type { Provider } from 'oidc-provider';
import type { Brand } from '../domain/brands.ts';
import { ACCOUNT_CLIENT } from '../domain/clients.ts';
import type { Services } from '../services.ts';
import { LostRace } from '../storage/unit-of-work.ts';
import { openUnit } from './unit-of-work.ts';

/** As the client store gives it to the library (RFC 7591 names). */
export function ownClient(brand: Pick<Brand, 'issuer' | 'name'>): object {
  return {
    client_id: ACCOUNT_CLIENT,
    client_name: brand.name,
    client_uri: `${brand.issuer}/account`,
    application_type: 'web',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    response_types: ['code'],
    redirect_uris: [ownCallback(brand)],
    id_token_signed_response_alg: 'ES256',
    scope: 'openid',
    first_party: true,
  };
}

export function ownCallback({ issuer }: Pick<Brand, 'issuer'>): string {
  return `${issuer}/account/callback`;
}

export interface OwnRequest {
  state: string;
  nonce: string;
  /** Proves later that the browser that asked is the one that came back (RFC 7636). */
  verifier: string;
  /** Seconds since the person last signed in that are too many. */
  maxAge?: number | undefined;
}

/** Where to send the browser to sign in. */
export function ownRequestUrl(brand: Brand, { state, nonce, verifier, maxAge }: OwnRequest): string {
  const query = new URLSearchParams({
    client_id: ACCOUNT_CLIENT,
    response_type: 'code',
    redirect_uri: ownCallback(brand),
    scope: 'openid',
    state,
    nonce,
    code_challenge: challengeOf(verifier),
    code_challenge_method: 'S256',
    ...(maxAge !== undefined && { max_age: String(maxAge) }),
  });
  return `${brand.issuer}/auth?${query}`;
}

export interface OwnSignIn {
  accountId: string;
  /** The session at the provider: what was signed in ends with it. */
  sessionUid: string;
  /** When the person proved who they are; seconds since 1970. */
  authTime: number;
}

type Code = InstanceType<Provider['AuthorizationCode']>;

/**
 * Spends a code of ours, once: of twenty presses one gets the sign-in (RFC 6749 4.1.2).
 * @returns undefined for a code that is spent, expired, another client's or another browser's, or whose session or grant has ended.
 */
export async function redeemOwnCode(
  services: Pick<Services, 'db'>,
  brand: Brand,
  provider: Provider,
  { code: value, nonce, verifier }: { code: string } & Pick<OwnRequest, 'nonce' | 'verifier'>,
): Promise<OwnSignIn | undefined> {
  return openUnit(services, brand.id, async (unit) => {
    const code = await provider.AuthorizationCode.find(value);
    if (!code?.isValid || !isOurs(brand, code, { nonce, verifier })) return undefined;
    const { accountId, sessionUid, authTime, grantId } = code;
    const grant = grantId ? await provider.Grant.find(grantId) : undefined;
    if (!accountId || !sessionUid || !authTime || grant?.accountId !== accountId) return undefined;
    await code.consume();
    const isFirst = await unit.commit().then(() => true, refuseLost);
    return isFirst ? { accountId, sessionUid, authTime } : undefined;
  });
}

/** What the token endpoint would check of the request that asked for it. */
function isOurs(brand: Brand, code: Code, { nonce, verifier }: Pick<OwnRequest, 'nonce' | 'verifier'>): boolean {
  if (code.clientId !== ACCOUNT_CLIENT || code.redirectUri !== ownCallback(brand)) return false;
  return code.nonce === nonce && code.codeChallengeMethod === 'S256' && code.codeChallenge === challengeOf(verifier);
}

function refuseLost(error: unknown): false {
  if (error instanceof LostRace) return false;
  throw error;
}

function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}
