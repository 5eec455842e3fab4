// The last word when something broke: a page with a reference number, the details only in the log. Nobody ever sees a stack.
import { Refusal } from '../../errors.ts';
import { answersPrograms } from '../../oidc/outermost.ts';
import { isDatabaseAway } from '../../storage/database.ts';
import { type Drawing, show } from '../drawing.ts';
import { MalformedBody } from '../form.ts';
import type { ErrorPage } from '../page-locals.ts';
import type { Context, Middleware } from '../request.ts';

export function faults(drawing: Drawing): Middleware {
  return async (ctx, next) => {
    try {
      await next();
      if (ctx.status === 404 && ctx.body === undefined && ctx.respond !== false) answer(drawing, ctx, 404, 'not_found');
    } catch (error) {
      answerFault(drawing, ctx, error);
    }
  };
}

function answerFault(drawing: Drawing, ctx: Context, error: unknown): void {
  if (error instanceof MalformedBody)
    return answer(drawing, ctx, error.status, error.status === 413 ? 'too_large' : 'malformed', error.message);
  if (error instanceof Refusal && error.status < 500) return answerRefusal(drawing, ctx, error);
  if (isDatabaseAway(error) || error instanceof Refusal) return answerUnavailable(drawing, ctx, error);
  drawing.services.log.error({ err: error, requestId: ctx.state.requestId }, 'request failed');
  return answer(drawing, ctx, 500, 'fault');
}

/** A "no" that no form could show beside its field. */
function answerRefusal(drawing: Drawing, ctx: Context, { code, status, retryAfter }: Refusal): void {
  if (retryAfter) ctx.set('retry-after', String(retryAfter));
  if (code === 'form_expired') return answer(drawing, ctx, status, 'form');
  answer(drawing, ctx, status, status === 429 ? 'too_many' : 'refused');
}

/** 503 (RFC 9110 15.6.4): nothing is lost, the person may try again. */
export function answerUnavailable(drawing: Drawing, ctx: Context, error: unknown, form?: NonNullable<UnavailableForm>): void {
  // Of too many the request's own line is enough: whoever is sent away must cost little.
  if (!(error instanceof Refusal)) drawing.services.log.warn({ err: error, requestId: ctx.state.requestId }, 'unavailable');
  const retryAfter = error instanceof Refusal ? error.retryAfter : undefined;
  ctx.set('retry-after', String(retryAfter ?? 2));
  if (isForClients(ctx)) return json(ctx, 503, 'temporarily_unavailable', 'try again in a moment');
  const retryUrl = ctx.state.mountPath + (ctx.method === 'GET' ? ctx.url : ctx.path);
  if (!ctx.state.locale) return plain(ctx, 503, 'Service temporarily unavailable. Try again in a moment.');
  show(drawing, ctx, ctx.state, 'unavailable', { form, retryUrl }, { status: 503 });
}

type UnavailableForm = import('../page-locals.ts').UnavailablePage['form'];

type Reason = Exclude<ErrorPage['reason'], 'request'>;

/** `detail` is for programs and their developers; a page says it in a sentence of its own. */
function answer(drawing: Drawing, ctx: Context, status: number, reason: Reason, detail?: string): void {
  if (isForClients(ctx)) return json(ctx, status, codes[reason] ?? 'invalid_request', detail ?? 'something went wrong');
  if (!ctx.state.locale) return plain(ctx, status, detail ?? 'Something went wrong.');
  const retryUrl = reason === 'form' ? ownPage(ctx) : undefined;
  show(drawing, ctx, ctx.state, 'error', { reason, reference: ctx.state.requestId, retryUrl }, { status });
}

/** The page a form that waited too long belongs to: drawn anew, it can be sent. */
function ownPage({ path, state }: Context): string | undefined {
  if (/^\/(interaction\/[^/]+(\/[a-z-]+)?|account(\/[a-z-]+)?|[a-z]+-(email|password|account|consent)|unlock)$/.test(path))
    return state.mountPath + path;
  return /^\/device(\/|$)/.test(path) ? `${state.mountPath}/device` : undefined;
}

/** OAuth's names for what a page says in a sentence (RFC 6749 5.2). */
const codes: Partial<Record<Reason, string>> = { not_found: 'not_found', too_many: 'temporarily_unavailable', fault: 'server_error' };

/** Endpoints that only programs call, and programs that say so. */
function isForClients(ctx: Context): boolean {
  // Before the brand is known its path still stands in front of the endpoint's.
  const whole = ctx.state.brand ? ctx.path : ctx.path.replace(/^\/[^/]+(?=\/)/, '');
  return answersPrograms(ctx) || answersPrograms({ path: whole }) || ctx.accepts('html', 'json') === 'json';
}

function json(ctx: Context, status: number, error: string, description: string): void {
  ctx.status = status;
  ctx.body = { error, error_description: description };
}

function plain(ctx: Context, status: number, text: string): void {
  ctx.status = status;
  ctx.type = 'text/plain; charset=utf-8';
  ctx.body = `${text}\n`;
}
