// "My account" at <issuer>/account: each page needs its own cookie and the living session behind it; without them the person signs in.
import Router from '@koa/router';
import { Refusal } from '../../../errors.ts';
import { openUnit } from '../../../oidc/unit-of-work.ts';
import { isOwnForm } from '../../csrf.ts';
import type { Drawing } from '../../drawing.ts';
import { readForm } from '../../form.ts';
import type { Context, Middleware, RequestState } from '../../request.ts';
import { clientBack } from './client-back.ts';
import { keep } from './cookies.ts';
import { livingAccount } from './living-account.ts';
import { pages } from './pages.ts';
import { beginSignIn, finishSignIn } from './sign-in.ts';
import { showSignedOut } from './sign-out.ts';
import { type AccountPage, type AccountVisit, csrfName } from './visit.ts';

/** Seconds for which a sign-in is fresh enough for what is dangerous (ASVS 7.5.1). */
const FRESH = 300;

export function accountPages(drawing: Drawing): Middleware {
  const router = new Router<RequestState>();
  router.get('/account/callback', (ctx) => finishSignIn(drawing, ctx));
  router.get('/account/signed-out', (ctx) => showSignedOut(drawing, ctx));
  for (const [segment, page] of Object.entries(pages)) {
    const path = `/account${segment && `/${segment}`}`;
    router.get(path, async (ctx) => {
      const visit = await enter(drawing, ctx, segment, page);
      if (visit) await page.show(visit);
    });
    router.post(path, (ctx) => submit(drawing, ctx, segment, page));
  }
  return router.routes() as unknown as Middleware;
}

async function submit(drawing: Drawing, ctx: Context, segment: string, page: AccountPage): Promise<void> {
  const form = await readForm(ctx.req);
  await openUnit(drawing.services, ctx.state.brand.id, async (unit) => {
    const visit = await enter(drawing, ctx, segment, page);
    if (!visit) return;
    if (!isOwnForm(drawing.services.keyring, ctx, csrfName(visit.session.uid), form.csrf)) throw new Refusal('form_expired');
    if (!page.submit) throw new Refusal('not_found');
    await page.submit(visit, form);
    if (ctx.status < 500) await unit.commit();
  });
}

/** @returns undefined when the browser was sent to sign in. */
async function enter(drawing: Drawing, ctx: Context, segment: string, page: AccountPage): Promise<AccountVisit | undefined> {
  const asked = await clientBack(ctx, ctx.query.client_id);
  const living = await livingAccount(drawing, ctx);
  const clientId = asked?.id ?? living?.clientId;
  const wantsFresh = typeof page.fresh === 'function' ? page.fresh(drawing, ctx) : page.fresh === true;
  const isStale = living && wantsFresh && Date.now() / 1_000 - living.authTime > FRESH;
  if (!living || isStale) {
    beginSignIn(drawing, ctx, { segment, clientId, maxAge: isStale ? FRESH : undefined });
    return undefined;
  }
  const { account, ...signedIn } = living;
  if (clientId !== signedIn.clientId) keep(drawing.services.keyring, ctx, 'account', { ...signedIn, clientId });
  const { uid, authTime } = signedIn;
  return { drawing, ctx, account, session: { uid, authTime }, clientBack: asked ?? (await clientBack(ctx, clientId)) };
}
