// What an account lets a client do. The brand's own apps get what they ask for; others ask the person first.
import type { Grant, KoaContextWithOIDC, Provider } from 'oidc-provider';
import { clientOf } from './clients.ts';
import { isSignedOut } from './find-account.ts';

/** Called by the library after sign-in and for every request with a live session. */
export async function loadExistingGrant(ctx: KoaContextWithOIDC): Promise<Grant | undefined> {
  const { client, session, result, provider } = ctx.oidc;
  // Who has to sign in anew is given nothing before.
  if (!client || !session?.accountId || isSignedOut(ctx)) return undefined;
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

/** What a client may do and learn: our own scopes, claims by name, and scopes of APIs by the API's identifier. */
export interface Access {
  scopes: string[];
  claims: string[];
  apis: Record<string, string[]>;
}

/** What "yes" would add. The page draws this and `grantRequested` grants it, so that neither knows more than the other. */
export function missingAccess({ prompt }: Pick<AskedInteraction, 'prompt'>): Access {
  const { missingOIDCScope, missingOIDCClaims, missingResourceScopes } = prompt.details as {
    missingOIDCScope?: string[];
    missingOIDCClaims?: string[];
    missingResourceScopes?: Record<string, string[]>;
  };
  return { scopes: missingOIDCScope ?? [], claims: missingOIDCClaims ?? [], apis: missingResourceScopes ?? {} };
}

/** What the person granted before. */
export async function grantedAccess(provider: Provider, interaction: AskedInteraction): Promise<Access> {
  const grant = await knownGrant(provider, interaction);
  const words = (scope = '') => scope.split(' ').filter(Boolean);
  const apis = Object.entries(grant?.resources ?? {}).map(([indicator, scope]) => [indicator, words(scope)]);
  return { scopes: words(grant?.getOIDCScope()), claims: grant?.getOIDCClaims() ?? [], apis: Object.fromEntries(apis) };
}

/** Only a grant of this account to this client is ever extended. */
async function knownGrant(provider: Provider, { accountId, grantId, params }: AskedInteraction): Promise<Grant | undefined> {
  const known = grantId ? await provider.Grant.find(grantId) : undefined;
  return known?.accountId === accountId && known?.clientId === params.client_id ? known : undefined;
}

/** The person said yes on the page: grants what was missing. @returns the grant's id. */
export async function grantRequested(provider: Provider, interaction: AskedInteraction): Promise<string> {
  const { accountId, params } = interaction;
  const known = await knownGrant(provider, interaction);
  const grant = known ?? new provider.Grant({ accountId: accountId as string, clientId: String(params.client_id) });
  const { scopes, claims, apis } = missingAccess(interaction);
  if (scopes.length > 0) grant.addOIDCScope(scopes.join(' '));
  if (claims.length > 0) grant.addOIDCClaims(claims);
  for (const [indicator, scopes] of Object.entries(apis)) grant.addResourceScope(indicator, scopes.join(' '));
  return grant.save();
}
