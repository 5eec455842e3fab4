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

/** Segments of our own addresses. Whatever else stands in a path may be a bearer value or a stranger's text. */
const words = new Set(
  `.well-known account apps assets auth callback confirm confirm-email data data.json delete dev device email end forgot-password healthz
  interaction introspection jwks keep-account mail oauth-authorization-server openid-configuration password profile readyz reg request
  reset-password revocation secure-account session sessions signed-out success token undo-email unlock userinfo verify-email`.split(/\s+/),
);

/** The path with everything else replaced; `/favicon.ico` and `/secret` look the same. */
export function routeOf(path: string): string {
  return path
    .split('/')
    .map((segment) => (segment === '' || words.has(segment) ? segment : ':id'))
    .slice(0, 6)
    .join('/');
}
