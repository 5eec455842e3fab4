// What a person says of themselves: the standard fields and the brand's own. A refused form keeps what was typed.
import { storedValue } from '../../../domain/profile-capture.ts';
import { fieldsOf } from '../../../domain/profile-fields.ts';
import { Refusal } from '../../../errors.ts';
import { editableFields, updateProfile } from '../../../flows/update-profile.ts';
import type { Form } from '../../form.ts';
import { formStateOf, keptOf, languageFormOf } from '../../form-state.ts';
import { recall } from '../../kept-refusals.ts';
import type { ProfileInput } from '../../locals/questions.ts';
import { speak } from '../../middleware/choose-locale.ts';
import type { FormState, Sentence } from '../../page-locals.ts';
import { askingIn, inputNames, profileInput } from '../../profile-inputs.ts';
import { storedValues } from '../../profile-values.ts';
import { sourceOf } from '../../source.ts';
import { type AccountPage, type AccountVisit, accountTarget, done, showAccount } from './visit.ts';

export const profile: AccountPage = {
  async show(visit) {
    draw(visit, { values: storedValues(fieldsOf(visit.ctx.state.brand), visit.account) });
  },

  async submit(visit, form) {
    const { drawing, ctx, account } = visit;
    if (form.action === 'language') {
      speak(drawing.locales, ctx, form.lang);
      return draw(visit, {
        values: keptOf(form),
        ...recall(form.refused, { brand: ctx.state.brand.name }, inputNames(inputsOf(visit, form))),
      });
    }
    if (form.add) return draw(visit, formStateOf(form), { add: form.add });
    try {
      await updateProfile(drawing.services, ctx.state.brand, {
        accountId: account.id,
        typed: form,
        asked: askedIn(form),
        source: sourceOf(ctx),
      });
    } catch (error) {
      if (!(error instanceof Refusal) || !error.field) throw error;
      return draw(visit, formStateOf(form, error), { status: error.status });
    }
    // Who says which language they like is spoken to in it from here on.
    if ((form.locale ?? '') !== (account.claims.locale ?? '')) speak(drawing.locales, ctx, form.locale);
    done(visit, 'profile', 'profile');
  },
};

function draw(visit: AccountVisit, form: FormState, { add, status = 200 }: { add?: string; status?: number } = {}): void {
  const target = accountTarget(visit, 'profile');
  const languageForm = visit.ctx.method === 'POST' ? languageFormOf(target, form) : undefined;
  const inputs = inputsOf(visit, form.values, add);
  const asked = inputs.map(({ name }) => name).join(' ');
  const page = { ...target, form, languageForm, asked, inputs, facts: factsOf(visit) };
  showAccount(visit, 'account-profile', page, status);
}

/** What stood on the page when it was drawn. The page of an older version does not say; it sends every field it had, empty or not. */
function askedIn(form: Form): string[] {
  return (form.asked?.split(' ') ?? Object.keys(form)).slice(0, 100);
}

function inputsOf({ drawing, ctx, account }: AccountVisit, values: FormState['values'], add?: string): ProfileInput[] {
  return editableFields(ctx.state.brand, account).map((field) => profileInput(field, askingIn(drawing, ctx, values, add)));
}

/** Of a birthday only the age was kept: there is nothing to change. */
function factsOf({ ctx, account }: AccountVisit): Sentence[] {
  return fieldsOf(ctx.state.brand).flatMap((field) => {
    const value = field.enabled && field.keep === 'age' ? storedValue(field, account) : undefined;
    return typeof value === 'object'
      ? [{ key: 'account-profile.age', params: { age: String((value as { minimum_age: number }).minimum_age) } }]
      : [];
  });
}
