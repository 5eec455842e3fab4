// How long things live, in seconds. Everything is checked at use; the sweep only tidies up.
import type { KoaContextWithOIDC } from 'oidc-provider';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const lifetimes = {
  AccessToken: 15 * MINUTE,
  AuthorizationCode: MINUTE,
  ClientCredentials: 15 * MINUTE,
  DeviceCode: 10 * MINUTE,
  IdToken: HOUR,
  Interaction: HOUR,
  // Outlives every refresh token that hangs on it: a family may begin on the last day of a session of 90 days.
  Grant: (90 + 365 + 5) * DAY,
};

interface RefreshTokenLike {
  iiat?: number | undefined;
  expiresWithSession?: boolean | undefined;
}

/**
 * A phone: 90 days unused, one year in all. A browser: as long as a session may live at most; the session's end ends it earlier.
 * Rotation never prolongs the total (RFC 9700 4.14.2).
 */
export function refreshTokenLifetime(_ctx: KoaContextWithOIDC, token: RefreshTokenLike): number {
  const age = token.iiat ? Math.floor(Date.now() / 1000) - token.iiat : 0;
  const whole = token.expiresWithSession ? 90 * DAY : 365 * DAY;
  return Math.max(1, Math.min(90 * DAY, whole - age));
}

interface SessionLike {
  transient?: boolean | undefined;
  loginTs?: number | undefined;
}

/** "Keep me signed in": 14 days unused, 90 in all. Otherwise until the browser closes, at most 12 hours. */
export function sessionLifetime(_ctx: KoaContextWithOIDC, session: SessionLike): number {
  const age = session.loginTs ? Math.max(0, Math.floor(Date.now() / 1000) - session.loginTs) : 0;
  if (!session.loginTs) return HOUR;
  const [idle, whole] = session.transient ? [12 * HOUR, 12 * HOUR] : [14 * DAY, 90 * DAY];
  return Math.max(1, Math.min(idle, whole - age));
}
