// What the recovery pages need to be drawn. Nothing here is HTML; every value is escaped by the view.
import type { FormState } from '../page-locals.ts';

/** Posts `csrf`, `action` = ask and `email`. */
export interface ForgotPasswordPage {
  action: string;
  csrf: string;
  form: FormState;
  /** The sign-in page. */
  backUrl: string;
}

/** Posts `csrf` and `action` = reset with `code` and `password`, or `action` = again, or `action` = another. */
export interface ForgotPasswordSentPage extends ForgotPasswordPage {
  /** As it was typed. It was mailed to only if there is an account; the page does not know. */
  email: string;
  passwordMinimum: number;
  /** It was sent once more. */
  again: boolean;
}

/** What led to the page for a new password: `reset-password.after.<word>`. */
export const afterWords = ['undone', 'secured'] as const;

export type AfterWord = (typeof afterWords)[number];

/** Behind the mailed link. Posts `csrf` and `password`. */
export interface ResetPasswordPage {
  after?: AfterWord | undefined;
  /** Whose password it is, for password managers. */
  email?: string | undefined;
  action: string;
  csrf: string;
  form: FormState;
  passwordMinimum: number;
}

/** Done, in a browser that has no sign-in to go back to. */
export type PasswordChangedPage = Record<never, never>;

/** A link that lets this browser in was asked for. Posts `csrf`, `action` = ask and `email`. */
export interface UnlockSentPage {
  action: string;
  csrf: string;
  email: string;
  again: boolean;
  backUrl: string;
}

/** Behind the mailed link. Posts `csrf`. */
export interface UnlockPage {
  action: string;
  csrf: string;
}

/** Done, in a browser that has no sign-in to go back to. */
export type UnlockedPage = Record<never, never>;

/** Behind the link that the old address got. Posts `csrf`. `undone`: done, for an account without a password. */
export interface UndoEmailPage {
  state: 'ask' | 'undone';
  action: string;
  csrf: string;
  /** The one to put back: the link was mailed to it. */
  before: string;
  /** Masked: the one that took its place. */
  email: string;
  /** My account, to sign in. */
  accountUrl: string;
}

/** "This was not me". Posts `csrf`. `secured`: done, for an account without a password. */
export interface SecureAccountPage {
  state: 'ask' | 'secured';
  action: string;
  csrf: string;
  /** My account, to sign in. */
  accountUrl: string;
}

export interface RecoveryPages {
  'secure-account': SecureAccountPage;
  'undo-email': UndoEmailPage;
  'forgot-password': ForgotPasswordPage;
  'forgot-password-sent': ForgotPasswordSentPage;
  'reset-password': ResetPasswordPage;
  'password-changed': PasswordChangedPage;
  'unlock-sent': UnlockSentPage;
  unlock: UnlockPage;
  unlocked: UnlockedPage;
}
