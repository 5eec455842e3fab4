// What the account pages need to be drawn. Nothing here is HTML; every value is escaped by the view.
import type { FormState, LanguageForm, Sentence } from '../page-locals.ts';
import type { AccountConsentsPage, ProfileInput } from './questions.ts';

/** What stands around every page of the account. */
export interface AccountFrame {
  /** Last segment of the page's address; '' is the overview. */
  segment: string;
  nav: { segment: string; href: string; current: boolean }[];
  /** The overview; `action` = sign_out is posted to it, with `csrf`. */
  home: string;
  csrf: string;
  /** The app the person came from. */
  back?: { name: string; url: string } | undefined;
  /** What was just done: `account.done.<word>`. */
  done?: string | undefined;
}

export interface InAccount {
  frame: AccountFrame;
}

/** Signing in to the account did not work; the button tries again. */
export interface AccountSignInPage {
  restartUrl: string;
}

/** The overview. Posts `csrf` and `action` = sign_out | keep. */
export interface AccountOverviewPage extends InAccount {
  action: string;
  csrf: string;
  /** What to call the person. */
  name?: string | undefined;
  email?: string | undefined;
  /** A line on how each page's matter stands. */
  cards: { segment: string; href: string; state: Sentence }[];
  deletion?: DeletionBanner | undefined;
}

/** The account will be erased. Posts `csrf` and `action` = keep to the overview. */
export interface DeletionBanner {
  action: string;
  csrf: string;
  /** In the person's language. */
  date: string;
}

/** Posts `csrf` and the answers, or `add` = key. */
export interface AccountProfilePage extends InAccount {
  action: string;
  csrf: string;
  form: FormState;
  languageForm?: LanguageForm | undefined;
  asked: string;
  inputs: ProfileInput[];
  /** Known, and kept as no more than that: sentences. */
  facts: Sentence[];
}

/** Posts `csrf` and one of `session` = id, `app` = id, `action` = others | everything. */
export interface AccountSessionsPage extends InAccount {
  action: string;
  csrf: string;
  /** This browser first. */
  places: Place[];
}

/** Texts are in the person's language. */
export interface Place {
  /** A browser's session, or an app that stays signed in by itself. */
  kind: 'session' | 'app';
  id: string;
  /** This very browser. */
  current: boolean;
  title: string;
  network?: string | undefined;
  since: string;
  used?: string | undefined;
  /** What is signed in to from there. */
  apps?: string | undefined;
}

/** Posts `csrf` and `client` = id. */
export interface AccountAppsPage extends InAccount {
  action: string;
  csrf: string;
  apps: AppWithAccess[];
}

export interface AppWithAccess {
  id: string;
  name: string;
  url?: string | undefined;
  /** In the person's language. */
  since: string;
  access: Sentence[];
}

/** Posts `csrf`; the answer is a file. */
export interface AccountDataPage extends InAccount {
  action: string;
  csrf: string;
}

/** Posts `csrf`, `action` = delete and `confirm` = yes. */
export interface AccountDeletePage extends InAccount {
  action: string;
  csrf: string;
  form: FormState;
  /** From when on it would be erased, in the reader's language. */
  date: string;
  /** There already: nothing more to ask for. */
  deletion?: DeletionBanner | undefined;
}

/**
 * `ask`: the link from the mail was opened, posts `csrf`; `kept`: done; `requested`: the deletion was asked for in this browser just now;
 * `gone`: the link was used, is too old or none of ours, or the account is erased.
 */
export interface KeepAccountPage {
  outcome: 'ask' | 'kept' | 'requested' | 'gone';
  action: string;
  csrf: string;
  /** From when on it is erased; absent for `kept` and `gone`. */
  date?: string | undefined;
  /** My account. */
  accountUrl: string;
}

/**
 * `ask` posts `csrf`, `action` = ask, `email` and, where there is one, `password`; `waiting` posts `csrf` and `code`, or
 * `action` = again | another | cancel.
 */
export interface AccountEmailPage extends InAccount {
  state: 'ask' | 'waiting' | 'tried_out';
  action: string;
  csrf: string;
  form: FormState;
  /** Of today; absent where there is none. */
  current?: string | undefined;
  verified: boolean;
  hasPassword: boolean;
  /** The address to be. */
  pending?: string | undefined;
  /** Another mail was asked for just now. */
  sent: boolean;
}

/** Posts `csrf`, `password` and `new_password`; without a password `csrf` and `action` = mail. */
export interface AccountPasswordPage extends InAccount {
  action: string;
  csrf: string;
  form: FormState;
  hasPassword: boolean;
  passwordMinimum: number;
  /** For password managers; a link can be mailed only where there is one. */
  email?: string | undefined;
  /** The link was mailed just now. */
  sent: boolean;
}

export interface AccountPages {
  'account-email': AccountEmailPage;
  'account-password': AccountPasswordPage;
  'account-data': AccountDataPage;
  'account-delete': AccountDeletePage;
  'keep-account': KeepAccountPage;
  'account-sign-in': AccountSignInPage;
  account: AccountOverviewPage;
  'account-profile': AccountProfilePage;
  'account-sessions': AccountSessionsPage;
  'account-apps': AccountAppsPage;
  'account-consents': AccountConsentsPage;
}

/** The pages that stand inside the frame. */
export type FramedPage = { [Name in keyof AccountPages]: AccountPages[Name] extends InAccount ? Name : never }[keyof AccountPages];
