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
  const account = session?.accountId ? await accounts.find(drawing.services.db, state.brand.id, session.accountId) : undefined;
  const redirectUri = (session?.state as { postLogoutRedirectUri?: string } | undefined)?.postLogoutRedirectUri;
  const locals = {
    action: openingTag(form).action,
    xsrf: inputsOf(form).xsrf ?? '',
    account: account?.email ? maskEmail(account.email) : undefined,
  };
  show(drawing, ctx, state, 'logout', locals, { client: { ...(clientOf(ctx) ?? { name: state.brand.name }), redirectUri } });
}

/** response_mode=form_post, the switch of accounts and the sign-out without a session: the library's form, our page. */
function drawFormPost(drawing: Drawing, ctx: KoaContextWithOIDC, html: string): string {
  const { action } = openingTag(html);
  const { status } = ctx;
  const client = { ...(clientOf(ctx) ?? { name: stateOf(ctx.req).brand.name }), redirectUri: action };
  show(drawing, ctx, stateOf(ctx.req), 'form-post', { action, inputs: inputsOf(html) }, { client, status });
  return ctx.body as string;
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
