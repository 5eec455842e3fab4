// The last thing inside the library's stack: what the request decided is written, and only then may the answer leave.
// When a concurrent request was quicker, the library's answer (and its cookies) is replaced by the one for the slower of two.
import type { Middleware } from 'koa';
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Brand } from '../domain/brands.ts';
import { LostRace, type Write } from '../storage/unit-of-work.ts';
import type { AdapterServices } from './adapters/contract.ts';
import { endGrantOfSpent, lostError } from './adapters/tokens.ts';
import { answersPrograms } from './outermost.ts';
import type { ProviderPages } from './pages.ts';
import { spentInteraction } from './spent-interactions.ts';
import { currentUnit, openUnit, type Unit } from './unit-of-work.ts';

export function commitRequest(services: AdapterServices, brand: Brand, pages?: Pick<ProviderPages, 'error'>): Middleware {
  return (plain, next) => {
    const ctx = plain as unknown as KoaContextWithOIDC;
    const serve = async (unit: Unit) => {
      unit.clientId = typeof ctx.query.client_id === 'string' ? ctx.query.client_id : undefined;
      await next();
      // What broke leaves nothing behind.
      if (ctx.status >= 500) return;
      // The library itself saw that the pushed request was spent, between its look at the interaction and this one: by the quicker press.
      if (refusesPushed(ctx) && (await isFinished(services, brand, ctx))) {
        forget(ctx);
        return goAgain(ctx, brand);
      }
      if (unit.decides('bind_session')) leaveSessionCookie(ctx);
      await unit.commit(ctx.status >= 400 && ctx.path === '/token' ? isEnd : undefined).catch((error: unknown) => {
        if (!(error instanceof LostRace)) throw error;
        return answerSlower(services, brand, pages, ctx, unit.decided(error.index));
      });
    };
    const open = currentUnit();
    return open ? serve(open) : openUnit(services, brand.id, serve);
  };
}

/** A refused token request spends nothing and gives nothing; what it found out (a replay ends a family) stays. */
function isEnd({ kind }: Write): boolean {
  return kind === 'remove_token' || kind === 'revoke_tokens' || kind === 'remove_grant';
}

async function answerSlower(
  services: AdapterServices,
  brand: Brand,
  pages: Pick<ProviderPages, 'error'> | undefined,
  ctx: KoaContextWithOIDC,
  lost: Write | undefined,
): Promise<void> {
  if (lost?.kind === 'spend_token') await endGrantOfSpent(services, brand, lost.model, lost.key);
  const error = errorOf(lost);
  const out = { error: error.error, error_description: error.error_description ?? '' };
  const redirect = errorRedirect(ctx.response.get('location'), out);
  forget(ctx);
  // Asked again, the browser shows the session's new id, or that there is none any more; or its quicker press has finished already.
  if (ctx.method === 'GET' && (isOfSession(lost) || (await isFinished(services, brand, ctx)))) return goAgain(ctx, brand);
  if (redirect) return ctx.redirect(redirect);
  ctx.status = error.statusCode;
  if (!pages || answersPrograms(ctx)) ctx.body = out;
  else await pages.error(ctx, out, error);
}

function errorOf(lost: Write | undefined): InstanceType<typeof errors.OIDCProviderError> {
  switch (lost?.kind) {
    case 'update_grant':
      return new errors.AccessDenied('the grant was revoked meanwhile');
    case 'remove_session':
    case 'save_session':
    case 'update_session':
      return new errors.LoginRequired('the session has ended meanwhile');
    case 'advance_device_code':
      return lostError('DeviceCode', true);
    case 'spend_refresh_token':
      return lostError('RefreshToken');
    case 'save_successor':
    case 'save_token':
      return lostError(lost.token.kind);
    case 'spend_token':
      return lostError(lost.model);
    default:
      return new errors.InvalidRequest('a concurrent request was quicker');
  }
}

function isOfSession(lost: Write | undefined): boolean {
  return lost?.kind === 'save_session' || lost?.kind === 'update_session' || lost?.kind === 'remove_session';
}

/** Two presses of one browser resume one interaction. Another browser's is not finished by this one: it hears that it was slower. */
async function isFinished(services: AdapterServices, brand: Brand, ctx: KoaContextWithOIDC): Promise<boolean> {
  const uid = ctx.oidc?.route === 'resume' ? ctx.oidc.entities.Interaction?.uid : undefined;
  return uid !== undefined && (await spentInteraction(services, brand, uid)) !== undefined;
}

function refusesPushed(ctx: KoaContextWithOIDC): boolean {
  return ctx.method === 'GET' && URL.parse(ctx.response.get('location'))?.searchParams.get('error') === 'invalid_request_uri';
}

function goAgain(ctx: KoaContextWithOIDC, brand: Brand): void {
  ctx.status = 303;
  ctx.set('location', brand.issuer + ctx.url);
  ctx.body = '';
}

/** The app that was about to get a code gets the error at the same address (RFC 6749 4.1.2.1). */
function errorRedirect(location: string, out: { error: string; error_description: string }): string | undefined {
  const url = URL.parse(location);
  if (!url) return undefined;
  const inFragment = new URLSearchParams(url.hash.slice(1));
  const answer = inFragment.has('code') ? inFragment : url.searchParams;
  if (!answer.has('code')) return undefined;
  answer.delete('code');
  for (const [name, value] of Object.entries(out)) answer.set(name, value);
  if (answer === inFragment) url.hash = answer.toString();
  return url.href;
}

/** The browser has, or is about to get, the new id of its session; the one from before must not take its place. */
function leaveSessionCookie(ctx: KoaContextWithOIDC): void {
  const name = ctx.oidc.provider.cookieName('session');
  const cookies = [ctx.response.get('set-cookie') ?? []].flat() as string[];
  const others = cookies.filter((cookie) => !cookie.startsWith(`${name}=`) && !cookie.startsWith(`${name}.sig=`));
  ctx.remove('set-cookie');
  if (others.length > 0) ctx.set('set-cookie', others);
}

/** Cookies and addresses of an answer that is not given. */
function forget(ctx: KoaContextWithOIDC): void {
  ctx.remove('set-cookie');
  ctx.remove('location');
}
