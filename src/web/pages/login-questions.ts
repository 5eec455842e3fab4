// What the form of a newcomer asks beside address and password: documents to agree to, and the brand's first questions.
import { type RegistrationForm, registrationQuestions } from '../../domain/registration-forms.ts';
import { consentChoice, consentsIn, isConsentField } from '../consent-choices.ts';
import type { Form } from '../form.ts';
import type { RegistrationQuestions } from '../locals/questions.ts';
import { type Asking, askingIn, inputNames, profileInput } from '../profile-inputs.ts';
import { guessedValues } from '../profile-values.ts';
import type { Context } from '../request.ts';
import type { Visit } from './visit.ts';

function askedOf({ ctx, client }: Visit) {
  return registrationQuestions(ctx.state.brand, { now: new Date(), clientId: client.clientId, country: ctx.state.country });
}

/** undefined where there is nothing to ask. `values`: of the form that was sent. */
export function questionsOf(visit: Visit, values: Readonly<Record<string, string>>): RegistrationQuestions | undefined {
  const { consents, fields } = askedOf(visit);
  if (consents.length === 0 && fields.length === 0) return undefined;
  // One item more would be one password less: no form keeps what was typed of it.
  const asking: Asking = { ...askingIn(visit.drawing, visit.ctx, values), more: 'later' };
  return {
    consents: consents.map((one) => consentChoice(visit.ctx, one)),
    inputs: fields.map((field) => profileInput(field, asking)),
  };
}

/** What the request lets guess, before anything was typed. */
export function guessesOf(visit: Visit): Record<string, string> {
  return guessedValues(askedOf(visit).fields, visit.ctx);
}

export function registrationForm(ctx: Context, form: Form): RegistrationForm {
  return { consents: consentsIn(form), typed: form, country: ctx.state.country };
}

/** What a page has to keep of a form that was sent: everything but passwords and what belongs to the page itself. */
export function keptQuestions(ctx: Context, form: Form): Record<string, string> {
  const { email = '', remember = '' } = form;
  const keys = new Set(ctx.state.brand.fields.map(({ key }) => key));
  const answers = Object.entries(form).filter(([name]) => isConsentField(name) || keys.has(name.split('.')[0] as string));
  return { ...Object.fromEntries(answers), email, remember };
}

/** Where a sentence may stand. */
export function namesOf({ consents, inputs }: RegistrationQuestions): string[] {
  return [...consents.map(({ name }) => name), ...inputNames(inputs)];
}
