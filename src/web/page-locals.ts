// What each page needs to be drawn: the contract between controllers and views. `render('login', locals)` takes PageFrame & LoginPage.
// Absent is `undefined` or left out; nothing here is HTML, every value is escaped by the view.
import type { ThemeLinks } from '../domain/themes.ts';
import type { RefusalCode } from '../errors.ts';
import type { AccountPages } from './locals/account.ts';
import type { InboxPages } from './locals/inbox.ts';
import type { QuestionPages, RegistrationQuestions } from './locals/questions.ts';
import type { RecoveryPages } from './locals/recovery.ts';
import type { RegistrationPages } from './locals/registration.ts';

export type Translate = (key: string, params?: Readonly<Record<string, string | number>>) => string;

/** What stands around every page: the brand, the language, the assets and, inside an interaction, the app that asks. */
export interface PageFrame {
  brand: {
    name: string;
    slug: string;
    logoUrl?: string | undefined;
    links: ThemeLinks;
    /** The brand's root page: the last way out when neither the app nor the theme names a home. */
    homePath?: string | undefined;
  };
  /** BCP 47. */
  locale: string;
  dir: 'ltr' | 'rtl';
  t: Translate;
  /** "22 November 2026", of an ISO 8601 date. */
  day: (date: string | number) => string;
  /** The language switch; one entry or none hides it. */
  locales: LocaleLink[];
  /** URL paths made by assets.ts. */
  stylesheet: string;
  script: string;
  client?: { name: string; homeUrl?: string | undefined } | undefined;
  /** Development only: where the mails that were sent can be read. */
  devInboxUrl?: string | undefined;
}

export interface LocaleLink {
  code: string;
  /** The language's own name. */
  label: string;
  href: string;
  current: boolean;
}

export interface LanguageForm {
  action: string;
  fields: Readonly<Record<string, string>>;
}

/** What was typed (never a password) and, after a "no", why. `field` is the input's name. */
export interface FormState {
  values: Readonly<Record<string, string>>;
  refusal?: FormRefusal | undefined;
  /** What else is wrong with it, told at once. */
  also?: readonly FormRefusal[] | undefined;
}

export interface FormRefusal {
  code: RefusalCode;
  field?: string | undefined;
  params: Readonly<Record<string, string | number>>;
  /** A key of its own where `refusals.<code>` is too general. */
  sentence?: string | undefined;
}

/** What was done before the sign-in page is seen again: `login.notice.<word>`. */
export const loginNotices = ['password_changed', 'unlocked'] as const;

/** Posts `csrf`, `action` = login | register, `email`, `password` and, from the first form only, `remember` = yes, or `forgot` = yes or `unlock` = yes. */
export interface LoginPage {
  /** The URL both forms post to. */
  action: string;
  csrf: string;
  /** The form that stands first; `register` when the app asked for a new account. */
  first: 'login' | 'register';
  login: FormState;
  /** Absent when the brand takes no new accounts. */
  register?: FormState | undefined;
  passwordMinimum: number;
  /** What newcomers are asked beside address and password. */
  questions?: RegistrationQuestions | undefined;
  /** `again`: somebody is signed in here, for too long. */
  notice?: (typeof loginNotices)[number] | 'again' | undefined;
  /** After something was sent: what the language switch posts, so that nothing typed (but the password) is lost. */
  languageForm?: LanguageForm | undefined;
}

/** Grant access, for third-party clients only. Posts `csrf` and `action` = allow | deny | switch. */
export interface ConsentPage {
  action: string;
  csrf: string;
  /** Host (or custom scheme) of the redirect URI: what tells a real app from one that borrowed its name. */
  redirectHost: string;
  /** What "Allow" gives; what was given before when nothing is new. */
  access: Sentence[];
  /** Nothing is new: the app asked to ask again. */
  again: boolean;
  /** Masked e-mail of the account that is signed in. */
  account?: string | undefined;
  /** Absent where the request cannot begin again. */
  switchable: boolean;
}

export interface Sentence {
  key: string;
  params?: Readonly<Record<string, string>>;
}

/** A native app asks while someone is signed in. Posts `csrf` and `action` = continue | switch. */
export interface ContinuePage {
  action: string;
  csrf: string;
  /** Masked e-mail, `a***@example.com`. */
  account: string;
  /** Absent where the request cannot begin again. */
  switchable: boolean;
}

/** Posts `xsrf` and, to sign out, `logout` = yes. */
export interface LogoutPage {
  action: string;
  xsrf: string;
  /** The app has shown that it knows who is signed in: nothing is asked, the form sends itself. */
  hinted?: boolean | undefined;
  account?: string | undefined;
}

export type LoggedOutPage = Record<never, never>;

/** Posts `xsrf` and `user_code`; `form.values.user_code` is what was typed. */
export interface DevicePage {
  action: string;
  xsrf: string;
  form: FormState;
}

/** Posts `xsrf`, `user_code` and either `confirm` = yes or `abort` = yes. */
export interface DeviceConfirmPage {
  action: string;
  xsrf: string;
  /** As the device shows it. */
  userCode: string;
  /** Where the request came from. */
  device: { description?: string | undefined; address?: string | undefined };
}

export interface DeviceDonePage {
  outcome: 'connected' | 'stopped';
}

/**
 * `request`: the app asked for something it may not; `form`: a form that is not ours or too old; `malformed`, `too_large`: what was
 * sent cannot be taken; `refused`, `too_many`: a "no" that belongs to no form; `fault`: our mistake.
 */
export interface ErrorPage {
  reason: 'request' | 'not_found' | 'form' | 'malformed' | 'too_large' | 'refused' | 'too_many' | 'fault';
  reference: string;
  /** Where the same thing can be done once more. */
  retryUrl?: string | undefined;
  /** For the app's developers, e.g. "redirect_uri did not match". Never an internal message. */
  detail?: string | undefined;
}

/** A sign-in that cannot go on here. `finished`: and the person is signed in by it; `done`: it ended in any other way. */
export interface GonePage {
  reason: 'expired' | 'other_account' | 'other_browser' | 'finished' | 'done';
  /** Starts the sign-in again; the way back to the app's or the brand's home is there in any case. */
  restartUrl?: string | undefined;
}

/** Shown with 503. `form` brings back what was being sent; without it the page offers `retryUrl`. */
export interface UnavailablePage {
  form?: { kind: 'login' | 'register'; action: string; csrf: string; values: Readonly<Record<string, string>> } | undefined;
  retryUrl: string;
}

/** The brand's root page. */
export type HomePage = Record<never, never>;

/** Sends `inputs` to `action` (response_mode=form_post, or our own end-session form when the account is switched). */
export interface FormPostPage {
  action: string;
  inputs: Readonly<Record<string, string>>;
}

export interface Pages extends RegistrationPages, QuestionPages, RecoveryPages, AccountPages, InboxPages {
  login: LoginPage;
  consent: ConsentPage;
  continue: ContinuePage;
  logout: LogoutPage;
  'logged-out': LoggedOutPage;
  device: DevicePage;
  'device-confirm': DeviceConfirmPage;
  'device-done': DeviceDonePage;
  error: ErrorPage;
  gone: GonePage;
  unavailable: UnavailablePage;
  home: HomePage;
  'form-post': FormPostPage;
}

export type PageName = keyof Pages;
