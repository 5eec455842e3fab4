// What somebody said beside the boxes of a form, or through an API, and the lines of the ledger that follow.
import { Refusal } from '../errors.ts';
import type { ConsentChannel, NewConsentLine } from './consent-ledger.ts';
import { type ConsentAnswer, type ConsentDocument, type ConsentVersion, type CurrentConsent, textHash } from './consents.ts';
import { coarseNetwork } from './networks.ts';
import type { Source } from './sources.ts';
import { textIn } from './texts.ts';

/** By document: the version that was shown, and whether its box was ticked. */
export type GivenConsents = Readonly<Record<string, { version: string; accepted: boolean }>>;

interface Shown {
  document: Pick<ConsentDocument, 'name'>;
  version: ConsentVersion;
  /** Missing: a required one has to be ticked. False: it may be put off, which is no answer. */
  must?: boolean | undefined;
}

export interface AnsweredConsent extends Shown {
  answer: ConsentAnswer;
}

/**
 * An answer to each document of a form. Its box is the field `consent_<name>`.
 * Faults: consent_required where a required one is not ticked, consent_outdated where another version was shown than the one of now.
 */
export function readConsents(shown: readonly Shown[], given: GivenConsents): { answers: AnsweredConsent[]; faults: Refusal[] } {
  const faults: Refusal[] = [];
  const answers = shown.flatMap(({ document, version, must }): AnsweredConsent[] => {
    const said = Object.hasOwn(given, document.name) ? given[document.name] : undefined;
    const field = consentField(document.name);
    if (said && said.version !== String(version.version)) faults.push(new Refusal('consent_outdated', field));
    else if (version.kind === 'required' && !said?.accepted && must === false) return [];
    else if (version.kind === 'required' && !said?.accepted) faults.push(new Refusal('consent_required', field));
    // Nobody declines what was not on their form.
    return said ? [{ document, version, answer: said.accepted ? 'accepted' : 'declined' }] : [];
  });
  return { answers, faults };
}

/** The name of a document's box. */
export function consentField(name: string): string {
  return `consent_${name}`;
}

/**
 * Whoever takes back what was accepted withdraws it; saying the same again is no news, unless a mail was on its way (`pending`).
 * @returns undefined where nothing is new.
 */
export function newsOf(
  { version, answer }: AnsweredConsent,
  current: CurrentConsent | undefined,
  pending = false,
): ConsentAnswer | undefined {
  if (answer === 'accepted') return current?.answer === 'accepted' && current.version === version.version ? undefined : 'accepted';
  if (current?.answer === 'accepted') return 'withdrawn';
  return current?.version === version.version && !pending ? undefined : 'declined';
}

export interface Evidence {
  at: Date;
  source: Source;
  channel: ConsentChannel;
  /** The brand's own language. */
  fallbackLocale: string;
}

const USER_AGENT = 400;

export function consentLine(
  { document, version, answer }: AnsweredConsent,
  { at, source, channel, fallbackLocale }: Evidence,
): NewConsentLine {
  const { locale, text } = textIn(version.texts, source.locale, fallbackLocale);
  return {
    document: document.name,
    version: version.version,
    locale,
    textHash: textHash(text),
    answer,
    at: at.toISOString(),
    askedAt: null,
    clientId: source.clientId ?? null,
    channel,
    // An operator's own place says nothing about the person.
    network: source.ip === '' ? null : coarseNetwork(source.ip),
    // What is no text, Postgres would refuse.
    userAgent: source.userAgent?.toWellFormed().replaceAll('\0', '').slice(0, USER_AGENT).toWellFormed() ?? null,
  };
}

/** Parts a form's answers: what counts at once, and what waits for the link of a mail. */
export function partByOptIn(answers: readonly AnsweredConsent[]): { now: AnsweredConsent[]; byMail: AnsweredConsent[] } {
  const waits = ({ version, answer }: AnsweredConsent) => version.doubleOptIn && answer === 'accepted';
  return { now: answers.filter((one) => !waits(one)), byMail: answers.filter(waits) };
}
