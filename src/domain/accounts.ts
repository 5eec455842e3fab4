// The record of a person at one brand.
import type { AccountClaims } from './claims.ts';
import type { AccountConsents } from './consents.ts';
import type { ProfileAnswers } from './profile-capture.ts';

export interface Account {
  brandId: number;
  /** A uuid; the subject (`sub`) relying parties see. Never reused. */
  id: string;
  /** The address as it was given (trimmed): where mail goes. Compared only by `canonicalEmail`. */
  email: string | null;
  emailVerified: boolean;
  /** Standard claims other than sub, email, email_verified and updated_at (OpenID Connect Core 5.1). */
  claims: AccountClaims;
  registeredAt: Date;
  /** Equals registeredAt until the first sign-in. */
  lastLoginAt: Date;
  updatedAt: Date;
  disabledAt: Date | null;
  /** Whatever was signed in before this moment counts no more. */
  signedOutAt: Date | null;
  /** But for the session of this uid: the one in which the others were ended. */
  signedOutExcept: string | null;
  /** Asked for by its owner: from this moment on it will be erased. */
  eraseAfter: Date | null;
  /** What the row knows of the ledger of consents. */
  consents: AccountConsents;
  /** Answers to the brand's questions that are no claims; of all of them who gave them and when. */
  answers: ProfileAnswers;
  /** How often they signed in; registering counts. */
  signIns: number;
}
