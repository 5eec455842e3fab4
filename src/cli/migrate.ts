// migrate: what every start does too, as a step of its own for deployments.
import { explainPooler } from '../open-services.ts';
import { migrate } from '../storage/migrate.ts';
import { withoutLimits } from '../storage/session-limits.ts';
import type { Command, Input, Output } from './command.ts';
import { reachDatabase } from './reach-database.ts';
import { counted } from './text.ts';

export const migrateCommands: Readonly<Record<string, Command>> = {
  migrate: { says: "Bring the database's schema up to date", options: {}, example: 'migrate', run },
};

async function run({ config }: Input): Promise<Output> {
  const database = await reachDatabase(config(), { direct: true });
  try {
    const { applied } = await migrate({ url: withoutLimits(database.url) }).catch(explainPooler);
    const text =
      applied.length > 0 ? `${counted(applied.length, 'migration')} applied: ${applied.join(', ')}` : 'The schema is up to date.';
    return { json: { applied }, text };
  } finally {
    await database.stop();
  }
}
