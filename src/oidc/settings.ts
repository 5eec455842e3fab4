// Every setting of oidc-provider we decide, each with one sentence why. What is not named here keeps the library's default.
import type { Configuration, JWKS, KoaContextWithOIDC } from 'oidc-provider';
import type { Brand } from '../domain/brands.ts';
import { claimsOfScope, ownClaims } from '../domain/claims.ts';
import type { Keyring } from '../keyring.ts';
import { availableLocales } from './available-locales.ts';
import { clientMetadataRule, clientOf, extraClientMetadata } from './clients.ts';
import { loadExistingGrant } from './grant-access.ts';
import { lifetimes, refreshTokenLifetime, sessionLifetime } from './lifetimes.ts';
import type { ProviderPages } from './pages.ts';
import { prompts } from './prompts.ts';
import { resourceServer } from './resources.ts';
import { introspectionPolicy, mayRevoke } from './token-policies.ts';

const signing = ['ES256', 'RS256'] as const;
const verifying = ['ES256', 'RS256', 'PS256', 'EdDSA', 'Ed25519'] as const;

export interface SettingsInput {
  brand: Brand;
  keyring: Keyring;
  jwks: JWKS;
  pages: ProviderPages;
  findAccount: NonNullable<Configuration['findAccount']>;
}

export function settings({ brand, keyring, jwks, pages, findAccount }: SettingsInput): Configuration {
  const secure = brand.issuer.startsWith('https:');
  return {
    jwks,
    findAccount,
    // Accounts of other brands must stay signed in beside ours in one cookie jar, so names carry the brand's id.
    cookies: {
      names: cookieNames(brand),
      keys: [keyring.key('cookies', String(brand.id)).toString('base64url')],
      long: { httpOnly: true, sameSite: 'lax', secure, signed: true, path: '/' },
      short: { httpOnly: true, sameSite: 'lax', secure, signed: true },
    },
    // The standard scopes, our two, and nothing implied: a relying party gets the claims it asked for.
    scopes: ['openid', 'offline_access', 'profile', 'email', 'phone', 'address', 'consents', 'profile_fields'],
    claims: {
      ...mutable(claimsOfScope),
      ...mutable(ownClaims),
      openid: ['sub', 'at_hash'],
      acr: null,
      sid: null,
      auth_time: null,
      iss: null,
    },
    // Only the code flow: RFC 9700 2.1.2 and OAuth 2.1 drop the others.
    responseTypes: ['code'],
    // What the client's registration says; public clients always prove possession of the code (RFC 7636).
    pkce: { required: (_ctx, client) => client.clientAuthMethod === 'none' || clientOf(client).require_pkce !== false },
    // Secrets are stored as digests, so nothing that needs them in clear can be offered.
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    enabledJWA: {
      idTokenSigningAlgValues: [...signing],
      clientAuthSigningAlgValues: [...verifying],
      requestObjectSigningAlgValues: [...verifying],
      dPoPSigningAlgValues: ['ES256', 'EdDSA', 'Ed25519'],
    },
    // Dynamic clients get the standard's default; clients we create name ES256 themselves.
    clientDefaults: {
      grant_types: ['authorization_code'],
      id_token_signed_response_alg: 'RS256',
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
    },
    extraClientMetadata: { properties: [...extraClientMetadata], validator: clientMetadataRule },
    // A browser's origin is welcome where the client's registration names it, and nowhere else.
    clientBasedCORS: (_ctx, origin, client) => clientOf(client).allowed_origins?.includes(origin) ?? false,
    interactions: { policy: prompts(brand), url: (_ctx, interaction) => `${brand.issuer}/interaction/${interaction.uid}` },
    loadExistingGrant,
    // A client that may refresh gets a refresh token, with or without offline_access: shops forget that scope.
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    // Signing out ends what a browser app holds; a phone or a television stays signed in until it signs out itself.
    expiresWithSession: async (ctx, code) => code.kind !== 'DeviceCode' && ctx.oidc.client?.applicationType !== 'native',
    // Every use makes a successor, so that a stolen token shows itself (RFC 9700 4.14).
    rotateRefreshToken: true,
    ttl: { ...lifetimes, RefreshToken: refreshTokenLifetime, Session: sessionLifetime },
    // Names released by scope go to userinfo, not into every ID token.
    conformIdTokenClaims: true,
    // Two machines' clocks may differ a little.
    clockTolerance: 15,
    discovery: {
      ui_locales_supported: availableLocales,
      ...(brand.theme.links.privacy ? { op_policy_uri: brand.theme.links.privacy } : {}),
      ...(brand.theme.links.terms ? { op_tos_uri: brand.theme.links.terms } : {}),
    },
    routes: { userinfo: '/userinfo' },
    // A page never offers a way to an address that is not the client's.
    renderError: (ctx, out, error) => {
      forgetForeignRedirect(ctx);
      return pages.error(ctx, out, error);
    },
    fetch: outgoing(secure),
    features: features({ brand, keyring, pages, findAccount }),
  };
}

function features({ brand, keyring, pages, findAccount }: Omit<SettingsInput, 'jwks'>): NonNullable<Configuration['features']> {
  return {
    // The library's own pages are for its tutorial.
    devInteractions: { enabled: false },
    // Sender-constrained tokens for clients that can (RFC 9449); nonces are accepted but not demanded.
    dPoP: { enabled: true, nonceSecret: keyring.key('dpop_nonces', String(brand.id)), allowReplay: false },
    // Other apps hear of a sign-out from a job that retries, not inside the person's request.
    backchannelLogout: { enabled: true },
    claimsParameter: { enabled: true },
    clientCredentials: { enabled: true },
    // Off unless the brand has televisions: the flow is open to phishing (RFC 8628 5.4).
    deviceFlow: {
      enabled: brand.settings.deviceFlow,
      charset: 'base-20',
      mask: '****-****',
      userCodeInputSource: pages.device,
      userCodeConfirmSource: pages.deviceConfirm,
      successSource: pages.deviceDone,
    },
    introspection: { enabled: true, allowedPolicy: introspectionPolicy(findAccount) },
    pushedAuthorizationRequests: { enabled: true },
    registration: { enabled: brand.settings.dynamicRegistration, initialAccessToken: false },
    registrationManagement: { enabled: brand.settings.dynamicRegistration, rotateRegistrationAccessToken: true },
    // With `resource` the access token is a JWT for that API; without it, opaque and good for userinfo.
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined as unknown as string,
      useGrantedResource: () => false,
      getResourceServerInfo: (ctx, indicator, client) => resourceServer(brand, ctx, indicator, client),
    },
    // By value only (RFC 9101): fetching request_uri would let a stranger aim our requests.
    requestObjects: { enabled: true },
    revocation: { enabled: true, allowedPolicy: mayRevoke },
    rpInitiatedLogout: { enabled: true, logoutSource: pages.logout, postLogoutSuccessSource: pages.loggedOut },
    userinfo: { enabled: true },
  };
}

/** An open redirect with a button is one all the same (RFC 9700 4.11). */
function forgetForeignRedirect({ oidc }: KoaContextWithOIDC): void {
  const { client, params } = oidc;
  const uri = params?.redirect_uri;
  if (params && !(typeof uri === 'string' && client?.redirectUriAllowed(uri))) params.redirect_uri = undefined;
}

/** The library cuts connections to private addresses. Only an issuer on this machine may talk to this machine. */
function outgoing(secure: boolean): NonNullable<Configuration['fetch']> {
  if (secure) return (url, options) => fetch(url, options);
  return (url, options) => fetch(url, isLoopback(url) ? withoutGuard(options) : options);
}

function isLoopback(url: Parameters<typeof fetch>[0]): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url instanceof Request ? url.url : url).hostname);
}

function withoutGuard(options: object = {}): object {
  const { dispatcher: _guard, ...rest } = options as { dispatcher?: unknown };
  return rest;
}

/** `__Host-` where browsers honour it; path brands share the host, hence the brand's id in each name. */
export function cookieNames(brand: Pick<Brand, 'id' | 'issuer'>) {
  const [host, path] = brand.issuer.startsWith('https:') ? ['__Host-', '__Secure-'] : ['', ''];
  return {
    session: `${host}${brand.id}.session`,
    interaction: `${path}${brand.id}.interaction`,
    resume: `${path}${brand.id}.resume`,
  };
}

function mutable(scopes: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(scopes).map(([scope, names]) => [scope, [...names]]));
}
