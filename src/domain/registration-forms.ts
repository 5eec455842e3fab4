// What a newcomer answers beside address and password: the documents of the brand and its first questions. Read before the account
// exists, and kept sealed until it does where an address is proved first.
import { besides, type Refusal, refuseAll } from '../errors.ts';
import type { Brand } from './brands.ts';
import type { AccountClaims } from './claims.ts';
import { consentLine, type GivenConsents, partByOptIn, readConsents } from './consent-answers.ts';
import type { NewConsentLine } from './consent-ledger.ts';
import { applicableConsents } from './consents.ts';
import { parseEmail } from './email.ts';
import { acceptablePassword, passwordContext } from './passwords.ts';
import { applyAnswers, provenanceOf, readTyped, snooze } from './profile-answers.ts';
import { isAnswered, type ProfileAnswers, registrationFields } from './profile-capture.ts';
import { fieldsOf } from './profile-fields.ts';
import { dayOf } from './profile-texts.ts';
import type { Typed } from './profile-values.ts';
import type { Source } from './sources.ts';

/** As it was sent. */
export interface RegistrationForm {
  consents: GivenConsents;
  typed: Typed;
  country?: string | undefined;
}

/** What becomes of it with the account. */
export interface RegistrationAnswers {
  claims: AccountClaims;
  answers: ProfileAnswers;
  /** Lines of the ledger, as of when the form was sent. */
  consents: readonly NewConsentLine[];
  /** Ticked, and to be confirmed by the link of a mail. */
  optIns: readonly NewConsentLine[];
}

export const nothingAnswered: RegistrationAnswers = { claims: {}, answers: {}, consents: [], optIns: [] };

/** Which documents and questions stand on the form of this moment. */
export function registrationQuestions(brand: Brand, moment: { now: Date; clientId?: string | undefined; country?: string | undefined }) {
  return { consents: applicableConsents(brand.consents, moment), fields: registrationFields(fieldsOf(brand), moment) };
}

/** What a newcomer brings: address, password and the rest of the form. */
export interface NewcomerForm {
  email: string;
  password: string;
  claims?: AccountClaims | undefined;
  /** What stood on the form beside them; without one nobody was asked anything. */
  form?: RegistrationForm | undefined;
  /** Missing: an unknown network, of which all share one limit. */
  source?: Source | undefined;
  /** The app they come from: its name is no password. */
  clientName?: string | undefined;
}

/** @throws Refusal for everything that is wrong with it at once: email_*, password_*, consent_*, answer_* and the like, under_age. */
export function readNewcomer(brand: Brand, given: NewcomerForm, now: Date) {
  const { faults, ...said } = readRegistration(brand, given.form, { now, source: given.source, claims: given.claims });
  const { email, password } = besides(faults, () => {
    const email = parseEmail(given.email);
    const policy = { minimum: brand.settings.passwordMinimum, context: passwordContext(brand, email.address, given.clientName) };
    return { email, password: acceptablePassword(given.password, policy) };
  });
  refuseAll(faults);
  return { email, password, said };
}

/** Without a form nobody was asked: an operator makes the account, and its owner is asked when they come. */
export function readRegistration(
  brand: Brand,
  form: RegistrationForm | undefined,
  { now, source = nowhere(brand), claims = {} }: { now: Date; source?: Source | undefined; claims?: AccountClaims | undefined },
): RegistrationAnswers & { faults: Refusal[] } {
  if (!form) return { ...nothingAnswered, claims, answers: provenanceOf(claims, { by: 'operator', at: now }), faults: [] };
  const { clientId } = source;
  const asked = registrationQuestions(brand, { now, clientId, country: form.country });
  const agreed = readConsents(asked.consents, form.consents);
  const before = { claims, answers: {} };
  const { values, faults } = readTyped(asked.fields, form.typed, before, { today: dayOf(now), demands: () => true });
  const { claims: said, answers } = applyAnswers(before, values, { by: 'person', at: now, clientId });
  const skipped = asked.fields.filter((field) => values.has(field) && !isAnswered(field, { claims: said, answers }, now));
  const evidence = { at: now, source, channel: 'page', fallbackLocale: brand.settings.locale } as const;
  const parted = partByOptIn(agreed.answers);
  return {
    claims: said,
    answers: snooze(answers, skipped, [], now),
    consents: parted.now.map((one) => consentLine(one, evidence)),
    optIns: parted.byMail.map((one) => consentLine(one, evidence)),
    faults: [...faults, ...agreed.faults],
  };
}

function nowhere({ settings }: Brand): Source {
  return { ip: '', locale: settings.locale };
}
