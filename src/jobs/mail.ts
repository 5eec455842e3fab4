// A mail of the outbox goes out, however long its server was away: the job is retried until it is taken or nobody wants it any more.
import type { Task } from 'graphile-worker';
import { z } from 'zod';
import type { Mailer } from '../mail/mailer.ts';

const payloadSchema = z.object({ brandId: z.number(), id: z.string(), sealed: z.string() });

export function mail(mailer: Mailer): Task {
  return async (payload) => mailer.deliver(payloadSchema.parse(payload));
}
