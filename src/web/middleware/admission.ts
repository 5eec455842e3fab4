// Who cannot be let in soon is told so at the door, before anything is written or drawn for them. A sign-in costs several requests before
// its hash: without a door the ones that will be refused take the time of those that were let in, and at five times the capacity nobody gets through.

import { Refusal } from '../../errors.ts';
import type { Hasher } from '../../hasher.ts';
import { metrics } from '../../metrics.ts';
import { cookieNames } from '../../oidc/settings.ts';
import type { Context, Middleware } from '../request.ts';

/**
 * As many sign-ins may be worked on at once as may stand in the queue for hashing: those that queue, and those on their way to a page or
 * back to their app. Forms that are being sent do not count: whoever sends one slowly would keep others out. Whoever has begun goes on;
 * a live session needs no hash.
 */
export function admission(hasher: Pick<Hasher, 'load'>): Middleware {
  let underway = 0;
  return async (ctx, next) => {
    if (ctx.method !== 'GET' || !/^\/(auth|interaction)(\/|$)/.test(ctx.path)) return next();
    const { waiting, capacity } = hasher.load;
    if (underway + waiting >= capacity && isNewcomer(ctx)) {
      metrics.flow('admission', 'overloaded', 0);
      throw new Refusal('overloaded', undefined, { retryAfter: 1 + Math.floor(Math.random() * 5) });
    }
    underway += 1;
    try {
      return await next();
    } finally {
      underway -= 1;
    }
  };
}

/** Without a session, and not asking whether there is one. */
function isNewcomer(ctx: Context): boolean {
  return ctx.path === '/auth' && ctx.query.prompt !== 'none' && !ctx.cookies.get(cookieNames(ctx.state.brand).session);
}
