// Who is signed in to "my account" in this browser: the cookie counts only together with the living session it names.
import type { Account } from '../../../domain/accounts.ts';
import * as oidcSessions from '../../../storage/oidc-sessions.ts';
import type { Drawing } from '../../drawing.ts';
import type { Context } from '../../request.ts';
import { kept, type SignedIn } from './cookies.ts';

/** One statement. A session that ended, a disabled account and a sign-in from before everything was ended are nobody. */
export async function livingAccount({ services }: Drawing, ctx: Context): Promise<(SignedIn & { account: Account }) | undefined> {
  const signedIn = kept(services.keyring, ctx, 'account');
  if (!signedIn) return undefined;
  const { accountId, uid, authTime } = signedIn;
  const account = await oidcSessions.findAccount(services.db, ctx.state.brand.id, accountId, uid);
  if (!account) return undefined;
  const since = account.signedOutExcept === uid ? null : account.signedOutAt;
  // In whole seconds, as the library counts (oidc/prompts.ts).
  if (since && authTime < Math.floor(since.getTime() / 1_000)) return undefined;
  return { ...signedIn, account };
}
