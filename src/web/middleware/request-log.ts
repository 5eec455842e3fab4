// One line per request: what, how it ended, how long. Never an address with a query, a header, a cookie or a body.
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Middleware } from '../request.ts';

export function requestLog(log: Logger): Middleware {
  return async (ctx, next) => {
    const started = performance.now();
    ctx.state.requestId = randomUUID();
    ctx.set('x-request-id', ctx.state.requestId);
    ctx.res.once('close', () => {
      log.info({
        requestId: ctx.state.requestId,
        brand: ctx.state.brand?.slug,
        method: ctx.method,
        route: routeOf(ctx.path),
        status: ctx.res.statusCode,
        milliseconds: Math.round(performance.now() - started),
        aborted: !ctx.res.writableFinished,
      });
    });
    await next();
  };
}

/** The path with everything that could be a bearer value or a stranger's text replaced. */
export function routeOf(path: string): string {
  return path
    .split('/')
    .map((segment) => (/^[a-z.][a-z0-9.-]{0,39}$/.test(segment) || segment === '' ? segment : ':id'))
    .slice(0, 6)
    .join('/');
}
