// A relying party as an app's developer would write it: openid-client, PKCE, state and nonce, the ID token's signature checked.
import * as client from 'openid-client';

export interface RelyingPartyOptions {
  issuer: string;
  clientId: string;
  clientSecret?: string | undefined;
  redirectUri: string;
  scope?: string;
  /** Another way to authenticate than client_secret_basic (with a secret) or none. */
  authentication?: client.ClientAuth;
  /** What the app's developer configured differently. */
  metadata?: Partial<client.ClientMetadata>;
}

/** An authorization request on its way: where the browser goes, and what only the app knows. */
export interface BegunSignIn {
  url: string;
  verifier: string;
  state: string;
  nonce: string;
}

export type Tokens = Awaited<ReturnType<typeof client.authorizationCodeGrant>>;
export type RelyingParty = Awaited<ReturnType<typeof createRelyingParty>>;

export async function createRelyingParty({
  issuer,
  clientId,
  clientSecret,
  redirectUri,
  scope = 'openid email',
  authentication = clientSecret ? client.ClientSecretBasic(clientSecret) : client.None(),
  metadata,
}: RelyingPartyOptions) {
  const config = await client.discovery(new URL(issuer), clientId, { id_token_signed_response_alg: 'ES256', ...metadata }, authentication, {
    execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
  });

  return {
    config,
    redirectUri,

    /** Where to send the browser. `parameters` add to or replace the usual ones. */
    async begin(parameters: Record<string, string> = {}): Promise<BegunSignIn> {
      const [verifier, state, nonce] = [client.randomPKCECodeVerifier(), client.randomState(), client.randomNonce()];
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope,
        state,
        nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        ...parameters,
      });
      return { url: url.href, verifier, state, nonce };
    },

    /**
     * The browser came back to `callback`: exchanges the code and verifies everything (state, iss, nonce, signature, audience, times).
     * For form_post give a Request. Rejects with openid-client's error when the answer is a "no".
     */
    finish(callback: string | Request, { verifier, state, nonce }: BegunSignIn): Promise<Tokens> {
      const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
      return client.authorizationCodeGrant(config, typeof callback === 'string' ? new URL(callback) : callback, checks);
    },

    refresh: (token: string) => client.refreshTokenGrant(config, token),
    userinfo: (tokens: Tokens) => client.fetchUserInfo(config, tokens.access_token, tokens.claims()?.sub ?? client.skipSubjectCheck),
    revoke: (token: string) => client.tokenRevocation(config, token),
    introspect: (token: string) => client.tokenIntrospection(config, token),

    endSessionUrl(tokens: Tokens | undefined, postLogoutRedirectUri?: string, state?: string): string {
      return client.buildEndSessionUrl(config, {
        ...(tokens?.id_token ? { id_token_hint: tokens.id_token } : {}),
        ...(postLogoutRedirectUri ? { post_logout_redirect_uri: postLogoutRedirectUri } : {}),
        ...(state ? { state } : {}),
      }).href;
    },
  };
}
