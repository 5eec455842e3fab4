// An app sends a browser to sign in: an authorization request with PKCE.
import { createHash, randomBytes } from 'node:crypto';

export interface App {
  clientId: string;
  redirectUri: string;
  scope: string;
}

export interface Begun {
  url: string;
  verifier: string;
}

export function begin(issuer: string, { clientId, redirectUri, scope }: App): Begun {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    scope,
    redirect_uri: redirectUri,
    state: randomBytes(8).toString('hex'),
    nonce: randomBytes(8).toString('hex'),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  return { url: `${issuer}/auth?${query}`, verifier };
}
