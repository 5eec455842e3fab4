// Signing out of this browser: the session ends with everything signed in through it, and the browser forgets both.
import { endSession } from '../../../flows/end-session.ts';
import { cookieNames } from '../../../oidc/settings.ts';
import { type Drawing, show } from '../../drawing.ts';
import type { Context } from '../../request.ts';
import { sourceOf } from '../../source.ts';
import { seeOther } from '../visit.ts';
import { clientBack } from './client-back.ts';
import { forget } from './cookies.ts';
import type { AccountVisit } from './visit.ts';

export async function signOut(visit: AccountVisit): Promise<void> {
  const { drawing, ctx, account, session } = visit;
  const { brand } = ctx.state;
  await endSession(drawing.services, brand, { accountId: account.id, sessionUid: session.uid, source: sourceOf(ctx) });
  leave(visit);
}

/** The session has ended: what names it goes, and a page that needs none says so. */
export function leave({ ctx, clientBack: back }: AccountVisit): void {
  const { brand } = ctx.state;
  forget(ctx, 'account');
  const secure = brand.issuer.startsWith('https:');
  ctx.cookies.set(cookieNames(brand).session, null, { path: '/', httpOnly: true, sameSite: 'lax', secure, signed: false });
  ctx.cookies.set(`${cookieNames(brand).session}.sig`, null, { path: '/', httpOnly: true, sameSite: 'lax', secure, signed: false });
  seeOther(ctx, `${brand.issuer}/account/signed-out${back ? `?client_id=${encodeURIComponent(back.id)}` : ''}`);
}

export async function showSignedOut(drawing: Drawing, ctx: Context): Promise<void> {
  const back = await clientBack(ctx, ctx.query.client_id);
  show(drawing, ctx, ctx.state, 'logged-out', {}, { client: back && { name: back.name, homeUrl: back.url } });
}
