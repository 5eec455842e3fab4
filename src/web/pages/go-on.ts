// The page has its answer: it is stored and the browser goes on to the app. Of two presses the slower one joins the quicker.
import { finishInteraction } from '../../oidc/interactions.ts';
import type { KoaContextWithOIDC } from '../../oidc/pages.ts';
import type { Drawing } from '../drawing.ts';
import { stateOf } from '../request.ts';
import { resumeSpent, wayOnOf } from './gone.ts';
import { seeOther, type Visit } from './visit.ts';

export async function goOn(visit: Visit, result: Parameters<typeof finishInteraction>[3]): Promise<void> {
  const { drawing, ctx, interaction } = visit;
  const finished = await finishInteraction(ctx.state.provider, ctx.req, ctx.res, result);
  return finished ? seeOther(ctx, interaction.returnTo) : resumeSpent(drawing, ctx, interaction.uid);
}

/**
 * Both presses were accepted and the quicker one has taken the way back already: the library finds nothing to resume.
 * @returns true when the browser was sent on.
 */
export async function goOnAgain(drawing: Drawing, ctx: KoaContextWithOIDC): Promise<boolean> {
  if (ctx.oidc.route !== 'resume') return false;
  const { uid } = ctx.params as { uid?: string };
  const wayOn = await wayOnOf(drawing, stateOf(ctx.req), ctx, uid ?? '', ctx.oidc.session?.accountId);
  if (!wayOn) return false;
  ctx.status = 303;
  ctx.set('location', wayOn);
  ctx.body = '';
  return true;
}
