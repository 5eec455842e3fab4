// A sign-in that cannot go on here: expired, bookmarked, finished, or begun in another browser. There is always a way on.

import type { Brand } from '../../domain/brands.ts';
import { spentInteraction } from '../../oidc/adapter.ts';
import { cookieNames } from '../../oidc/settings.ts';
import { type Drawing, show } from '../drawing.ts';
import type { GonePage } from '../page-locals.ts';
import type { Context, RequestState } from '../request.ts';
import { askingClient, seeOther } from './visit.ts';

export async function gone(drawing: Drawing, ctx: Context, uid: string): Promise<void> {
  const { provider } = ctx.state;
  const spent = await spentInteraction(drawing.services, ctx.state.brand, uid);
  const live = spent ? undefined : await provider.Interaction.find(uid);
  const params = spent?.params ?? (live?.params as Record<string, unknown> | undefined);
  const client = params ? await provider.Client.find(String(params.client_id)) : undefined;
  const asking = client && askingClient(client, params?.redirect_uri);
  show(drawing, ctx, ctx.state, 'gone', locals(ctx, uid, spent?.params, live !== undefined), { client: asking, status: spent ? 200 : 410 });
}

function locals(ctx: Context, uid: string, spent: Record<string, unknown> | undefined, live: boolean): GonePage {
  if (spent) return { reason: 'finished', restartUrl: isSameBrowser(ctx, uid) ? restartUrl(ctx.state.brand, spent) : undefined };
  return { reason: live ? 'other_browser' : 'expired' };
}

/**
 * The way back was asked for twice. The same browser still has the cookie of the way back, or it is signed in as who went first.
 * @returns the address that starts the request again.
 */
export async function restartOf(
  { services }: Drawing,
  { brand }: RequestState,
  { cookies }: Pick<Context, 'cookies'>,
  uid: string,
  accountId: string | undefined,
): Promise<string | undefined> {
  const spent = await spentInteraction(services, brand, uid);
  if (!spent) return undefined;
  const isSame =
    cookies.get(cookieNames(brand).resume, { signed: true }) === uid || (accountId !== undefined && accountId === spent.accountId);
  return isSame ? restartUrl(brand, spent.params) : undefined;
}

/** A double press: the first one finished the sign-in, so the second joins it with the session that now exists. */
export async function resumeSpent(drawing: Drawing, ctx: Context, uid: string): Promise<void> {
  const spent = isSameBrowser(ctx, uid) ? await spentInteraction(drawing.services, ctx.state.brand, uid) : undefined;
  if (!spent) return gone(drawing, ctx, uid);
  seeOther(ctx, restartUrl(ctx.state.brand, spent.params));
}

/** The same authorization request once more; `prompt` is left out, since what it demanded has been done, unless a new one is given. */
export function restartUrl({ issuer }: Pick<Brand, 'issuer'>, params: Record<string, unknown>, prompt?: string): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (name === 'prompt' || value === undefined) continue;
    for (const item of Array.isArray(value) ? value : [value]) query.append(name, String(item));
  }
  if (prompt) query.set('prompt', prompt);
  return `${issuer}/auth?${query}`;
}

/** The interaction's cookie is signed and outlives the interaction by as long as it would have lived. */
function isSameBrowser(ctx: Context, uid: string): boolean {
  const { provider, brand } = ctx.state;
  const { cookies } = provider.createContext(ctx.req, ctx.res);
  return cookies.get(cookieNames(brand).interaction, { signed: true }) === uid;
}
