// Writes of the unit of work, one statement each, for tests of what the rows do.
import type { Db } from '../../src/storage/database.ts';
import { LostRace, lostRaceOf, statementOf, type Write } from '../../src/storage/unit-of-work.ts';

/** @returns false when a rule lost and nothing was written. */
export async function written(db: Db, brandId: number, ...writes: Write[]): Promise<boolean> {
  try {
    await db.run(statementOf(brandId, writes)!);
    return true;
  } catch (error) {
    if (lostRaceOf(error) instanceof LostRace) return false;
    throw error;
  }
}

/** Statements that commit something when they run by themselves. */
export function writing(statements: readonly string[]): string[] {
  return statements.filter((text) => /^\s*(insert|update|delete|with w0|commit)/.test(text));
}
