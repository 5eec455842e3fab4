// Keys a brand signs with: P-256 for the clients we create, RSA 3072 for those that ask (RS256 is the standard's default).
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';

export type SigningAlgorithm = 'ES256' | 'RS256';

export const signingAlgorithms: readonly SigningAlgorithm[] = ['ES256', 'RS256'];

/** A fresh key pair as JWKs (RFC 7517); `kid` is its thumbprint (RFC 7638). */
export async function newSigningKey(alg: SigningAlgorithm) {
  const pair = await generateKeyPair(alg, { extractable: true, modulusLength: 3072 });
  const [publicJwk, privateJwk] = await Promise.all([exportJWK(pair.publicKey), exportJWK(pair.privateKey)]);
  const kid = await calculateJwkThumbprint(publicJwk);
  const marks = { kid, alg, use: 'sig' };
  return { kid, alg, publicJwk: { ...publicJwk, ...marks }, privateJwk: { ...privateJwk, ...marks } };
}

/** What the sealed private key is bound to, so that it opens nowhere else. */
export function signingKeyPlace(brandId: number, kid: string): string {
  return `signing_keys.private_jwk/${brandId}/${kid}`;
}
