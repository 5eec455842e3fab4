// While the process leaves, each answer is the last one of its connection: whoever keeps connections makes the next one elsewhere.
import type { Lifecycle } from '../../lifecycle.ts';
import type { Middleware } from '../request.ts';

export function farewell(lifecycle: Lifecycle): Middleware {
  return (ctx, next) => {
    if (lifecycle.leaving) ctx.set('connection', 'close');
    return next();
  };
}
