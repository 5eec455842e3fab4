// A client gets a new secret. The old one works until its grace ends, so that the client's servers can change over one by one.
import type { Brand } from '../../domain/brands.ts';
import { type Client, needsSecret, newClientSecret, secretDigest } from '../../domain/clients.ts';
import { OperatorError } from '../../errors.ts';
import type { Services } from '../../services.ts';
import * as auditEvents from '../../storage/audit-events.ts';
import * as brands from '../../storage/brands.ts';
import * as clients from '../../storage/clients.ts';
import { traced } from '../../traced.ts';

export interface RotateClientSecret {
  clientId: string;
  /** How long the old secret goes on working, in seconds; 0 ends it at once. */
  graceSeconds?: number;
  /** Rotates although an older secret is still in its grace; that one ends. */
  force?: boolean;
}

export const DEFAULT_GRACE = 24 * 60 * 60;
const LONGEST_GRACE = 90 * 24 * 60 * 60;

/** Of several rotations at once one succeeds: each would otherwise end the secret another has just handed out. */
export const rotateClientSecret = traced(async function rotateClientSecret(
  { db }: Pick<Services, 'db'>,
  brand: Brand,
  { clientId, graceSeconds = DEFAULT_GRACE, force = false }: RotateClientSecret,
): Promise<{ secret: string; graceSeconds: number }> {
  if (!Number.isInteger(graceSeconds) || graceSeconds < 0 || graceSeconds > LONGEST_GRACE)
    throw new OperatorError('The grace of an old secret may last from 0 to 90 days.');
  const secret = newClientSecret();
  await db.transaction(async (db) => {
    refuseWithoutSecret(brand, clientId, await clients.lock(db, brand.id, clientId));
    const rotated = await clients.rotateSecret(db, brand.id, clientId, { digest: secretDigest(secret), graceSeconds, evenInGrace: force });
    if (!rotated)
      throw new OperatorError(
        `"${clientId}" was given a new secret recently and its old one still works. Wait until that grace has ended, or rotate with --force, which ends the old one now.`,
      );
    await brands.raiseVersion(db, brand.id);
    const details = { client: clientId, graceSeconds, force };
    await auditEvents.record(db, brand.id, { event: 'client_secret_rotated', actor: 'operator', details });
  });
  return { secret, graceSeconds };
});

function refuseWithoutSecret(brand: Brand, clientId: string, client: Client | undefined): void {
  if (!client) throw new OperatorError(`${brand.slug} has no client "${clientId}".`);
  if (client.disabledAt) throw new OperatorError(`"${clientId}" is disabled. Enable it first.`);
  if (!needsSecret(client.metadata))
    throw new OperatorError(`"${clientId}" authenticates with ${client.metadata.token_endpoint_auth_method} and has no secret.`);
}
