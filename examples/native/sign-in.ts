// OpenID Connect for a public client, by openid-client: PKCE proves that who redeems the code is who asked for it.
import * as client from 'openid-client';

export type App = client.Configuration;
export type Tokens = Awaited<ReturnType<typeof client.authorizationCodeGrant>>;

interface BegunSignIn {
  url: URL;
  verifier: string;
  state: string;
  nonce: string;
}

export function connect(issuer: string, clientId: string): Promise<App> {
  // Plain http is for an issuer on this machine; the ID token's signature is checked in any case.
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(new URL(issuer).hostname);
  const execute = [client.enableNonRepudiationChecks, ...(loopback ? [client.allowInsecureRequests] : [])];
  return client.discovery(new URL(issuer), clientId, { id_token_signed_response_alg: 'ES256' }, client.None(), { execute });
}

export async function beginSignIn(app: App, redirectUri: string, scope: string, prompt?: string): Promise<BegunSignIn> {
  const [verifier, state, nonce] = [client.randomPKCECodeVerifier(), client.randomState(), client.randomNonce()];
  const url = client.buildAuthorizationUrl(app, {
    redirect_uri: redirectUri,
    scope,
    state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(prompt ? { prompt } : {}),
  });
  return { url, verifier, state, nonce };
}

/** Checks state, issuer, nonce, audience, times and signature. */
export function finishSignIn(app: App, callback: URL, { verifier, state, nonce }: BegunSignIn): Promise<Tokens> {
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
  return client.authorizationCodeGrant(app, callback, checks);
}

export function userinfo(app: App, tokens: Tokens): Promise<client.UserInfoResponse> {
  return client.fetchUserInfo(app, tokens.access_token, tokens.claims()?.sub ?? '');
}

export function renew(app: App, refreshToken: string): Promise<Tokens> {
  return client.refreshTokenGrant(app, refreshToken);
}

/** Revoking the refresh token ends the access tokens that came with it (RFC 7009 2.1). */
export async function end(app: App, { refresh_token: refreshToken }: Tokens): Promise<void> {
  if (refreshToken) await client.tokenRevocation(app, refreshToken);
}
