// The prompt `complete_account`: what the brand wants to know and does not, on one page. Optional questions may be skipped, what was typed
// survives a "no", and afterwards the person is where they were going.
import type { Account } from '../../domain/accounts.ts';
import { isAnswered, isAsked, progressOf, questionsOf } from '../../domain/profile-capture.ts';
import { fieldsOf, type ProfileField } from '../../domain/profile-fields.ts';
import { Refusal } from '../../errors.ts';
import { completeAccount as answer, skipQuestions } from '../../flows/complete-account.ts';
import { show } from '../drawing.ts';
import type { Form } from '../form.ts';
import { formStateOf, keptOf, languageFormOf } from '../form-state.ts';
import { recall } from '../kept-refusals.ts';
import { speak } from '../middleware/choose-locale.ts';
import type { FormState } from '../page-locals.ts';
import { askingIn, inputNames, profileInput } from '../profile-inputs.ts';
import { guessedValues, storedValues } from '../profile-values.ts';
import { sourceOf } from '../source.ts';
import { switchAccount } from './accept-terms.ts';
import { goOn } from './go-on.ts';
import { signedInAccount } from './signed-in-account.ts';
import { showUnderAge } from './under-age.ts';
import { formTarget, type PromptPage, type Visit } from './visit.ts';

export const completeAccount: PromptPage = {
  async show(visit) {
    const account = await signedInAccount(visit);
    const asked = dueOf(visit, account);
    draw(visit, account, { asked, form: { values: { ...guessedValues(asked, visit.ctx), ...storedValues(asked, account) } } });
  },

  async submit(visit, form) {
    const { drawing, ctx, client } = visit;
    const account = await signedInAccount(visit);
    const asked = askedIn(visit, account, form);
    if (form.action === 'language') {
      speak(drawing.locales, ctx, form.lang);
      return draw(visit, account, {
        asked,
        form: { values: keptOf(form), ...recall(form.refused, { brand: ctx.state.brand.name }, namesIn(visit, asked, form)) },
      });
    }
    if (form.add) return draw(visit, account, { asked, form: formStateOf(form), add: form.add });
    const input = { accountId: account.id, asked: asked.map(({ key }) => key), typed: form, source: sourceOf(ctx, client.clientId) };
    try {
      if (form.action === 'deny')
        return await goOn(visit, { error: 'access_denied', error_description: 'the end-user did not complete the account' });
      if (form.action === 'switch') return await switchAccount(visit);
      const isNothing = asked.length === 0 && dueOf(visit, account).length > 0;
      if (!['save', 'skip'].includes(form.action ?? '') || isNothing) throw new Refusal('form_expired');
      if (form.action === 'skip') await skipQuestions(drawing.services, ctx.state.brand, input);
      else await answer(drawing.services, ctx.state.brand, input);
      return await goOn(visit, { complete_account: {} });
    } catch (error) {
      if (!(error instanceof Refusal) || !error.field) throw error;
      if (showUnderAge(visit, error)) return;
      draw(visit, account, { asked, form: formStateOf(form, error), status: error.status });
    }
  },
};

function dueOf({ ctx, client }: Visit, account: Account): ProfileField[] {
  const { brand } = ctx.state;
  const moment = { now: new Date(), clientId: client.clientId };
  return questionsOf(fieldsOf(brand), account, moment, brand.settings.questionsAtOnce).asked;
}

/**
 * The page as it was drawn, each question once. Required ones come first: where an optional one stands and a required one does not, it
 * became so meanwhile (or the list was written by somebody else), and is asked beside what was typed.
 */
function askedIn(visit: Visit, account: Account, form: Form): ProfileField[] {
  const { ctx, client } = visit;
  const keys = new Set((form.asked ?? '').split(' ', 100));
  const fields = fieldsOf(ctx.state.brand).filter((field) => isAsked(field, client.clientId));
  const asked = [...keys].flatMap((key) => fields.find((field) => field.key === key) ?? []);
  if (asked.every(({ required }) => required)) return asked;
  const missing = dueOf(visit, account).filter((field) => field.required && !asked.includes(field));
  return [...missing, ...asked];
}

function namesIn({ drawing, ctx }: Visit, asked: readonly ProfileField[], values: Form): string[] {
  return inputNames(asked.map((field) => profileInput(field, askingIn(drawing, ctx, values))));
}

interface Drawn {
  asked: ProfileField[];
  form: FormState;
  add?: string;
  status?: number;
}

function draw(visit: Visit, account: Account, { asked, form, add, status = 200 }: Drawn): void {
  const { drawing, ctx, asking, client, interaction } = visit;
  const now = new Date();
  const inputs = asked.map((field) => profileInput(field, askingIn(drawing, ctx, form.values, add)));
  const target = formTarget(visit);
  const page = {
    ...target,
    form,
    languageForm: ctx.method === 'POST' ? languageFormOf(target, form) : undefined,
    asked: asked.map(({ key }) => key).join(' '),
    inputs,
    skippable: asked.every((field) => !field.required || isAnswered(field, account, now)),
    switchable: !interaction.forDevice,
    progress: progressOf(fieldsOf(ctx.state.brand), account, { now, clientId: client.clientId }),
  };
  show(drawing, ctx, ctx.state, 'complete-account', page, { client: asking, status });
}
