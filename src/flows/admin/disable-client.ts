// An operator stops a relying party. From the next request on it is unknown, and what it holds ends with it.
import type { Brand } from '../../domain/brands.ts';
import { OperatorError } from '../../errors.ts';
import type { Services } from '../../services.ts';
import * as auditEvents from '../../storage/audit-events.ts';
import * as brands from '../../storage/brands.ts';
import * as clients from '../../storage/clients.ts';
import type { Db } from '../../storage/database.ts';
import * as oidcGrants from '../../storage/oidc-grants.ts';
import * as oidcTokens from '../../storage/oidc-tokens.ts';
import { traced } from '../../traced.ts';

/** Disabling twice is no mistake. @throws OperatorError when there is no such client. */
export const disableClient = traced(async function disableClient(
  { db }: Pick<Services, 'db'>,
  brand: Brand,
  clientId: string,
): Promise<void> {
  await db.transaction((db) => change(db, brand, clientId, true));
});

/** The client is known again; people sign in anew. */
export const enableClient = traced(async function enableClient(
  { db }: Pick<Services, 'db'>,
  brand: Brand,
  clientId: string,
): Promise<void> {
  await db.transaction((db) => change(db, brand, clientId, false));
});

/** Either way everything ends: a request that was on its way while the client was disabled may have left something behind. */
async function change(db: Db, brand: Brand, clientId: string, disabled: boolean): Promise<void> {
  const before = await clients.lock(db, brand.id, clientId);
  if (!before) throw new OperatorError(`${brand.slug} has no client "${clientId}".`);
  await clients.setDisabled(db, brand.id, clientId, disabled);
  await oidcGrants.revokeAllOfClient(db, brand.id, clientId);
  await oidcTokens.revokeAllOfClient(db, brand.id, clientId);
  await brands.raiseVersion(db, brand.id);
  if (disabled === (before.disabledAt !== null)) return;
  const event = disabled ? 'client_disabled' : 'client_enabled';
  await auditEvents.record(db, brand.id, { event, actor: 'operator', details: { client: clientId } });
}
