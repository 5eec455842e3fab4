// For load balancers and orchestrators, on any host: alive, and ready to serve: its database takes writes and it is not about to go.
import type { Lifecycle } from '../../lifecycle.ts';
import type { Db } from '../../storage/database.ts';
import { check } from '../../storage/health.ts';
import type { Middleware } from '../request.ts';

export function health(db: Db, lifecycle: Lifecycle): Middleware {
  return async (ctx, next) => {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return next();
    if (ctx.path === '/healthz') return answer(ctx, 200, 'ok');
    if (ctx.path !== '/readyz') return next();
    if (lifecycle.leaving) return answer(ctx, 503, 'stopping');
    const ready = await Promise.race([isWritable(db), late()]);
    return answer(ctx, ready ? 200 : 503, ready ? 'ready' : 'database unavailable');
  };
}

// A connection that has fallen silent answers nothing at all; whoever asks wants to know now.
const PATIENCE = 1_200;

const late = () => new Promise<false>((resolve) => setTimeout(resolve, PATIENCE, false).unref());

function isWritable(db: Db): Promise<boolean> {
  return check(db).then(
    ({ writable }) => writable,
    () => false,
  );
}

function answer(ctx: Parameters<Middleware>[0], status: number, text: string): void {
  ctx.status = status;
  ctx.set('cache-control', 'no-store');
  ctx.type = 'application/json';
  ctx.body = JSON.stringify({ status: text });
}
