// "This was not me", the link of every security notice: signs everyone out and leads straight to a new password.
import { Refusal } from '../../errors.ts';
import { isSecureLink, secureAccount as secure } from '../../flows/secure-account.ts';
import { show } from '../drawing.ts';
import type { AfterWord, SecureAccountPage } from '../locals/recovery.ts';
import { forgetToken, handToken, linkCsrf } from '../mail-link.ts';
import { sourceOf } from '../source.ts';
import { showDeadLink } from './dead-link.ts';
import type { LinkPage, LinkVisit } from './mail-links.ts';

export const secureAccount: LinkPage = {
  async show(visit) {
    const { drawing, ctx, token } = visit;
    if (!(await isSecureLink(drawing.services, ctx.state.brand, token))) return dead(visit);
    draw(visit, 'ask');
  },

  async submit(visit) {
    const { drawing, ctx, token } = visit;
    try {
      const { resetToken } = await secure(drawing.services, ctx.state.brand, { token, source: sourceOf(ctx) });
      forgetToken(ctx);
      if (resetToken) return handToken(ctx, '/reset-password', resetToken, 'secured' satisfies AfterWord);
      draw(visit, 'secured');
    } catch (error) {
      if (!(error instanceof Refusal) || error.status >= 500) throw error;
      dead(visit);
    }
  },
};

function draw({ drawing, ctx }: LinkVisit, state: SecureAccountPage['state']): void {
  const { mountPath } = ctx.state;
  const csrf = linkCsrf(drawing.services.keyring, ctx);
  show(drawing, ctx, ctx.state, 'secure-account', { state, action: mountPath + ctx.path, csrf, accountUrl: `${mountPath}/account` });
}

function dead({ drawing, ctx }: LinkVisit): void {
  showDeadLink(drawing, ctx);
}
