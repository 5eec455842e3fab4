// Who is signed in at the shop: a random cookie and a map. A real shop keeps this where a restart does not lose it.
import { createHash, randomBytes } from 'node:crypto';
import type { IDToken, UserInfoResponse } from 'openid-client';

/** What the shop keeps between "Sign in" and the way back; one for each tab. */
export interface PendingSignIn {
  verifier: string;
  nonce: string;
  /** A double press of the way back waits for the first one. */
  result?: Promise<SignedIn> | undefined;
}

export interface SignedIn {
  idToken: string;
  idTokenClaims: IDToken;
  userinfo: UserInfoResponse;
  accessTokenExpires: number | undefined;
  refreshToken: string | undefined;
  /** Fingerprints of the refresh token, the newest last: they show that it rotates without showing it. */
  fingerprints: string[];
}

export interface Session {
  pending: Map<string, PendingSignIn>;
  signedIn?: SignedIn | undefined;
  /** Refreshing twice with one token would look like theft; the second press joins the first. */
  refreshing?: Promise<void> | undefined;
}

const BOUND = 1_000;
const TABS = 10;

export function createSessions() {
  const sessions = new Map<string, Session>();
  return {
    find: (id: string | undefined): Session | undefined => (id ? sessions.get(id) : undefined),
    /** @returns the cookie's value. A signed-in session always gets a new one, so that nobody can plant it before. */
    add(session: Session): string {
      const id = randomBytes(32).toString('base64url');
      sessions.set(id, session);
      if (sessions.size > BOUND) sessions.delete(sessions.keys().next().value as string);
      return id;
    },
    remove: (id: string | undefined) => void (id && sessions.delete(id)),
  };
}

export type Sessions = ReturnType<typeof createSessions>;

export function remember(session: Session, state: string, pending: PendingSignIn): void {
  session.pending.set(state, pending);
  if (session.pending.size > TABS) session.pending.delete(session.pending.keys().next().value as string);
}

export function fingerprint(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 8);
}
