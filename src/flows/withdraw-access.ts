// The end-user takes back what they allowed an app. A grant that is gone takes its codes and tokens with it, at once.
import type { Brand } from '../domain/brands.ts';
import type { Source } from '../domain/sources.ts';
import type { Services } from '../services.ts';
import * as auditEvents from '../storage/audit-events.ts';
import * as oidcGrants from '../storage/oidc-grants.ts';
import * as oidcTokens from '../storage/oidc-tokens.ts';
import { traced } from '../traced.ts';

type Doors = Pick<Services, 'db'>;

interface OfAccount {
  accountId: string;
  source: Source;
}

/** Everything the client was allowed, wherever the person is signed in. @returns false when there was nothing. */
export const withdrawAccess = traced(async function withdrawAccess(
  { db }: Doors,
  brand: Brand,
  { accountId, clientId, source }: OfAccount & { clientId: string },
): Promise<boolean> {
  return db.transaction(async (db) => {
    const grants = await oidcGrants.revokeClientOf(db, brand.id, accountId, clientId);
    // After the grants: what is written meanwhile hangs on one that is gone.
    const tokens = await oidcTokens.revokeClientOf(db, brand.id, accountId, clientId);
    if (grants + tokens === 0) return false;
    const from = { ...source, clientId };
    await auditEvents.record(db, brand.id, { event: 'access_withdrawn', actor: 'end_user', accountId, source: from, details: { grants } });
    return true;
  });
});

/** Signs out one app that stays signed in by itself, such as a phone's. @returns false when it was already, or is somebody else's. */
export const signOutApp = traced(async function signOutApp(
  { db }: Doors,
  brand: Brand,
  { accountId, grantId, source }: OfAccount & { grantId: string },
): Promise<boolean> {
  return db.transaction(async (db) => {
    if ((await oidcGrants.end(db, brand.id, accountId, [grantId])) === 0) return false;
    await oidcTokens.revokeGrant(db, brand.id, grantId);
    await auditEvents.record(db, brand.id, { event: 'sessions_ended', actor: 'end_user', accountId, source, details: { which: 'app' } });
    return true;
  });
});
