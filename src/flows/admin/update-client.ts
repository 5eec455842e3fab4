// An operator changes a relying party: what is named is replaced, what is named as undefined is removed, the rest stays.

import { changedMembers } from '../../domain/audit.ts';
import type { Brand } from '../../domain/brands.ts';
import { mergeClient, sameClient, storedSecret } from '../../domain/client-registration.ts';
import { type Client, type ClientMetadata, type ClientSecret, needsSecret, newClientSecret } from '../../domain/clients.ts';
import { OperatorError } from '../../errors.ts';
import type { Services } from '../../services.ts';
import * as auditEvents from '../../storage/audit-events.ts';
import * as brands from '../../storage/brands.ts';
import * as clients from '../../storage/clients.ts';
import { traced } from '../../traced.ts';

export type ClientChange = { [Member in Exclude<keyof ClientMetadata, 'client_id'>]?: ClientMetadata[Member] | undefined };

export interface UpdatedClient {
  metadata: ClientMetadata;
  changed: boolean;
  /** Made when the client authenticates with a secret from now on and had none; shown once. */
  secret: string | undefined;
}

/** @throws OperatorError when there is no such client or the members do not fit together. */
export const updateClient = traced(async function updateClient(
  { db }: Pick<Services, 'db'>,
  brand: Brand,
  clientId: string,
  change: ClientChange,
): Promise<UpdatedClient> {
  return db.transaction(async (db) => {
    const before = await clients.lock(db, brand.id, clientId);
    if (!before) throw new OperatorError(`${brand.slug} has no client "${clientId}".`);
    const metadata = mergeClient(before.metadata, change);
    const { secret, secrets } = secretsFor(before, metadata);
    if (!secrets && sameClient(before.metadata, metadata)) return { metadata, changed: false, secret };
    await clients.save(db, brand.id, metadata, secrets);
    await brands.raiseVersion(db, brand.id);
    const changed = [...changedMembers(before.metadata, metadata), ...(secrets ? ['secrets'] : [])].join(' ');
    const details = { client: clientId, changed };
    await auditEvents.record(db, brand.id, { event: 'client_changed', actor: 'operator', details });
    return { metadata, changed: true, secret };
  });
});

/** A client that no longer uses secrets loses them: a forgotten one would come back to life with the method. */
function secretsFor({ secrets }: Client, metadata: ClientMetadata): { secret: string | undefined; secrets: ClientSecret[] | undefined } {
  if (!needsSecret(metadata)) return { secret: undefined, secrets: secrets.length > 0 ? [] : undefined };
  if (secrets.length > 0) return { secret: undefined, secrets: undefined };
  const secret = newClientSecret();
  return { secret, secrets: [storedSecret(secret, new Date())] };
}
