// What a person agreed to, when, and the way to take it back: every document that concerns them, and every line of their ledger.

import type { ConsentLine } from '../../../domain/consent-ledger.ts';
import { concerningConsents, isAccepted, isPending } from '../../../domain/consents.ts';
import { partsOf, textIn } from '../../../domain/texts.ts';
import { Refusal } from '../../../errors.ts';
import { answerConsents } from '../../../flows/answer-consents.ts';
import * as consentLedger from '../../../storage/consents.ts';
import { consentText } from '../../consent-choices.ts';
import { formStateOf } from '../../form-state.ts';
import type { AccountConsentsPage, ShownConsent } from '../../locals/questions.ts';
import type { FormState } from '../../page-locals.ts';
import { sourceOf } from '../../source.ts';
import { type AccountPage, type AccountVisit, accountTarget, done, showAccount } from './visit.ts';
import { wordsFor } from './words.ts';

export const consents: AccountPage = {
  async show(visit) {
    await draw(visit, { values: {} });
  },

  async submit(visit, form) {
    const { drawing, ctx, account } = visit;
    const { document: name = '', version = '' } = form;
    if (!name || (form.action !== 'accept' && form.action !== 'withdraw')) throw new Refusal('form_expired');
    const accepted = form.action === 'accept';
    const source = sourceOf(ctx, visit.clientBack?.id);
    const input = { accountId: account.id, given: { [name]: { version, accepted } }, source, country: ctx.state.country };
    try {
      const { mailed } = await answerConsents(drawing.services, ctx.state.brand, { ...input, channel: 'page', at: 'choice' });
      done(visit, 'consents', mailed.length > 0 ? 'consent_mailed' : accepted ? 'consent_given' : 'consent_withdrawn');
    } catch (error) {
      if (!(error instanceof Refusal) || !error.field) throw error;
      await draw(visit, formStateOf({}, error), error.status);
    }
  },
};

async function draw(visit: AccountVisit, form: FormState, status = 200): Promise<void> {
  const { drawing, ctx, account } = visit;
  const lines = await consentLedger.listOf(drawing.services.db, ctx.state.brand.id, account.id);
  const history = lines.toReversed().map((line) => told(visit, line));
  const documents = documentsOf(visit);
  showAccount(visit, 'account-consents', { ...accountTarget(visit, 'consents'), form, documents, history }, status);
}

/** Documents that are asked for today, and those an answer of theirs is about. */
function documentsOf(visit: AccountVisit): ShownConsent[] {
  const { drawing, ctx, account, clientBack } = visit;
  const { brand, country } = ctx.state;
  const now = new Date();
  const moment = { now, clientId: clientBack?.id, country: account.claims.address?.country ?? country };
  return concerningConsents(brand.consents, account.consents, moment).map(({ document, version }) => {
    const last = account.consents.current[document.name];
    const accepted = last?.answer === 'accepted';
    const pending = isPending(document.name, account.consents.pending, now);
    const state = isAccepted(version, last) ? 'accepted' : pending ? 'pending' : accepted ? 'outdated' : last ? 'declined' : 'unanswered';
    const date = last && wordsFor(drawing, ctx).date(new Date(last.at));
    return {
      name: document.name,
      version: version.version,
      ...consentText(ctx, version),
      required: version.kind === 'required',
      closed: !document.enabled,
      state,
      date,
    };
  });
}

function told({ drawing, ctx }: AccountVisit, line: ConsentLine): AccountConsentsPage['history'][number] {
  const { brand } = ctx.state;
  const version = brand.consents.find(({ name }) => name === line.document)?.versions.find((one) => one.version === line.version);
  const shown = version && textIn(version.texts, ctx.state.locale, brand.settings.locale);
  const document = partsOf(shown?.text ?? line.document)
    .map(({ words }) => words)
    .join('');
  return {
    document,
    lang: shown?.locale,
    what: { key: `account-consents.history.${line.answer}`, params: { version: String(line.version) } },
    when: wordsFor(drawing, ctx).date(new Date(line.at)),
  };
}
