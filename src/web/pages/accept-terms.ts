// The prompt `accept_terms`: a required document has no answer that counts, in a live session too. Optional ones that were never asked
// come along. Only what the account says ends the prompt.
import type { Account } from '../../domain/accounts.ts';
import { consentField } from '../../domain/consent-answers.ts';
import { consentsToAsk, graceEnd } from '../../domain/consents.ts';
import { Refusal } from '../../errors.ts';
import { answerConsents, deferTerms } from '../../flows/answer-consents.ts';
import { restartUrl } from '../../oidc/restart.ts';
import { consentChoice, consentsIn } from '../consent-choices.ts';
import { show } from '../drawing.ts';
import { formStateOf, keptOf, languageFormOf } from '../form-state.ts';
import { recall } from '../kept-refusals.ts';
import { speak } from '../middleware/choose-locale.ts';
import type { FormState } from '../page-locals.ts';
import { sourceOf } from '../source.ts';
import { goOn } from './go-on.ts';
import { signedInAccount } from './signed-in-account.ts';
import { formTarget, type PromptPage, seeOther, type Visit } from './visit.ts';

export const acceptTerms: PromptPage = {
  async show(visit) {
    draw(visit, await signedInAccount(visit), { values: {} });
  },

  async submit(visit, form) {
    const { drawing, ctx, client } = visit;
    const account = await signedInAccount(visit);
    if (form.action === 'language') {
      speak(drawing.locales, ctx, form.lang);
      const fields = ctx.state.brand.consents.map(({ name }) => consentField(name));
      return draw(visit, account, { values: keptOf(form), ...recall(form.refused, { brand: ctx.state.brand.name }, fields) });
    }
    const whose = { accountId: account.id, source: sourceOf(ctx, client.clientId), country: ctx.state.country };
    try {
      if (form.action === 'deny')
        return await goOn(visit, { error: 'access_denied', error_description: 'the end-user did not accept the terms' });
      if (form.action === 'switch') return await switchAccount(visit);
      if (form.action === 'later') await deferTerms(drawing.services, ctx.state.brand, whose);
      else if (form.action !== 'accept') throw new Refusal('form_expired');
      else await answerConsents(drawing.services, ctx.state.brand, { ...whose, given: consentsIn(form), channel: 'page', at: 'sign_in' });
      return await goOn(visit, { accept_terms: {} });
    } catch (error) {
      if (!(error instanceof Refusal) || !error.field) throw error;
      draw(visit, account, formStateOf(form, error), error.status);
    }
  },
};

/** The same request begins again with another account. A device waits for this very one. */
export async function switchAccount({ ctx, interaction }: Visit): Promise<void> {
  if (interaction.forDevice) throw new Refusal('form_expired');
  seeOther(ctx, await restartUrl(ctx.state.provider, interaction, 'login'));
}

function draw(visit: Visit, account: Account, form: FormState, status = 200): void {
  const { drawing, ctx, asking, client, interaction } = visit;
  const { brand, country, mountPath } = ctx.state;
  const moment = { now: new Date(), clientId: client.clientId, country: account.claims.address?.country ?? country };
  const open = consentsToAsk(brand.consents, account.consents, moment);
  const deferrable = open.length > 0 && open.every(({ must }) => !must);
  const target = formTarget(visit);
  const page = {
    ...target,
    form,
    languageForm: ctx.method === 'POST' ? languageFormOf(target, form) : undefined,
    consents: open.map((one) => consentChoice(ctx, one)),
    deferrable,
    graceEnd: deferrable ? graceEnd(open) : undefined,
    switchable: !interaction.forDevice,
    accountUrl: `${mountPath}/account`,
  };
  show(drawing, ctx, ctx.state, 'accept-terms', page, { client: asking, status });
}
