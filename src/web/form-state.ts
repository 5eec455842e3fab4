// What a form that was sent is drawn with again: everything that was typed but passwords, and every sentence at its field.
import type { Refusal } from '../errors.ts';
import type { Form } from './form.ts';
import { keep } from './kept-refusals.ts';
import type { FormState, LanguageForm } from './page-locals.ts';

/** Passwords, and what belongs to the page itself. */
const unkept = new Set(['csrf', 'action', 'add', 'lang', 'refused', 'password', 'new_password']);

export function formStateOf(form: Form, refusal?: Refusal): FormState {
  return { values: keptOf(form), refusal, also: refusal?.also ?? [] };
}

export function keptOf(form: Form): Record<string, string> {
  return Object.fromEntries(Object.entries(form).filter(([name]) => !unkept.has(name)));
}

/** A link would lose what was typed; a form of its own, which posts `action` = language, keeps it, but for passwords. */
export function languageFormOf(
  { action, csrf }: { action: string; csrf: string },
  { values, ...told }: FormState,
  more: Readonly<Record<string, string>> = {},
): LanguageForm {
  return { action, fields: { ...values, ...more, csrf, action: 'language', refused: keep(told) } };
}
