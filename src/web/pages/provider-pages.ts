// What oidc-provider shows by itself, drawn like every other page of the brand.

import { maskEmail } from '../../domain/email.ts';
import type { Refusal } from '../../errors.ts';
import { faultKind } from '../../oidc/faults.ts';
import type { ErrorOut, KoaContextWithOIDC, ProviderPages } from '../../oidc/pages.ts';
import * as accounts from '../../storage/accounts.ts';
import { type AskingClient, type Drawing, show } from '../drawing.ts';
import { stateOf } from '../request.ts';
import { devicePages } from './device.ts';
import { goOnAgain } from './go-on.ts';
import { inputsOf, openingTag } from './library-forms.ts';
import { askingClient } from './visit.ts';

export function providerPages(drawing: Drawing): ProviderPages {
  return {
    ...devicePages(drawing),
    error: (ctx, out, error) => drawError(drawing, ctx, out, error),
    notFound: (ctx) => drawNotFound(drawing, ctx),
    tooMany: (ctx, refusal) => drawTooMany(drawing, ctx, refusal),
    logout: (ctx, form) => drawLogout(drawing, ctx, form),
    loggedOut: (ctx) => show(drawing, ctx, stateOf(ctx.req), 'logged-out', {}, { client: clientOf(ctx) }),
    formPost: (ctx, html) => drawFormPost(drawing, ctx, html),
  };
}

async function drawError(drawing: Drawing, ctx: KoaContextWithOIDC, out: ErrorOut, error: Error): Promise<void> {
  const state = stateOf(ctx.req);
  const client = clientOf(ctx);
  const kind = faultKind(error, out);
  // The library has set the status already: 400 for a mistake of the app, 500 for ours.
  const status = ctx.status === 404 || ctx.status < 400 ? 400 : ctx.status;
  if (kind === 'unavailable') {
    ctx.set('retry-after', '2');
    return show(drawing, ctx, state, 'unavailable', { retryUrl: retryUrl(ctx) }, { client, status: 503 });
  }
  if (kind === 'gone' && (await goOnAgain(drawing, ctx))) return;
  if (kind === 'gone') return show(drawing, ctx, state, 'gone', { reason: 'expired' }, { client, status });
  const detail = kind === 'request' ? [out.error, out.error_description].filter(Boolean).join(': ') : undefined;
  show(drawing, ctx, state, 'error', { reason: kind, reference: state.requestId, detail }, { client, status });
}

function drawNotFound(drawing: Drawing, ctx: KoaContextWithOIDC): void {
  const state = stateOf(ctx.req);
  if (ctx.accepts('html', 'json') === 'html') {
    return show(drawing, ctx, state, 'error', { reason: 'not_found', reference: state.requestId }, { status: 404 });
  }
  ctx.status = 404;
  ctx.body = { error: 'not_found', error_description: 'there is nothing at this address' };
}

/** Too many user codes were tried from here: the same page, with the sentence that says when to come back. */
function drawTooMany(drawing: Drawing, ctx: KoaContextWithOIDC, { code, params, retryAfter }: Refusal): void {
  const state = stateOf(ctx.req);
  ctx.set('retry-after', String(retryAfter ?? 60));
  const form = { values: {}, refusal: { code, field: undefined, params } };
  show(drawing, ctx, state, 'device', { action: `${state.mountPath}/device`, xsrf: '', form }, { status: 429 });
}

async function drawLogout(drawing: Drawing, ctx: KoaContextWithOIDC, form: string): Promise<void> {
  const state = stateOf(ctx.req);
  const { session } = ctx.oidc;
  const hinted = isHinted(ctx);
  const account = session?.accountId && !hinted ? await accounts.find(drawing.services.db, state.brand.id, session.accountId) : undefined;
  const redirectUri = (session?.state as { postLogoutRedirectUri?: string } | undefined)?.postLogoutRedirectUri;
  const locals = {
    action: openingTag(form).action,
    xsrf: inputsOf(form).xsrf ?? '',
    account: account?.email ? maskEmail(account.email) : undefined,
    hinted,
  };
  show(drawing, ctx, state, 'logout', locals, { client: { ...(clientOf(ctx) ?? { name: state.brand.name }), redirectUri } });
}

/**
 * An ID token of ours, which only the app and the person can have, says whom to sign out: then nothing is asked.
 * Without one, or with somebody else's, it might be anybody's link (OpenID Connect RP-Initiated Logout 1.0, 2 and 6).
 */
function isHinted({ oidc }: KoaContextWithOIDC): boolean {
  const hint = oidc.entities.IdTokenHint as { payload?: { sub?: unknown } } | undefined;
  return hint?.payload?.sub !== undefined && hint.payload.sub === oidc.session?.accountId;
}

/** response_mode=form_post, the switch of accounts and the sign-out without a session: the library's form, our page. */
async function drawFormPost(drawing: Drawing, ctx: KoaContextWithOIDC, html: string): Promise<string> {
  const { action } = openingTag(html);
  const { status } = ctx;
  const state = stateOf(ctx.req);
  // Our own form only passes through us: the policy has to let the browser go on to where the way ends.
  const passing = action === `${state.brand.issuer}/session/end/confirm`;
  const end = passing ? await endOfTheWay(ctx) : { client: clientOf(ctx), redirectUri: action };
  const client = { ...(end.client ?? { name: state.brand.name }), redirectUri: end.redirectUri };
  show(drawing, ctx, state, 'form-post', { action, inputs: inputsOf(html) }, { client, status });
  return ctx.body as string;
}

/** A switch of accounts resumes its request, whose redirect URI was checked when it was stored; a sign-out ends where it was asked to. */
async function endOfTheWay(ctx: KoaContextWithOIDC): Promise<{ client: AskingClient | undefined; redirectUri: string | undefined }> {
  const { params } = ctx.oidc.entities.Interaction ?? {};
  if (!params) {
    const { postLogoutRedirectUri } = (ctx.oidc.session?.state ?? {}) as { postLogoutRedirectUri?: string };
    return { client: clientOf(ctx), redirectUri: postLogoutRedirectUri };
  }
  const client = await ctx.oidc.provider.Client.find(String(params.client_id));
  return { client: client && askingClient(client, params.redirect_uri), redirectUri: params.redirect_uri as string | undefined };
}

/** A page leads back to the client's own addresses only, whatever the request names. */
export function clientOf(ctx: KoaContextWithOIDC): AskingClient | undefined {
  const client = ctx.oidc?.client;
  const asked = ctx.oidc?.params?.redirect_uri;
  return client && askingClient(client, typeof asked === 'string' && client.redirectUriAllowed(asked) ? asked : undefined);
}

function retryUrl(ctx: KoaContextWithOIDC): string {
  return ctx.method === 'GET' ? stateOf(ctx.req).mountPath + ctx.url : `${stateOf(ctx.req).mountPath}/`;
}
