// Housekeeping: what has ended goes, a batch at a time, until nothing is left or the time is up. The next run goes on.
import type { Services } from '../services.ts';
import * as identifiers from '../storage/identifiers.ts';
import { deleteExpired } from '../storage/limits.ts';
import * as oneTimeCodes from '../storage/one-time-codes.ts';
import * as outbox from '../storage/outbox.ts';
import * as sweep from '../storage/sweep.ts';
import { hasTime, type Pace } from './budget.ts';

/** Every minute: what has an index on its expiry, and counters. */
export const often: readonly sweep.Sweep[] = [
  sweep.tokens,
  sweep.replays,
  oneTimeCodes.deleteExpired,
  identifiers.deleteGivenUp,
  deleteExpired,
];

/** Every hour: what has none. */
export const seldom: readonly sweep.Sweep[] = [
  sweep.sessions,
  sweep.unboundTokens,
  sweep.grants,
  sweep.forgottenGrants,
  outbox.deleteFailed,
];

const BATCH = 1_000;
const BUDGET_MS = 20_000;

/** @returns how many rows went. */
export async function sweepAll(
  { db }: Pick<Services, 'db'>,
  sweeps: readonly sweep.Sweep[],
  { batch = BATCH, leaving }: Omit<Pace, 'budget'> = {},
): Promise<number> {
  const goesOn = hasTime(BUDGET_MS, leaving);
  let total = 0;
  for (const remove of sweeps) {
    let removed = batch;
    while (removed === batch && goesOn()) {
      removed = await remove(db, batch);
      total += removed;
    }
  }
  return total;
}
