// A brand is an issuer, a pool of accounts and a look.
import type { ConsentDocument } from './consents.ts';
import type { ProfileField } from './profile-fields.ts';
import type { Theme } from './themes.ts';

/** What an operator may change per brand; every setting has a default. Durations are in seconds. */
export interface BrandSettings {
  locale: string;
  passwordMinimum: number;
  registration: boolean;
  deviceFlow: boolean;
  dynamicRegistration: boolean;
  /**
   * When a newcomer's address is proved, by the door they come through. `before`: the account exists only afterwards, and nobody learns
   * whether it did; `after`: the account exists at once and the next step of every sign-in asks for the proof; `off`: never.
   */
  emailVerification: { pages: EmailVerification };
  /** What mails say of themselves. Absent members: the installation's. */
  mail: MailSettings;
  /** How many questions one page asks at most after a sign-in; the others wait for another day. */
  questionsAtOnce: number;
  /** Days between asking for an account's deletion and its erasure, in which it can be kept. */
  deletionDays: number;
  /** Days for which the audit trail is kept. */
  auditDays: number;
  /** How long a spent refresh token of a browser app is remembered, so that its reuse ends the family; a phone's until it would have expired. */
  spentRefreshTokensKept: number;
  /** Scopes per resource indicator (RFC 8707): `{ "https://api.example.com": ["read", "write"] }`. */
  resources: Record<string, string[]>;
  limits: LimitSettings;
}

export type EmailVerification = 'before' | 'after' | 'off';

export interface MailSettings {
  /** The address mails come from; the name before it is the brand's. */
  from?: string | undefined;
  replyTo?: string | undefined;
}

/** How many attempts within how many seconds. */
export interface LimitSettings {
  loginPerIdentifier: Limit;
  loginPerNetwork: Limit;
  registerPerNetwork: Limit;
  clientFailures: Limit;
  userCodePerNetwork: Limit;
  mailPerIdentifier: Limit;
  mailPerIdentifierDaily: Limit;
  mailPerNetwork: Limit;
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
  emailVerification: { pages: 'before' },
  mail: {},
  questionsAtOnce: 5,
  deletionDays: 14,
  auditDays: 730,
  spentRefreshTokensKept: 86_400,
  resources: {},
  limits: {
    loginPerIdentifier: { attempts: 10, seconds: 900 },
    loginPerNetwork: { attempts: 60, seconds: 60 },
    registerPerNetwork: { attempts: 30, seconds: 3600 },
    clientFailures: { attempts: 60, seconds: 60 },
    userCodePerNetwork: { attempts: 20, seconds: 900 },
    mailPerIdentifier: { attempts: 3, seconds: 3600 },
    mailPerIdentifierDaily: { attempts: 10, seconds: 86_400 },
    // Above registerPerNetwork: behind one carrier's address the newcomer too many is told so, and not left waiting for a mail.
    mailPerNetwork: { attempts: 60, seconds: 3600 },
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
  /** Sealed address of the brand's own mail server; `openSmtp` in mails.ts opens it. */
  smtp: Buffer | null;
  disabledAt: Date | null;
  /** What people are asked to agree to: the installation's documents, then the brand's own. */
  consents: readonly ConsentDocument[];
  /** The brand's questions, in its order; `fieldsOf` in profile-fields.ts adds the standard ones. */
  fields: readonly ProfileField[];
}

/** First path segments that belong to the brand at the root of a host; no other brand can live there. */
export const reservedSegments: ReadonlySet<string> = new Set([
  'account',
  'admin',
  'api',
  'assets',
  'auth',
  'confirm-consent',
  'confirm-email',
  'dev',
  'device',
  'healthz',
  'interaction',
  'jwks',
  'keep-account',
  'priv',
  'readyz',
  'reg',
  'request',
  'reset-password',
  'secure-account',
  'session',
  'token',
  'undo-email',
  'unlock',
  'userinfo',
]);
