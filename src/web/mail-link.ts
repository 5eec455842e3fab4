// A link from a mail. Its token leaves the address at once, into a cookie of this page alone: no history, no referrer, no log keeps it.
// Opening a link never changes anything (mail scanners open links); the person presses a button.
import { timingSafeEqual } from 'node:crypto';
import type { Keyring } from '../keyring.ts';
import { isSameOrigin } from './csrf.ts';
import { seeOther } from './pages/visit.ts';
import type { Context } from './request.ts';

const HOUR = 3600 * 1000;

/** Takes `?token=` out of the address. @returns true when the browser was sent to the bare address. */
export function keepToken(ctx: Context): boolean {
  const { token } = ctx.query;
  if (token === undefined) return false;
  handToken(ctx, ctx.path, typeof token === 'string' && /^[\w-]{1,100}$/.test(token) ? token : 'none');
  return true;
}

/**
 * Sends the browser to the page of a link as if it had opened it from a mail, but the token never stands in an address.
 * `after` is what was done just before.
 */
export function handToken(ctx: Context, page: string, token: string, after?: string): void {
  const { brand, mountPath } = ctx.state;
  const secure = brand.issuer.startsWith('https:');
  ctx.cookies.set(nameOf(ctx), token, { path: mountPath + page, maxAge: HOUR, httpOnly: true, sameSite: 'lax', secure, signed: false });
  seeOther(ctx, brand.issuer + page + (after ? `?after=${after}` : ''));
}

/** The token this page was opened with. */
export function linkToken(ctx: Context): string | undefined {
  return ctx.cookies.get(nameOf(ctx), { signed: false });
}

/** It was used; a reload says so. */
export function forgetToken(ctx: Context): void {
  ctx.cookies.set(nameOf(ctx), null, { path: pathOf(ctx), signed: false });
}

/** Ties the page's form to the browser that opened the link. */
export function linkCsrf(keyring: Keyring, ctx: Context): string {
  const data = `link${ctx.path}/${linkToken(ctx) ?? ''}`;
  return keyring.mac('csrf', String(ctx.state.brand.id), data).toString('base64url').slice(0, 32);
}

export function isOwnLinkForm(keyring: Keyring, ctx: Context, presented: string | undefined): boolean {
  const expected = Buffer.from(linkCsrf(keyring, ctx));
  const given = Buffer.from(presented ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected) && isSameOrigin(ctx);
}

function nameOf({ state: { brand } }: Context): string {
  return `${brand.issuer.startsWith('https:') ? '__Secure-' : ''}${brand.id}.link`;
}

function pathOf({ state, path }: Context): string {
  return state.mountPath + path;
}
