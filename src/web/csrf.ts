// A form counts only when it comes from our own page in the browser the request began in.
// The interaction's cookie ties it to the browser; the token ties it to the page; the origin ties it to this site.
import { timingSafeEqual } from 'node:crypto';
import type { Keyring } from '../keyring.ts';
import type { Context } from './request.ts';

export function csrfToken(keyring: Keyring, brandId: number, uid: string): string {
  return keyring.mac('csrf', String(brandId), uid).toString('base64url').slice(0, 32);
}

export function isOwnForm(keyring: Keyring, ctx: Context, uid: string, presented: string | undefined): boolean {
  const expected = Buffer.from(csrfToken(keyring, ctx.state.brand.id, uid));
  const given = Buffer.from(presented ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected) && isSameOrigin(ctx);
}

/** Fetch metadata where the browser sends it, the Origin header otherwise; a client that sends neither is no browser. */
export function isSameOrigin(ctx: Context): boolean {
  const site = ctx.get('sec-fetch-site');
  if (site && site !== 'same-origin') return false;
  const origin = ctx.get('origin');
  return origin === '' || origin === new URL(ctx.state.brand.issuer).origin;
}
