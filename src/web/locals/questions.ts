// What a brand asks, as views draw it: documents to agree to, and questions. Nothing here is HTML; every value is escaped by the view.
import type { TextPart } from '../../domain/texts.ts';
import type { FormState, LanguageForm, Sentence } from '../page-locals.ts';
import type { InAccount } from './account.ts';

/** A box beside a sentence. Posts `name` = yes when it is ticked, and `versionName` = `version` in any case. */
export interface ConsentChoice {
  name: string;
  versionName: string;
  version: string;
  parts: TextPart[];
  /** BCP 47, of the parts. */
  lang: string;
  /** Where the sentence itself has no link to it: the whole document. */
  url?: string | undefined;
  required: boolean;
  /** Somebody agreed to an older version of it. */
  renewed?: boolean | undefined;
  /** An acceptance is confirmed by mail. */
  byMail?: boolean | undefined;
}

/** One question, or a part of one. Its id in a page is the page's prefix and its name. */
export interface ProfileInput {
  kind: 'text' | 'select' | 'radio' | 'checkbox' | 'checks' | 'set' | 'group';
  name: string;
  label: string;
  help?: string | undefined;
  optional: boolean;
  attributes: Readonly<Record<string, string>>;
  /** Of a select, of radio buttons, of checks (each of which is a box of its own, `name.value`). */
  options: { value: string; words: string }[];
  /** Of a set: what stands in it. */
  parts: ProfileInput[];
  /** Of a group: an item each. */
  rows: ProfileInput[][];
  /** Of a group that may have another item: added here (posts `add` = name), or in the account later. */
  more?: 'here' | 'later' | undefined;
}

/** What stands on the form of a newcomer beside address and password. */
export interface RegistrationQuestions {
  consents: ConsentChoice[];
  inputs: ProfileInput[];
}

/** Posts `csrf`, the boxes, and `action` = accept | later | deny | switch. */
export interface AcceptTermsPage {
  action: string;
  csrf: string;
  form: FormState;
  languageForm?: LanguageForm | undefined;
  consents: ConsentChoice[];
  /** Everything that is open may be put off. */
  deferrable: boolean;
  /** Then: until when. Milliseconds since 1970. */
  graceEnd?: number | undefined;
  switchable: boolean;
  /** My account, where whoever does not accept can take their data and leave. */
  accountUrl: string;
}

/** Posts `csrf`, `asked` = keys, the answers, and `action` = save | skip | deny | switch, or `add` = key. */
export interface CompleteAccountPage {
  action: string;
  csrf: string;
  form: FormState;
  languageForm?: LanguageForm | undefined;
  asked: string;
  inputs: ProfileInput[];
  /** Nothing on the page has to be answered. */
  skippable: boolean;
  switchable: boolean;
  progress: { answered: number; of: number };
}

/** Too young for this brand. */
export interface UnderAgePage {
  age: number;
  /** The form again, for a date that was mistyped. */
  againUrl: string;
  /** My account, for whoever has one already. */
  accountUrl?: string | undefined;
}

/** The link of a double opt-in. `ask` posts `csrf`. */
export interface ConfirmConsentPage {
  action: string;
  csrf: string;
  state: 'ask' | 'confirmed';
  parts: TextPart[];
  /** BCP 47, of the parts. */
  lang: string;
  /** Where it can be withdrawn. */
  consentsUrl: string;
}

/** Posts `csrf`, `document`, `version` and `action` = accept | withdraw. */
export interface AccountConsentsPage extends InAccount {
  action: string;
  csrf: string;
  form: FormState;
  documents: ShownConsent[];
  /** Newest first. */
  history: { document: string; lang?: string | undefined; what: Sentence; when: string }[];
}

export interface ShownConsent {
  name: string;
  version: number;
  parts: TextPart[];
  /** BCP 47, of the parts. */
  lang: string;
  url?: string | undefined;
  required: boolean;
  /** Switched off: what was agreed to can be taken back, and that is all. */
  closed: boolean;
  state: 'accepted' | 'outdated' | 'pending' | 'declined' | 'unanswered';
  /** When it was answered last, in the reader's language. */
  date?: string | undefined;
}

export interface QuestionPages {
  'accept-terms': AcceptTermsPage;
  'complete-account': CompleteAccountPage;
  'under-age': UnderAgePage;
  'confirm-consent': ConfirmConsentPage;
}
