// The outermost layer inside the library's stack: what nobody answered, what broke after the answer, its redirects and its forms.
import type { Middleware } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Services } from '../services.ts';
import { isDatabaseAway } from '../storage/database.ts';
import type { ProviderPages } from './pages.ts';

type Doors = Pick<Services, 'log'>;

/** Paths and the methods they take, for the answer 405 (RFC 9110 15.5.6). */
const methods: Readonly<Record<string, string>> = {
  '/auth': 'GET, POST',
  '/token': 'POST',
  '/userinfo': 'GET, POST',
  '/jwks': 'GET',
  '/request': 'POST',
  '/token/introspection': 'POST',
  '/token/revocation': 'POST',
  '/session/end': 'GET, POST',
  '/session/end/confirm': 'POST',
  '/.well-known/openid-configuration': 'GET',
  '/.well-known/oauth-authorization-server': 'GET',
};

/** Where no person ever looks: the answer is JSON, whatever the request accepts (RFC 6749 5.2). */
const forPrograms = /^\/(token(\/.*)?|request|userinfo|jwks|device\/auth|reg(\/.*)?|\.well-known\/.*)$/;

export function outermost(services: Doors, pages: ProviderPages): Middleware {
  return async (plain, next) => {
    const ctx = plain as unknown as KoaContextWithOIDC;
    if (answersPrograms(ctx)) ctx.req.headers.accept = 'application/json';
    try {
      await next();
    } catch (error) {
      return answerThrown(services, pages, ctx, error as Error);
    }
    if (ctx.method === 'OPTIONS') refuseNullOrigin(ctx);
    if (ctx.status === 404 && !ctx.body) answerNothing(pages, ctx);
    // Koa writes the target into the body of a redirect; nobody reads it and scanners rightly complain.
    else if (ctx.status >= 300 && ctx.status < 400) ctx.body = '';
    else if (isLibraryForm(ctx.body)) ctx.body = await pages.formPost(ctx, ctx.body);
  };
}

/** A sandboxed frame or a file calls itself "null", which no client can name; only what is open to all is open to it. */
function refuseNullOrigin(ctx: KoaContextWithOIDC): void {
  if (ctx.get('origin') !== 'null' || /^\/(jwks$|\.well-known\/)/.test(ctx.path)) return;
  for (const name of Object.keys(ctx.response.headers)) if (name.startsWith('access-control-')) ctx.remove(name);
}

/** Where the web ring needs it: faults that the library never sees are answered in the same way. */
export function answersPrograms({ path }: { path: string }): boolean {
  return forPrograms.test(path);
}

function isLibraryForm(body: unknown): body is string {
  return typeof body === 'string' && body.includes('<title>Submitting Callback</title>');
}

function answerNothing(pages: ProviderPages, ctx: KoaContextWithOIDC): void {
  const allowed = methods[ctx.path];
  if (!allowed || ctx.method === 'OPTIONS') return pages.notFound(ctx);
  ctx.status = 405;
  ctx.set('allow', allowed);
  ctx.body = { error: 'invalid_request', error_description: `${ctx.method} is not possible here; use ${allowed}` };
}

async function answerThrown(services: Doors, pages: ProviderPages, ctx: KoaContextWithOIDC, error: Error): Promise<void> {
  const out = { error: 'server_error', error_description: 'something went wrong' };
  ctx.status = 500;
  // Cookies and the address of an answer that is not given.
  ctx.remove('set-cookie');
  ctx.remove('location');
  if (answersPrograms(ctx)) ctx.body = out;
  else await pages.error(ctx, out, error);
  answerFault(services, ctx, error);
}

/** The library answers 500 for whatever it did not expect; a database that is away is 503 (RFC 7009 2.2.1). */
export function answerFault({ log }: Doors, ctx: KoaContextWithOIDC, error: Error): void {
  log.error({ err: error, method: ctx.method, requestId: ctx.response.get('x-request-id') }, 'request failed');
  if (!isDatabaseAway(error)) return;
  ctx.status = 503;
  ctx.set('retry-after', '2');
  // A page has been drawn already; a client gets the OAuth error for "later".
  if (typeof ctx.body === 'object') ctx.body = { error: 'temporarily_unavailable', error_description: 'try again in a moment' };
}
