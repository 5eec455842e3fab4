// The cookie by which a browser that signed in before is known (domain/known-devices.ts).
import type { Context } from './request.ts';

const YEAR = 365 * 24 * 3600 * 1000;

export function deviceCookie(ctx: Context): string | undefined {
  return ctx.cookies.get(nameOf(ctx), { signed: false });
}

export function rememberDeviceCookie(ctx: Context, value: string): void {
  const secure = ctx.state.brand.issuer.startsWith('https:');
  ctx.cookies.set(nameOf(ctx), value, { maxAge: YEAR, httpOnly: true, sameSite: 'lax', secure, path: '/', signed: false });
}

function nameOf(ctx: Context): string {
  const { issuer, id } = ctx.state.brand;
  return `${issuer.startsWith('https:') ? '__Host-' : ''}${id}.device`;
}
