// How a person gets into "my account": as into any other app, by the authorization code flow with PKCE (oidc/own-client.ts).
// What fails ends on a page with a button; nothing here sends a browser to sign in again by itself, so that nobody goes in circles.
import { randomBytes } from 'node:crypto';
import { type OwnSignIn, ownRequestUrl, redeemOwnCode } from '../../../oidc/own-client.ts';
import { type Drawing, show } from '../../drawing.ts';
import type { Context } from '../../request.ts';
import { seeOther } from '../visit.ts';
import { forget, keep, kept, type SigningIn } from './cookies.ts';
import { livingAccount } from './living-account.ts';

export interface Wanted {
  /** The page to come back to: the last segment of its address. */
  segment: string;
  clientId?: string | undefined;
  /** Seconds since the last sign-in that are too many. */
  maxAge?: number | undefined;
}

/** Sends the browser to sign in. A second tab shares what the first one began, so that whichever comes back first is let in. */
export function beginSignIn({ services: { keyring } }: Drawing, ctx: Context, { segment, clientId, maxAge }: Wanted): void {
  const { state, nonce, verifier } = kept(keyring, ctx, 'account-sign-in') ?? { state: random(), nonce: random(), verifier: random() };
  keep(keyring, ctx, 'account-sign-in', { state, nonce, verifier, segment, clientId });
  seeOther(ctx, ownRequestUrl(ctx.state.brand, { state, nonce, verifier, maxAge }));
}

/** The way back (RFC 6749 4.1.2). */
export async function finishSignIn(drawing: Drawing, ctx: Context): Promise<void> {
  const { keyring } = drawing.services;
  const begun = kept(keyring, ctx, 'account-sign-in');
  const isAnswer = begun !== undefined && isAnswerTo(ctx, begun);
  // A stranger's link takes nothing away from a sign-in that is on its way.
  if (isAnswer) forget(ctx, 'account-sign-in');
  const signedIn = isAnswer ? await redeem(drawing, ctx, begun) : undefined;
  if (!signedIn) return answerFailed(drawing, ctx);
  const { accountId, sessionUid: uid, authTime } = signedIn;
  keep(keyring, ctx, 'account', { accountId, uid, authTime, clientId: begun?.clientId });
  seeOther(ctx, `${ctx.state.brand.issuer}/account${begun?.segment && `/${begun.segment}`}`);
}

/** The answer to what this browser asked, from this issuer and no other (RFC 9207). */
function isAnswerTo({ query, state: { brand } }: Context, { state }: SigningIn): boolean {
  return query.state === state && query.iss === brand.issuer;
}

async function redeem({ services }: Drawing, ctx: Context, { nonce, verifier }: SigningIn): Promise<OwnSignIn | undefined> {
  const { code } = ctx.query;
  if (typeof code !== 'string') return undefined;
  return redeemOwnCode(services, ctx.state.brand, ctx.state.provider, { code, nonce, verifier });
}

/** Denied, replayed, made up or too late. Whoever is signed in already (a reload, "back", a second tab) is where they wanted to be. */
async function answerFailed(drawing: Drawing, ctx: Context): Promise<void> {
  const { brand, mountPath } = ctx.state;
  if (await livingAccount(drawing, ctx)) return seeOther(ctx, `${brand.issuer}/account`);
  show(drawing, ctx, ctx.state, 'account-sign-in', { restartUrl: `${mountPath}/account` }, { status: 400 });
}

function random(): string {
  return randomBytes(32).toString('base64url');
}
