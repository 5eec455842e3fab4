// A link that opens nothing any more: used, too old, for something else, of another brand or made up. One page for all of them,
// so that it tells nothing to whoever tries links out.
import { type Drawing, show } from '../drawing.ts';
import type { Context } from '../request.ts';

/** 410. `retryUrl` is where the person can ask for a new one: a path of this brand, or an absolute address under its issuer. */
export function showDeadLink(drawing: Drawing, ctx: Context, { retryUrl }: { retryUrl?: string | undefined } = {}): void {
  show(drawing, ctx, ctx.state, 'dead-link', { retryUrl }, { status: 410 });
}
