// Everything an account has open: sessions, what it allowed clients, their tokens. Ended together, and those who must know are told.
import { sliceOfAccount } from '../domain/slices.ts';
import { type Db, sql } from './database.ts';
import * as oidcGrants from './oidc-grants.ts';
import * as oidcSessions from './oidc-sessions.ts';
import * as oidcTokens from './oidc-tokens.ts';
import * as outbox from './outbox.ts';

/**
 * Ends it all, now: sessions, grants, codes and tokens, and sign-ins still on their way. A job tells each client (Back-Channel Logout 1.0).
 * Call it in the transaction of what is the reason.
 */
export async function endAll(db: Db, brandId: number, accountId: string): Promise<void> {
  await signOut(db, brandId, accountId, null);
  const ended = await oidcSessions.endAllOf(db, brandId, accountId);
  // Grants before tokens: what is written meanwhile hangs on a grant that is gone.
  await oidcGrants.revokeAllOf(db, brandId, accountId);
  await oidcTokens.revokeAllOf(db, brandId, accountId);
  await tell(db, brandId, ended);
}

/**
 * The same but for one session: it goes on, and so do the apps that were signed in through it, with their tokens.
 * `keepSessionUid` of a session that has ended keeps nothing.
 */
export async function endOthers(db: Db, brandId: number, accountId: string, keepSessionUid: string): Promise<void> {
  await signOut(db, brandId, accountId, keepSessionUid);
  const ended = await oidcSessions.endOthersOf(db, brandId, accountId, keepSessionUid);
  await oidcGrants.revokeOthersOf(db, brandId, accountId, keepSessionUid);
  await oidcTokens.revokeOthersOf(db, brandId, accountId, keepSessionUid);
  await tell(db, brandId, ended);
}

/** Sign-ins are told in whole seconds: up to the end of this one they are old. A later one says so (oidc/interactions.ts), and is old for the next end. */
async function signOut(db: Db, brandId: number, accountId: string, exceptUid: string | null): Promise<void> {
  await db.run(sql`
    update portico.accounts
    set signed_out_at = greatest(date_trunc('second', portico.now()), signed_out_at) + interval '1 second', signed_out_except = ${exceptUid}
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and id = ${accountId}`);
}

export async function tell(db: Db, brandId: number, ended: readonly oidcSessions.EndedSession[]): Promise<void> {
  await outbox.add(
    db,
    'backchannel_logout',
    ended.map((session) => ({ brandId, ...session })),
  );
}
