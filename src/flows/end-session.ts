// The end-user signs out somewhere: of one browser, of every other one, or of everything. Relying parties hear of it (Back-Channel Logout 1.0).
import type { Brand } from '../domain/brands.ts';
import type { Source } from '../domain/sources.ts';
import type { Services } from '../services.ts';
import * as accountAccess from '../storage/account-access.ts';
import * as auditEvents from '../storage/audit-events.ts';
import * as oidcGrants from '../storage/oidc-grants.ts';
import * as oidcSessions from '../storage/oidc-sessions.ts';
import { traced } from '../traced.ts';

type Doors = Pick<Services, 'db'>;

interface OfAccount {
  accountId: string;
  source: Source;
}

/** Of twenty presses one ends it and tells. @returns false when it had ended already, or is somebody else's. */
export const endSession = traced(async function endSession(
  { db }: Doors,
  brand: Brand,
  { accountId, sessionUid, source }: OfAccount & { sessionUid: string },
): Promise<boolean> {
  return db.transaction(async (db) => {
    const found = await oidcSessions.end(db, brand.id, accountId, sessionUid);
    if (!found) return false;
    // What hangs on them is bound to the session as well.
    await oidcGrants.end(db, brand.id, accountId, found.grantIds);
    await accountAccess.tell(db, brand.id, found.ended);
    await auditEvents.record(db, brand.id, { event: 'sessions_ended', actor: 'end_user', accountId, source, details: { which: 'one' } });
    return true;
  });
});

/** Everywhere, or everywhere but in the session `keepSessionUid`; sign-ins that are still on their way count no more either. */
export const endSessions = traced(async function endSessions(
  { db }: Doors,
  brand: Brand,
  { accountId, keepSessionUid, source }: OfAccount & { keepSessionUid?: string | undefined },
): Promise<void> {
  const which = keepSessionUid === undefined ? 'all' : 'others';
  await db.transaction(async (db) => {
    if (keepSessionUid === undefined) await accountAccess.endAll(db, brand.id, accountId);
    else await accountAccess.endOthers(db, brand.id, accountId, keepSessionUid);
    await auditEvents.record(db, brand.id, { event: 'sessions_ended', actor: 'end_user', accountId, source, details: { which } });
  });
});
