// Whether the database's schema is the one this version was written for. The command line looks; only migrate and a start of the server change it.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { OperatorError } from '../errors.ts';
import type { Services } from '../services.ts';
import type { Db } from '../storage/database.ts';
import * as serverFacts from '../storage/server-facts.ts';
import { CALL } from './help.ts';

export interface SchemaState {
  /** The newest migration of this version. */
  newest: string | undefined;
  /** What the database lacks, in order. */
  pending: string[];
  /** A migration of a newer version that this one cannot work with. */
  foreign: string | undefined;
}

export async function schemaState(db: Db, projectFolder: string): Promise<SchemaState> {
  const applied = await serverFacts.appliedMigrations(db);
  const names = new Set(applied.map(({ name }) => name));
  const ours = readdirSync(join(projectFolder, 'db/migrations'))
    .filter((name) => name.endsWith('.sql'))
    .map((name) => name.slice(0, -'.sql'.length))
    .sort();
  return {
    newest: ours.at(-1),
    pending: ours.filter((name) => !names.has(name)),
    foreign: applied.find(({ name, breaking }) => breaking && !ours.includes(name))?.name,
  };
}

/** @throws OperatorError naming the remedy. */
export async function refuseOldSchema({ db, config }: Pick<Services, 'db' | 'config'>): Promise<void> {
  const { pending, foreign } = await schemaState(db, config.projectFolder);
  if (foreign)
    throw new OperatorError(`A newer Portico migrated this database (${foreign}); this version cannot work with it. Use the newer one.`);
  if (pending.length === 0) return;
  throw new OperatorError(`The database's schema is older than this Portico (${pending.join(', ')} pending). Run: ${CALL} migrate`);
}
