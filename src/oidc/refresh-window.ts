// A client whose answer got lost, or whose two tabs refreshed at once, may use a refresh token again for a few seconds (per client)
// and gets the same successor. Nothing is stored for it: the successor's id is an HMAC of the token that was presented.
import { type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { carrySlice, sliceOfAccount } from '../domain/slices.ts';
import type { Keyring } from '../keyring.ts';
import { clientOf } from './clients.ts';

/** Seconds the client of the running refresh has. */
export function refreshWindow(clientId: string | undefined): number {
  return windowOfRefresh(clientId) ?? 0;
}

/** The same, and undefined where nobody refreshes: whoever only looks at a token (introspection, revocation) sees it as it is. */
export function windowOfRefresh(clientId: string | undefined): number | undefined {
  const ctx = Provider.ctx as KoaContextWithOIDC | undefined;
  const { client, params, route } = ctx?.oidc ?? {};
  if (route !== 'token' || params?.grant_type !== 'refresh_token' || !client || client.clientId !== clientId) return undefined;
  return clientOf(client).refresh_idempotency_window ?? 0;
}

/** The id of the one token that may follow `presented`; as secret as the key, so that nobody can foresee it. */
export function successorOf(keyring: Keyring, presented: string, accountId: string | undefined): string {
  const id = keyring.mac('refresh_successors', '', presented).toString('base64url');
  return accountId ? carrySlice(id, sliceOfAccount(accountId)) : id;
}

interface NewRefreshToken {
  accountId?: string | undefined;
  clientId?: string | undefined;
  generateTokenId(): string;
}

/** Installed after route-ids.ts, whose ids every other refresh token keeps. */
export function nameSuccessors(provider: Provider, keyring: Keyring): void {
  const prototype = provider.RefreshToken.prototype as unknown as NewRefreshToken;
  const { generateTokenId } = prototype;
  prototype.generateTokenId = function named(this: NewRefreshToken) {
    const rotated = rotatedToken();
    if (!rotated || refreshWindow(this.clientId) === 0) return generateTokenId.call(this);
    return successorOf(keyring, rotated, this.accountId);
  };
}

/** The token the running request has just rotated. */
export function rotatedToken(): string | undefined {
  const ctx = Provider.ctx as KoaContextWithOIDC | undefined;
  return ctx?.oidc?.entities.RotatedRefreshToken?.jti;
}

// Two uses this close together (seconds) are one moment: the second was on its way before the first one's answer could be read,
// or a busy machine came to it late. Twenty uses at once, of a busy app at two busy processes, were seen to take more than a quarter.
const SAME_MOMENT = 1;

/**
 * Whether a spent token lost a race (it is refused, and its family lives) or is replayed (its family ends).
 * @param spentFor seconds since it was spent, by the database's clock. @param waited seconds since this request began.
 */
export function isLostRace(spentFor: number | null, waited: number): boolean {
  return spentFor !== null && spentFor < Math.max(SAME_MOMENT, waited);
}
