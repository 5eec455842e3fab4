// An operator registers a relying party. Its secret is shown once and kept only as a digest.
import { randomBytes } from 'node:crypto';
import type { Brand } from '../../domain/brands.ts';
import { mergeClient, storedSecret } from '../../domain/client-registration.ts';
import { type ClientKind, type ClientMetadata, clientTemplate, needsSecret, newClientSecret } from '../../domain/clients.ts';
import { OperatorError } from '../../errors.ts';
import type { Services } from '../../services.ts';
import * as auditEvents from '../../storage/audit-events.ts';
import * as brands from '../../storage/brands.ts';
import * as clients from '../../storage/clients.ts';
import { traced } from '../../traced.ts';

export interface CreateClient {
  kind: ClientKind;
  /** What is not named comes from the template of the kind; without a client_id a random one is made. */
  metadata: Partial<ClientMetadata>;
}

/**
 * @returns the metadata as stored and, for a client that authenticates with one, the secret.
 * @throws OperatorError when the metadata do not fit together or the id is taken.
 */
export const createClient = traced(async function createClient(
  { db }: Pick<Services, 'db'>,
  brand: Brand,
  { kind, metadata: named }: CreateClient,
): Promise<{ metadata: ClientMetadata; secret: string | undefined }> {
  const metadata = mergeClient({ client_id: randomBytes(10).toString('hex'), ...clientTemplate(kind) }, named);
  const secret = needsSecret(metadata) ? newClientSecret() : undefined;
  await db.transaction(async (db) => {
    const created = await clients.insert(db, brand.id, metadata, secret ? [storedSecret(secret, new Date())] : []);
    if (!created)
      throw new OperatorError(`${brand.slug} has a client "${metadata.client_id}" already. Choose another id, or change that client.`);
    await brands.raiseVersion(db, brand.id);
    const details = { client: metadata.client_id, kind };
    await auditEvents.record(db, brand.id, { event: 'client_created', actor: 'operator', details });
  });
  return { metadata, secret };
});
