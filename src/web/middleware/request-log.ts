// One line per request: what, how it ended, how long. Never an address with a query, a header, a cookie or a body.
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { metrics } from '../../metrics.ts';
import type { Context, Middleware } from '../request.ts';

export function requestLog(log: Logger): Middleware {
  return async (ctx, next) => {
    const started = performance.now();
    ctx.state.requestId = randomUUID();
    ctx.set('x-request-id', ctx.state.requestId);
    ctx.res.once('close', () => {
      const milliseconds = performance.now() - started;
      const aborted = !ctx.res.writableFinished;
      const route = routeOf(ctx.path);
      log.info({
        requestId: ctx.state.requestId,
        brand: ctx.state.brand?.slug,
        method: ctx.method,
        route,
        status: ctx.res.statusCode,
        milliseconds: Math.round(milliseconds),
        aborted,
      });
      const outcome = aborted ? 'aborted' : outcomeOf(ctx.res.statusCode);
      metrics.request({ route, isRoute: isRoute(ctx), method: ctx.method, outcome, milliseconds });
    });
    await next();
  };
}

/** 503 is "come back in a moment": not a fault, and worth a number of its own. */
function outcomeOf(status: number): string {
  return status === 503 ? 'unavailable' : `${Math.floor(status / 100)}xx`;
}

/** Whether somebody answers there: a stranger's addresses would become as many numbers. Undefined: nobody knows, it was given up before. */
function isRoute({ path, state, res }: Context): boolean | undefined {
  if (!state.brand) return /^\/(healthz|readyz)$/.test(path);
  if (state.malformed || res.statusCode === 421) return false;
  return res.headersSent ? res.statusCode !== 404 : undefined;
}

/** Segments of our own addresses. Whatever else stands in a path may be a bearer value or a stranger's text. */
const words = new Set(
  `.well-known account apps ask-unlock assets auth callback confirm confirm-consent confirm-email consents data data.json delete dev device email end forgot-password healthz
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
