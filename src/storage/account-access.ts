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
  await db.run(sql`
    update portico.accounts
    set signed_out_at = portico.now()
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and id = ${accountId}`);
  const ended = await oidcSessions.endAllOf(db, brandId, accountId);
  // Grants before tokens: what is written meanwhile hangs on a grant that is gone.
  await oidcGrants.revokeAllOf(db, brandId, accountId);
  await oidcTokens.revokeAllOf(db, brandId, accountId);
  await tell(db, brandId, ended);
}

export async function tell(db: Db, brandId: number, ended: readonly oidcSessions.EndedSession[]): Promise<void> {
  await outbox.add(
    db,
    'backchannel_logout',
    ended.map((session) => ({ brandId, ...session })),
  );
}
