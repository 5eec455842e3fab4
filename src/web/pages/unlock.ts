// Too many tries: a mailed link lets this browser in. Asking for it is a side way of the sign-in; the link's page stands on its own.
import { Refusal } from '../../errors.ts';
import { unlock as letIn, requestUnlock } from '../../flows/unlock.ts';
import { deviceCookie, rememberDeviceCookie } from '../device-cookie.ts';
import { show } from '../drawing.ts';
import { forgetToken, linkCsrf } from '../mail-link.ts';
import { recall, remember } from '../recovery-cookie.ts';
import { sourceOf } from '../source.ts';
import { showDeadLink } from './dead-link.ts';
import { askingElsewhere, findAlive, liveHere } from './link-origin.ts';
import type { LinkPage, LinkVisit } from './mail-links.ts';
import { formTarget, type PromptPage, seeOther, stepTarget, type Visit } from './visit.ts';

const STEP = 'ask-unlock';

/** "Check your email", and the button that sends it again. */
export const askUnlock: PromptPage = {
  async show(visit) {
    const { drawing, ctx, interaction, asking } = visit;
    const asked = recall(drawing.services.keyring, ctx, interaction.uid, 'unlock');
    // Bookmarked: nothing was asked for.
    if (!asked) return seeOther(ctx, formTarget(visit).action);
    const page = {
      ...stepTarget(visit, STEP),
      backUrl: formTarget(visit).action,
      email: asked.email,
      again: ctx.query.again !== undefined,
    };
    show(drawing, ctx, ctx.state, 'unlock-sent', page, { client: asking });
  },

  async submit(visit, form) {
    await mailUnlock(visit, form.email ?? '', '?again');
  },
};

/**
 * From the sign-in page, which was refused just now.
 * @throws Refusal email_required, email_invalid.
 */
export async function mailUnlock(visit: Visit, email: string, query = ''): Promise<void> {
  const { drawing, ctx, client, interaction } = visit;
  const { services } = drawing;
  const source = sourceOf(ctx, client.clientId);
  await requestUnlock(services, ctx.state.brand, { email, source, under: `/interaction/${interaction.uid}` });
  remember(services.keyring, ctx, interaction.uid, { email }, 'unlock');
  seeOther(ctx, stepTarget(visit, STEP).action + query);
}

export const unlock: LinkPage = {
  async show(visit) {
    const { drawing, ctx } = visit;
    const client = (await askingElsewhere(visit))?.asking;
    if (ctx.query.done !== undefined) return show(drawing, ctx, ctx.state, 'unlocked', {}, { client });
    if (!(await findAlive(visit, 'unlock'))) return dead(visit);
    const page = { action: ctx.state.mountPath + ctx.path, csrf: linkCsrf(drawing.services.keyring, ctx) };
    show(drawing, ctx, ctx.state, 'unlock', page, { client });
  },

  async submit(visit) {
    try {
      await enter(visit);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      await dead(visit);
    }
  },
};

async function enter(visit: LinkVisit): Promise<void> {
  const { drawing, ctx, token, uid } = visit;
  const { services } = drawing;
  const source = sourceOf(ctx, (await askingElsewhere(visit))?.clientId);
  const { deviceCookie: known, email } = await letIn(services, ctx.state.brand, { token, deviceCookie: deviceCookie(ctx), source });
  rememberDeviceCookie(ctx, known);
  forgetToken(ctx);
  const back = await liveHere(visit);
  if (back && uid) remember(services.keyring, ctx, uid, { email });
  seeOther(ctx, back ? `${back}?notice=unlocked` : `${ctx.state.mountPath}${ctx.path}?done`);
}

async function dead(visit: LinkVisit): Promise<void> {
  const back = await liveHere(visit);
  showDeadLink(visit.drawing, visit.ctx, { again: back && `${back}/${STEP}` });
}
