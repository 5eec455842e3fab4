// The page has its answer: it is stored and the browser goes on to the app. Of two presses the slower one joins the quicker.
import { spentInteraction } from '../../oidc/adapter.ts';
import { finishInteraction } from '../../oidc/interactions.ts';
import type { KoaContextWithOIDC } from '../../oidc/pages.ts';
import type { Drawing } from '../drawing.ts';
import { stateOf } from '../request.ts';
import { resumeSpent } from './gone.ts';
import { seeOther, type Visit } from './visit.ts';

export async function goOn(visit: Visit, result: Parameters<typeof finishInteraction>[3]): Promise<void> {
  const { drawing, ctx, interaction } = visit;
  const finished = await finishInteraction(ctx.state.provider, ctx.req, ctx.res, result);
  return finished ? seeOther(ctx, interaction.returnTo) : resumeSpent(drawing, ctx, interaction.uid);
}

/**
 * Both presses were accepted and the quicker one has taken the way back already, or another tab switched accounts: the library finds
 * nothing to resume. Only under the interaction's own address the browser shows the cookie that proves it is the same one.
 * @returns true when the browser was sent there.
 */
export async function goOnAgain({ services }: Drawing, ctx: KoaContextWithOIDC): Promise<boolean> {
  if (ctx.oidc.route !== 'resume') return false;
  const { uid = '' } = ctx.params as { uid?: string };
  const { brand, provider } = stateOf(ctx.req);
  if (!(await spentInteraction(services, brand, uid)) && !(await provider.Interaction.find(uid))) return false;
  ctx.status = 303;
  ctx.set('location', `${brand.issuer}/interaction/${uid}?resume`);
  ctx.body = '';
  return true;
}
