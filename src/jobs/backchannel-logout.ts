// A relying party hears that a session has ended, however long it was down: the job is retried until it answers.
import type { Task } from 'graphile-worker';
import { z } from 'zod';
import type { OidcDoor } from '../oidc/logout.ts';

const payloadSchema = z.object({ brandId: z.number(), clientId: z.string(), accountId: z.string(), sid: z.string().optional() });

export function backchannelLogout(oidc: OidcDoor): Task {
  return async (payload) => oidc.sendLogoutToken(payloadSchema.parse(payload));
}
