// The root of a brand's address: who this is, and the way to where people want to go.
import Router from '@koa/router';
import { type Drawing, show } from '../drawing.ts';
import type { Middleware, RequestState } from '../request.ts';

export function home(drawing: Drawing): Middleware {
  const router = new Router<RequestState>();
  router.get('/', (ctx) => show(drawing, ctx, ctx.state, 'home', {}));
  return router.routes() as unknown as Middleware;
}
