// OpenID Connect, by openid-client: authorization code with PKCE, state and nonce; the ID token's signature and claims are verified.
import * as client from 'openid-client';
import { fingerprint, type PendingSignIn, type SignedIn } from './sessions.ts';
import { homeOf, type Site } from './sites.ts';

const RETRIES = 6;
const PAUSE_MS = 300;

const known = new Map<string, client.Configuration>();

/** Asks the issuer for its addresses when they are first needed, and waits a moment for one that is still starting. */
async function configuration(site: Site): Promise<client.Configuration> {
  const found = known.get(site.issuer);
  if (found) return found;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const made = await discover(site);
      known.set(site.issuer, made);
      return made;
    } catch (error) {
      if (attempt === RETRIES || !isUnreachable(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

function discover({ issuer, clientId, clientSecret }: Site): Promise<client.Configuration> {
  // Plain http is for an issuer on this machine; the signature is checked in any case.
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(new URL(issuer).hostname);
  const execute = [client.enableNonRepudiationChecks, ...(loopback ? [client.allowInsecureRequests] : [])];
  const metadata = { id_token_signed_response_alg: 'ES256' };
  return client.discovery(new URL(issuer), clientId, metadata, client.ClientSecretBasic(clientSecret), { execute });
}

/** @returns where to send the browser, and what to keep until it comes back. */
export async function beginSignIn(site: Site, prompt?: 'create'): Promise<{ url: URL; state: string; pending: PendingSignIn }> {
  const config = await configuration(site);
  const [verifier, state, nonce] = [client.randomPKCECodeVerifier(), client.randomState(), client.randomNonce()];
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: `${site.url}/callback`,
    scope: 'openid profile email',
    state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(prompt ? { prompt } : {}),
  });
  return { url, state, pending: { verifier, nonce } };
}

/** The browser came back: exchanges the code and verifies what was given. Rejects with openid-client's error when the answer is a "no". */
export async function finishSignIn(site: Site, callback: URL, state: string, { verifier, nonce }: PendingSignIn): Promise<SignedIn> {
  const config = await configuration(site);
  const tokens = await client.authorizationCodeGrant(config, callback, {
    expectedState: state,
    expectedNonce: nonce,
    pkceCodeVerifier: verifier,
    idTokenExpected: true,
  });
  return signedIn(config, tokens, []);
}

/** Trades the refresh token for new tokens. The old one is worthless from then on. */
export async function refresh(site: Site, before: SignedIn): Promise<SignedIn> {
  const config = await configuration(site);
  const tokens = await client.refreshTokenGrant(config, before.refreshToken ?? '');
  const next = await signedIn(config, tokens, before.fingerprints, before.idTokenClaims.sub);
  return { ...next, idToken: next.idToken || before.idToken, idTokenClaims: tokens.claims() ?? before.idTokenClaims };
}

/** Where the browser signs out at the issuer too (OpenID Connect RP-Initiated Logout). */
export async function signOutUrl(site: Site, { idToken }: SignedIn): Promise<URL> {
  return client.buildEndSessionUrl(await configuration(site), { id_token_hint: idToken, post_logout_redirect_uri: homeOf(site) });
}

type Tokens = Awaited<ReturnType<typeof client.authorizationCodeGrant>>;

async function signedIn(
  config: client.Configuration,
  tokens: Tokens,
  before: string[],
  sub = tokens.claims()?.sub ?? '',
): Promise<SignedIn> {
  const { refresh_token: refreshToken, id_token: idToken = '' } = tokens;
  return {
    idToken,
    idTokenClaims: tokens.claims() as client.IDToken,
    userinfo: await client.fetchUserInfo(config, tokens.access_token, sub),
    accessTokenExpires: tokens.expires_in && Math.floor(Date.now() / 1_000) + tokens.expires_in,
    refreshToken,
    fingerprints: refreshToken ? [...before, fingerprint(refreshToken)].slice(-4) : before,
  };
}

/** The issuer cannot answer at the moment; asking again later may help. */
export function isUnreachable(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause.message === 'fetch failed' || (cause as { code?: string }).code === 'OAUTH_TIMEOUT') return true;
    if (cause.cause instanceof Response && cause.cause.status >= 500) return true;
  }
  return false;
}

/** The error code of OAuth that the issuer answered, when it did. */
export function oauthError(error: unknown): string | undefined {
  const isAnswer = error instanceof client.AuthorizationResponseError || error instanceof client.ResponseBodyError;
  return isAnswer ? error.error : undefined;
}
