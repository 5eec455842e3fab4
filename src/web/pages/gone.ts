// A sign-in that cannot go on here: expired, bookmarked, finished, begun in another browser or for another account. There is always a way on.
import { type SpentInteraction, spentInteraction } from '../../oidc/adapter.ts';
import { pausedElsewhere } from '../../oidc/interactions.ts';
import type { Provider } from '../../oidc/pages.ts';
import { refuseAgain, restartUrl } from '../../oidc/restart.ts';
import { cookieNames } from '../../oidc/settings.ts';
import { type Drawing, show } from '../drawing.ts';
import type { Context } from '../request.ts';
import { askingClient, seeOther } from './visit.ts';

export async function gone(drawing: Drawing, ctx: Context, uid: string): Promise<void> {
  const { provider, brand } = ctx.state;
  const spent = await spentInteraction(drawing.services, brand, uid);
  const request = spent ?? (await pausedElsewhere(provider, uid));
  const client = request && (await provider.Client.find(String(request.params.client_id)));
  const asking = client && askingClient(client, request?.params.redirect_uri);
  const isSame = isSameBrowser(ctx, uid);
  // Without its app a request can neither be told from others nor begin again.
  const reason = spent ? await endOf(ctx, spent) : !client ? 'expired' : isSame ? 'other_account' : 'other_browser';
  // What the app demanded of the account before (a password, say) is demanded of this one too.
  const prompt = spent ? undefined : (request?.params.prompt as string | undefined);
  const restart = client && isSame && !request.forDevice ? await restartUrl(provider, request, prompt) : undefined;
  show(drawing, ctx, ctx.state, 'gone', { reason, restartUrl: restart }, { client: asking, status: spent ? 200 : 410 });
}

/** A double press: the first one finished the sign-in, so the second joins it with the session that now exists. */
export async function resumeSpent(drawing: Drawing, ctx: Context, uid: string): Promise<void> {
  const spent = isSameBrowser(ctx, uid) ? await spentInteraction(drawing.services, ctx.state.brand, uid) : undefined;
  if (!spent || spent.forDevice) return gone(drawing, ctx, uid);
  seeOther(ctx, await wayOn(ctx.state.provider, ctx, spent));
}

/** A "no" stays a "no": whoever pressed it twice is not asked again. */
function wayOn(provider: Provider, ctx: Context, spent: SpentInteraction): Promise<string> {
  return spent.refusal ? refuseAgain(provider, ctx, spent, spent.refusal) : restartUrl(provider, spent);
}

/** "You're already signed in" is said only while it is true. */
async function endOf(ctx: Context, { accountId, refusal, forDevice }: SpentInteraction): Promise<'finished' | 'done'> {
  if (!accountId || refusal || forDevice) return 'done';
  const { provider } = ctx.state;
  const session = await provider.Session.get(provider.createContext(ctx.req, ctx.res) as never);
  return session.accountId === accountId ? 'finished' : 'done';
}

/** The interaction's cookie is signed and outlives the interaction by as long as it would have lived. */
function isSameBrowser(ctx: Context, uid: string): boolean {
  const { provider, brand } = ctx.state;
  const { cookies } = provider.createContext(ctx.req, ctx.res);
  return cookies.get(cookieNames(brand).interaction, { signed: true }) === uid;
}
