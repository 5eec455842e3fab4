// Documents as a form shows them, and what a form says of them.
import type { GivenConsents } from '../domain/consent-answers.ts';
import { consentField } from '../domain/consent-answers.ts';
import type { ConsentDocument, ConsentVersion } from '../domain/consents.ts';
import { partsOf, textIn } from '../domain/texts.ts';
import type { Form } from './form.ts';
import type { ConsentChoice } from './locals/questions.ts';
import type { Context } from './request.ts';

const VERSION = 'version_';

interface Shown {
  document: Pick<ConsentDocument, 'name'>;
  version: ConsentVersion;
  reason?: 'fresh' | 'renewed';
}

export function consentChoice(ctx: Context, { document, version, reason }: Shown): ConsentChoice {
  return {
    name: consentField(document.name),
    versionName: VERSION + document.name,
    version: String(version.version),
    ...consentText(ctx, version),
    required: version.kind === 'required',
    renewed: reason === 'renewed',
    byMail: version.doubleOptIn,
  };
}

/** The sentence in the person's language, and the document's address where the sentence does not link to it. */
export function consentText({ state }: Context, { texts, url }: ConsentVersion, locale = state.locale) {
  const { text, locale: lang } = textIn(texts, locale, state.brand.settings.locale);
  const parts = partsOf(text);
  return { parts, lang, url: parts.some(({ href }) => href) ? undefined : (url ?? undefined) };
}

export function consentsIn(form: Form): GivenConsents {
  const names = Object.keys(form).flatMap((field) => (field.startsWith(VERSION) ? [field.slice(VERSION.length)] : []));
  const given = names.map((name) => [name, { version: form[VERSION + name] ?? '', accepted: form[consentField(name)] === 'yes' }] as const);
  return Object.fromEntries(given);
}

export function isConsentField(name: string): boolean {
  return name.startsWith(VERSION) || name.startsWith(consentField(''));
}
