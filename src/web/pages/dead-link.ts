// A link that opens nothing any more: used, too old, for something else, of another brand or made up. One page for all of them,
// so that it tells nothing to whoever tries links out.
import { type Drawing, show } from '../drawing.ts';
import type { DeadLinkPage } from '../locals/registration.ts';
import type { Context } from '../request.ts';

/** 410. Where a sign-in is open in this browser, `again` is its page that mails a new link; without one the way on is to sign in. */
export function showDeadLink(
  drawing: Drawing,
  ctx: Context,
  { again, next = 'sign_in' }: { again?: string | undefined; next?: Next } = {},
) {
  const way: DeadLinkPage = again ? { next: 'new', url: again } : { next, url: `${ctx.state.mountPath}/account` };
  show(drawing, ctx, ctx.state, 'dead-link', way, { status: 410 });
}

type Next = Exclude<DeadLinkPage['next'], 'new'>;
