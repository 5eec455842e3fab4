// Where a mailed code may be typed: only in the browser that asked for it, on the page where it did. The cookie names the row of the code,
// sealed, so that it tells nothing (a handle's slice would tell whether an address has an account).
import type { CodePurpose } from '../domain/one-time-codes.ts';
import type { Keyring } from '../keyring.ts';
import type { Context } from './request.ts';

const DAY = 24 * 3600 * 1000;

/** `under` is the path below the issuer that the page lives at, such as `/interaction/<uid>`. */
export interface FlowPlace {
  purpose: CodePurpose;
  under: string;
}

export function rememberFlow(keyring: Keyring, ctx: Context, place: FlowPlace, handle: string): void {
  const secure = ctx.state.brand.issuer.startsWith('https:');
  const value = keyring.seal('flows', placeOf(ctx, place), handle).toString('base64url');
  const path = ctx.state.mountPath + place.under;
  ctx.cookies.set(nameOf(ctx, place), value, { path, maxAge: DAY, httpOnly: true, sameSite: 'lax', secure, signed: false });
}

/** The handle of the code this browser waits for; undefined when it waits for none, or the cookie was made for another place. */
export function flowHandle(keyring: Keyring, ctx: Context, place: FlowPlace): string | undefined {
  const value = ctx.cookies.get(nameOf(ctx, place), { signed: false });
  if (!value || value.length > 700) return undefined;
  try {
    return keyring.open('flows', placeOf(ctx, place), Buffer.from(value, 'base64url')).toString('utf8');
  } catch {
    return undefined;
  }
}

export function forgetFlow(ctx: Context, place: FlowPlace): void {
  ctx.cookies.set(nameOf(ctx, place), null, { path: ctx.state.mountPath + place.under, signed: false });
}

function nameOf({ state: { brand } }: Context, { purpose }: FlowPlace): string {
  return `${brand.issuer.startsWith('https:') ? '__Secure-' : ''}${brand.id}.${purpose}`;
}

function placeOf({ state: { brand } }: Context, { purpose, under }: FlowPlace): string {
  return `${brand.id}/${purpose}${under}`;
}
