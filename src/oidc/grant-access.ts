// What an account lets a client do. The brand's own apps get what they ask for; others ask the person first.
import type { Grant, KoaContextWithOIDC, Provider } from 'oidc-provider';
import { clientOf } from './clients.ts';

/** Called by the library after sign-in and for every request with a live session. */
export async function loadExistingGrant(ctx: KoaContextWithOIDC): Promise<Grant | undefined> {
  const { client, session, result, provider } = ctx.oidc;
  if (!client || !session?.accountId) return undefined;
  const grantId = result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  const known = grantId ? await provider.Grant.find(grantId) : undefined;
  // A grant of the account that was signed in before is not the new one's.
  const grant = known?.accountId === session.accountId ? known : undefined;
  return clientOf(client).first_party ? grantAll(ctx, grant) : grant;
}

/** Adds what the request asks for and writes only when something is new. */
async function grantAll(ctx: KoaContextWithOIDC, known: Grant | undefined): Promise<Grant> {
  const { client, session, provider } = ctx.oidc;
  const grant = known ?? new provider.Grant({ accountId: session?.accountId as string, clientId: client?.clientId as string });
  const before = JSON.stringify([grant.openid, grant.resources]);
  const scopes = [...ctx.oidc.requestParamOIDCScopes];
  if (scopes.length > 0) grant.addOIDCScope(scopes.join(' '));
  const claims = [...ctx.oidc.requestParamClaims];
  if (claims.length > 0) grant.addOIDCClaims(claims);
  for (const [indicator, resource] of Object.entries(ctx.oidc.resourceServers ?? {})) {
    const wanted = [...ctx.oidc.requestParamScopes].filter((scope) => resource.scopes.has(scope));
    if (wanted.length > 0) grant.addResourceScope(indicator, wanted.join(' '));
  }
  if (!known || JSON.stringify([grant.openid, grant.resources]) !== before) await grant.save();
  return grant;
}

interface AskedInteraction {
  accountId: string | undefined;
  grantId: string | undefined;
  params: Record<string, unknown>;
  prompt: { details: Record<string, unknown> };
}

/** The person said yes on the page: grants what was missing. @returns the grant's id. */
export async function grantRequested(provider: Provider, { accountId, grantId, params, prompt }: AskedInteraction): Promise<string> {
  const known = grantId ? await provider.Grant.find(grantId) : undefined;
  const grant = known ?? new provider.Grant({ accountId: accountId as string, clientId: String(params.client_id) });
  const { missingOIDCScope, missingOIDCClaims, missingResourceScopes } = prompt.details as {
    missingOIDCScope?: string[];
    missingOIDCClaims?: string[];
    missingResourceScopes?: Record<string, string[]>;
  };
  if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '));
  if (missingOIDCClaims) grant.addOIDCClaims(missingOIDCClaims);
  for (const [indicator, scopes] of Object.entries(missingResourceScopes ?? {})) grant.addResourceScope(indicator, scopes.join(' '));
  return grant.save();
}
