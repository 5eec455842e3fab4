// A brand is an issuer, a pool of accounts and a look.
import type { Theme } from './themes.ts';

/** What an operator may change per brand; every setting has a default. Durations are in seconds. */
export interface BrandSettings {
  locale: string;
  passwordMinimum: number;
  registration: boolean;
  deviceFlow: boolean;
  dynamicRegistration: boolean;
  /** How long a spent refresh token of a browser app is remembered, so that its reuse ends the family; a phone's until it would have expired. */
  spentRefreshTokensKept: number;
  /** Scopes per resource indicator (RFC 8707): `{ "https://api.example.com": ["read", "write"] }`. */
  resources: Record<string, string[]>;
  limits: LimitSettings;
}

/** How many attempts within how many seconds. */
export interface LimitSettings {
  loginPerIdentifier: Limit;
  loginPerNetwork: Limit;
  registerPerNetwork: Limit;
  clientFailures: Limit;
  userCodePerNetwork: Limit;
}

export interface Limit {
  attempts: number;
  seconds: number;
}

export const defaultSettings: BrandSettings = {
  locale: 'en',
  passwordMinimum: 8,
  registration: true,
  deviceFlow: false,
  dynamicRegistration: false,
  spentRefreshTokensKept: 86_400,
  resources: {},
  limits: {
    loginPerIdentifier: { attempts: 10, seconds: 900 },
    loginPerNetwork: { attempts: 60, seconds: 60 },
    registerPerNetwork: { attempts: 30, seconds: 3600 },
    clientFailures: { attempts: 60, seconds: 60 },
    userCodePerNetwork: { attempts: 20, seconds: 900 },
  },
};

export interface Brand {
  id: number;
  slug: string;
  /** The issuer identifier, without a trailing slash: scheme, host and, for a brand on a shared host, a path. */
  issuer: string;
  name: string;
  version: number;
  homeSlice: number;
  slices: number;
  settings: BrandSettings;
  theme: Theme;
  /** Sealed; `identifierDigest` in identifiers.ts takes the opened key. */
  identifierKey: Buffer;
  disabledAt: Date | null;
}

/** First path segments that belong to the brand at the root of a host; no other brand can live there. */
export const reservedSegments: ReadonlySet<string> = new Set([
  'account',
  'admin',
  'api',
  'assets',
  'auth',
  'dev',
  'device',
  'healthz',
  'interaction',
  'jwks',
  'priv',
  'readyz',
  'reg',
  'request',
  'session',
  'token',
  'userinfo',
]);
