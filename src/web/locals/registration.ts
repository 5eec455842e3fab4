// What the registration pages need to be drawn. Nothing here is HTML; every value is escaped by the view.
import type { FormState } from '../page-locals.ts';

/** Posts `csrf` and `code`, or `action` = again | carry-on | switch. */
export interface VerifyEmailPage {
  action: string;
  csrf: string;
  /**
   * `tried_out`: too many wrong codes, a new one is needed; `unsent`: no code is on its way to this browser; `confirmed`: somewhere else,
   * so that only going on is left; `expired`: nothing to wait for any more.
   */
  state: 'waiting' | 'tried_out' | 'unsent' | 'confirmed' | 'expired';
  /** As it was typed. */
  email?: string | undefined;
  form: FormState;
  /** Another mail was asked for just now. */
  sent: boolean;
  /** The sign-in page, to use another address. */
  backUrl?: string | undefined;
  /** Somebody is signed in, and may be somebody else. */
  switchable?: boolean | undefined;
}

/** What a link proves. Posts `csrf`. */
export interface ConfirmEmailPage {
  action: string;
  csrf: string;
  /** `ask`: the button is to be pressed; `confirmed`: it was; `changed`: and the account has a new address by it; `taken`: the address has got an account meanwhile. */
  state: 'ask' | 'confirmed' | 'changed' | 'taken';
  email: string;
  /** Where it was begun, in words; a part that is not known is left out. */
  begun: { device?: string | undefined; network?: string | undefined; ago: string };
  /** In the browser that began: the form that goes on there. */
  carryOn?: { action: string; csrf: string } | undefined;
  /** The account pages, to sign in. */
  accountUrl: string;
}

/** A mailed link that is used up, too old or none of ours. */
export interface DeadLinkPage {
  /** `new`: another one can be asked for there; `sign_in`: that is all there is; `forgot`: and "Forgot password?" is beside it. */
  next: 'new' | 'sign_in' | 'forgot';
  url: string;
}

export interface RegistrationPages {
  'verify-email': VerifyEmailPage;
  'confirm-email': ConfirmEmailPage;
  'dead-link': DeadLinkPage;
}
