// What the browser keeps of "my account": who is signed in to it, and a sign-in that is on its way. Both sealed, both seen by these
// pages alone; the first is worth nothing without the session at the provider it names.
import type { Keyring } from '../../../keyring.ts';
import type { Context } from '../../request.ts';

export interface SignedIn {
  accountId: string;
  /** The session at the provider. */
  uid: string;
  /** Seconds since 1970. */
  authTime: number;
  /** The app to lead back to. */
  clientId?: string | undefined;
}

export interface SigningIn {
  state: string;
  nonce: string;
  verifier: string;
  /** The page asked for: the last segment of its address, '' for the overview. */
  segment: string;
  clientId?: string | undefined;
}

type Kept = { account: SignedIn; 'account-sign-in': SigningIn };

const HOUR = 3600 * 1000;

/** Neither is kept when the browser closes; a sign-in on its way for no longer than its pages (oidc/lifetimes.ts). */
const ages: Record<keyof Kept, number | undefined> = { account: undefined, 'account-sign-in': HOUR };

export function keep<Name extends keyof Kept>(keyring: Keyring, ctx: Context, name: Name, value: Kept[Name]): void {
  const sealed = keyring.seal('account_pages', placeOf(ctx, name), JSON.stringify(value)).toString('base64url');
  const maxAge = ages[name];
  ctx.cookies.set(nameOf(ctx, name), sealed, { ...attributes(ctx), ...(maxAge && { maxAge }) });
}

/** undefined when there is none, or it is not one that this installation made for this brand. */
export function kept<Name extends keyof Kept>(keyring: Keyring, ctx: Context, name: Name): Kept[Name] | undefined {
  const sealed = ctx.cookies.get(nameOf(ctx, name), { signed: false });
  if (!sealed || sealed.length > 2_000) return undefined;
  try {
    return JSON.parse(keyring.open('account_pages', placeOf(ctx, name), Buffer.from(sealed, 'base64url')).toString('utf8'));
  } catch {
    return undefined;
  }
}

export function forget(ctx: Context, name: keyof Kept): void {
  ctx.cookies.set(nameOf(ctx, name), null, attributes(ctx));
}

function attributes({ state: { brand, mountPath } }: Context) {
  const secure = brand.issuer.startsWith('https:');
  return { path: `${mountPath}/account`, httpOnly: true, sameSite: 'lax', secure, signed: false } as const;
}

function nameOf({ state: { brand } }: Context, name: keyof Kept): string {
  return `${brand.issuer.startsWith('https:') ? '__Secure-' : ''}${brand.id}.${name}`;
}

function placeOf({ state: { brand } }: Context, name: keyof Kept): string {
  return `${name}/${brand.id}`;
}
