// Everything that is no page of ours is the protocol's: handed to the brand's provider as it is.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Refusal } from '../../errors.ts';
import { serveDocument } from '../../oidc/documents.ts';
import { answersPrograms } from '../../oidc/outermost.ts';
import type { Provider } from '../../oidc/pages.ts';
import { cookieNames } from '../../oidc/settings.ts';
import { MalformedBody, readFormText } from '../form.ts';
import { seeOther } from '../pages/visit.ts';
import type { Context, Middleware } from '../request.ts';

type Callback = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

const callbacks = new WeakMap<Provider, Callback>();

/** Endpoints that take GET and POST alike (OpenID Connect Core 3.1.2.1, RP-Initiated Logout 2). */
const POSTABLE = new Set(['/auth', '/session/end']);

/** Of a form that becomes an address: it has to fit into the 16 KiB of a request's headers, beside cookies. */
const LONGEST = 12 * 1024;

/** Documents that any origin may read, and pages under COEP may load. */
const PUBLIC = new Set(['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server', '/jwks']);

/** Hands the endpoints no person ever looks at to the protocol at once, past everything that is for pages. */
export function forPrograms(handle: Middleware): Middleware {
  return (ctx, next) => (answersPrograms(ctx) ? handle(ctx, next) : next());
}

export function protocol(): Middleware {
  return async (ctx) => {
    ctx.path = canonicalPath(ctx.path);
    if (PUBLIC.has(ctx.path)) ctx.set('cross-origin-resource-policy', 'cross-origin');
    if (serveDocument(ctx, ctx.state.provider)) return;
    if (ctx.method === 'POST' && POSTABLE.has(ctx.path)) return asGet(ctx);
    if (isDeviceStep(ctx)) demandSession(ctx);
    // The way back from a page carries nothing; what a stranger adds the library would read as the request's own parameters when it fails.
    if (/^\/(auth|device)\/[^/]+$/.test(ctx.path)) ctx.search = '';
    ctx.respond = false;
    await callbackOf(ctx.state.provider)(ctx.req, ctx.res);
  };
}

/** A typed user code, and the way back from its sign-in at /device/:uid. */
function isDeviceStep({ method, path, state }: Context): boolean {
  if (!state.brand.settings.deviceFlow) return false;
  return method === 'POST' ? path === '/device' : /^\/device\/[^/]+$/.test(path);
}

/** Both come with the session their form was drawn for. Without one the library fails to save the form of its error page: 500. */
function demandSession(ctx: Context): void {
  const { brand, provider } = ctx.state;
  const { cookies } = provider.createContext(ctx.req, ctx.res);
  if (!cookies.get(cookieNames(brand).session, { signed: true })) throw new Refusal('form_expired');
}

function callbackOf(provider: Provider): Callback {
  const known = callbacks.get(provider);
  if (known) return known;
  const callback = provider.callback() as unknown as Callback;
  callbacks.set(provider, callback);
  return callback;
}

/**
 * A request posted from another site carries no SameSite=Lax cookie, so a live session would go unseen.
 * Sent on as a GET it is a top-level navigation like any other, and cookies stay Lax.
 */
async function asGet(ctx: Context): Promise<void> {
  // Several APIs may be asked for at once (RFC 8707 2); everything else stands once.
  const form = await readFormText(ctx.req, ['resource']);
  if (form.length > LONGEST) throw new MalformedBody(413, 'The form is too large.');
  seeOther(ctx, `${ctx.state.brand.issuer}${ctx.path}?${form}`);
}

/** Routes whose second segment is a value, such as /auth/:uid. */
const parametric = new Set(['auth', 'device', 'reg']);

/** The library also answers /Token and /token/; written one way, whatever looks at the path sees the same route as the library. */
function canonicalPath(path: string): string {
  const [, ...segments] = path.replace(/(?<=.)\/$/, '').split('/');
  const first = segments[0]?.toLowerCase() ?? '';
  const isValue = (segment: string, index: number) => index === 1 && parametric.has(first) && segment.toLowerCase() !== 'auth';
  return `/${segments.map((segment, index) => (isValue(segment, index) ? segment : segment.toLowerCase())).join('/')}`;
}
