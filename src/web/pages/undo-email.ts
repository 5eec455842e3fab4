// The link the old address got when it was changed: puts it back and leads straight to a new password.
import { maskEmail } from '../../domain/email.ts';
import type { RememberedUndo } from '../../domain/email-changes.ts';
import { Refusal } from '../../errors.ts';
import { findEmailUndo, undoEmailChange } from '../../flows/undo-email.ts';
import { show } from '../drawing.ts';
import type { AfterWord, UndoEmailPage } from '../locals/recovery.ts';
import { forgetToken, handToken, linkCsrf } from '../mail-link.ts';
import { sourceOf } from '../source.ts';
import { showDeadLink } from './dead-link.ts';
import type { LinkPage, LinkVisit } from './mail-links.ts';

export const undoEmail: LinkPage = {
  async show(visit) {
    const { drawing, ctx, token } = visit;
    const change = await findEmailUndo(drawing.services, ctx.state.brand, token);
    if (!change) return dead(visit);
    draw(visit, 'ask', change);
  },

  async submit(visit) {
    const { drawing, ctx, token } = visit;
    const { brand } = ctx.state;
    const change = await findEmailUndo(drawing.services, brand, token);
    if (!change) return dead(visit);
    try {
      const { resetToken } = await undoEmailChange(drawing.services, brand, { token, source: sourceOf(ctx) });
      forgetToken(ctx);
      if (resetToken) return handToken(ctx, '/reset-password', resetToken, 'undone' satisfies AfterWord);
      draw(visit, 'undone', change);
    } catch (error) {
      if (!(error instanceof Refusal) || error.status >= 500) throw error;
      dead(visit);
    }
  },
};

function draw({ drawing, ctx }: LinkVisit, state: UndoEmailPage['state'], { before, email }: RememberedUndo): void {
  const { mountPath } = ctx.state;
  const csrf = linkCsrf(drawing.services.keyring, ctx);
  const page = {
    state,
    action: mountPath + ctx.path,
    csrf,
    before,
    email: maskEmail(email),
    accountUrl: `${mountPath}/account`,
  };
  show(drawing, ctx, ctx.state, 'undo-email', page);
}

function dead({ drawing, ctx }: LinkVisit): void {
  showDeadLink(drawing, ctx);
}
