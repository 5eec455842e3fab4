// The page a mailed link for a new password opens.
import type { RememberedReset } from '../../domain/reset-links.ts';
import { Refusal } from '../../errors.ts';
import { resetPassword as reset } from '../../flows/reset-password.ts';
import { deviceCookie, rememberDeviceCookie } from '../device-cookie.ts';
import { type AskingClient, show } from '../drawing.ts';
import type { Form } from '../form.ts';
import { afterWords } from '../locals/recovery.ts';
import { forgetToken, linkCsrf } from '../mail-link.ts';
import type { FormState } from '../page-locals.ts';
import { remember } from '../recovery-cookie.ts';
import { sourceOf } from '../source.ts';
import { showDeadLink } from './dead-link.ts';
import { askingElsewhere, findAlive, liveHere } from './link-origin.ts';
import type { LinkPage, LinkVisit } from './mail-links.ts';
import { seeOther } from './visit.ts';

export const resetPassword: LinkPage = {
  async show(visit) {
    const { drawing, ctx } = visit;
    if (ctx.query.done !== undefined)
      return show(drawing, ctx, ctx.state, 'password-changed', {}, { client: (await askingElsewhere(visit))?.asking });
    await draw(visit, { values: {} }, 200);
  },

  async submit(visit, form) {
    try {
      await change(visit, form);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.code === 'code_wrong' || error.code === 'code_used') return dead(visit);
      const { code, field, params } = error;
      if (error.retryAfter) visit.ctx.set('retry-after', String(error.retryAfter));
      await draw(visit, { values: {}, refusal: { code, field, params } }, error.status);
    }
  },
};

async function change(visit: LinkVisit, form: Form): Promise<void> {
  const { drawing, ctx, token, uid } = visit;
  const elsewhere = await askingElsewhere(visit);
  const { account, deviceCookie: known } = await reset(drawing.services, ctx.state.brand, {
    shown: { token },
    password: form.password ?? '',
    source: sourceOf(ctx, elsewhere?.clientId),
    deviceCookie: deviceCookie(ctx),
    clientName: elsewhere?.asking.name,
  });
  if (known) rememberDeviceCookie(ctx, known);
  forgetToken(ctx);
  const back = await liveHere(visit);
  if (back && uid) remember(drawing.services.keyring, ctx, uid, { email: account.email ?? '' });
  seeOther(ctx, back ? `${back}?notice=password_changed` : `${ctx.state.mountPath}${ctx.path}?done`);
}

async function draw(visit: LinkVisit, form: FormState, status: number): Promise<void> {
  const { drawing, ctx } = visit;
  const { brand, mountPath } = ctx.state;
  const remembered = await findAlive<RememberedReset>(visit, 'reset_password');
  if (!remembered) return dead(visit);
  const client: AskingClient | undefined = (await askingElsewhere(visit))?.asking;
  const csrf = linkCsrf(drawing.services.keyring, ctx);
  const { email } = remembered;
  const { passwordMinimum } = brand.settings;
  // Of an address that anybody may write, only these words are read.
  const after = afterWords.find((word) => word === ctx.query.after);
  const page = { action: mountPath + ctx.path, csrf, form, email, passwordMinimum, after };
  show(drawing, ctx, ctx.state, 'reset-password', page, { client, status });
}

async function dead(visit: LinkVisit): Promise<void> {
  const back = await liveHere(visit);
  showDeadLink(visit.drawing, visit.ctx, { again: back && `${back}/forgot-password`, next: 'forgot' });
}
