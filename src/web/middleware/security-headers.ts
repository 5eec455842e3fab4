// What browsers are told about every answer. No inline script or style anywhere, nobody frames us, nothing is fetched from elsewhere.
import { formActionSource } from '../../domain/redirect-uris.ts';
import type { Context, Middleware } from '../request.ts';

const always = Object.entries({
  // The library adds the hash of its own small scripts to an existing script-src, so there must always be one.
  'content-security-policy': contentSecurityPolicy(),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  // Not no-referrer: with it browsers send "Origin: null" on our own forms, and the origin check would refuse them.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cache-control': 'no-store',
});

export const securityHeaders =
  (https: boolean): Middleware =>
  (ctx, next) => {
    for (const [name, value] of always) ctx.res.setHeader(name, value);
    requireHttps(ctx, https);
    return next();
  };

/** A brand that lives on https stays there (RFC 6797), whatever the address of the installation is. */
export const strictTransport = (): Middleware => (ctx, next) => {
  requireHttps(ctx, ctx.state.brand.issuer.startsWith('https:'));
  return next();
};

function requireHttps(ctx: Context, https: boolean): void {
  if (https) ctx.set('strict-transport-security', 'max-age=31536000; includeSubDomains');
  else ctx.remove('strict-transport-security');
}

/**
 * Browsers check form-action along the whole chain of redirects after a form, so the way back to the app must be named:
 * https always, and the app's own scheme or loopback host for this answer.
 */
export function contentSecurityPolicy(redirectUri?: string): string {
  const back = redirectUri ? formActionSource(redirectUri) : undefined;
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `form-action 'self' https:${back ? ` ${back}` : ''}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}
