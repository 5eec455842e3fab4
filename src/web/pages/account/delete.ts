// Leaving for good: what goes and what stays, a tick to mean it, and a while to think it over.
import { Refusal } from '../../../errors.ts';
import { requestDeletion } from '../../../flows/delete-account.ts';
import { keepAccount } from '../../../flows/keep-account.ts';
import { forgetFlow, rememberFlow } from '../../flow-cookie.ts';
import type { DeletionBanner } from '../../locals/account.ts';
import type { FormState } from '../../page-locals.ts';
import { sourceOf } from '../../source.ts';
import { requestedHere } from '../keep-account.ts';
import { seeOther } from '../visit.ts';
import { leave } from './sign-out.ts';
import { type AccountPage, type AccountVisit, accountTarget, done, showAccount } from './visit.ts';
import { wordsFor } from './words.ts';

const DAY = 24 * 3600 * 1000;

export const deletion: AccountPage = {
  fresh: true,

  async show(visit) {
    draw(visit, { values: {} });
  },

  async submit(visit, form) {
    if (form.action === 'keep') return keep(visit);
    if (form.confirm !== 'yes') {
      const refusal = new Refusal('confirmation_required', 'confirm');
      return draw(visit, { values: {}, refusal }, refusal.status);
    }
    await ask(visit);
  },
};

/** From the overview, where it needs no fresh sign-in, and from the page itself. */
export async function keep(visit: AccountVisit): Promise<void> {
  const { drawing, ctx, account } = visit;
  await keepAccount(drawing.services, ctx.state.brand, { accountId: account.id, source: sourceOf(ctx) });
  forgetFlow(ctx, requestedHere);
  done(visit, '', 'kept');
}

/** What the overview says above everything else; undefined as long as the account stays. */
export function deletionBanner(visit: AccountVisit): DeletionBanner | undefined {
  const { drawing, ctx, account } = visit;
  return account.eraseAfter ? { ...accountTarget(visit), date: wordsFor(drawing, ctx).date(account.eraseAfter) } : undefined;
}

/** Signed out by it everywhere, here too: the page that says until when needs no session. */
async function ask(visit: AccountVisit): Promise<void> {
  const { drawing, ctx, account } = visit;
  const { brand } = ctx.state;
  const { eraseAfter } = await requestDeletion(drawing.services, brand, { accountId: account.id, source: sourceOf(ctx) });
  leave(visit);
  rememberFlow(drawing.services.keyring, ctx, requestedHere, eraseAfter.toISOString());
  seeOther(ctx, `${brand.issuer}/keep-account`);
}

function draw(visit: AccountVisit, form: FormState, status = 200): void {
  const { drawing, ctx } = visit;
  const then = new Date(Date.now() + ctx.state.brand.settings.deletionDays * DAY);
  const date = wordsFor(drawing, ctx).date(then);
  showAccount(visit, 'account-delete', { ...accountTarget(visit, 'delete'), form, date, deletion: deletionBanner(visit) }, status);
}
