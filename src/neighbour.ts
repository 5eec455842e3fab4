// Another server on the same database, most often one that was forgotten in another terminal.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Services } from './services.ts';
import * as brands from './storage/brands.ts';
import * as servers from './storage/servers.ts';

/** A sentence about the server that already runs and what to do, or undefined when there is none. One that was killed just now is not taken for it. */
export async function findNeighbour({ db, config }: Pick<Services, 'db' | 'config'>): Promise<string | undefined> {
  for (let look = 0; (await servers.countLiving(db)) > 0; look += 1) {
    if (look === 10) return describe((await brands.findBySlug(db, 'demo'))?.issuer, config.databaseUrl === undefined);
    await sleep(100);
  }
  return undefined;
}

function describe(issuer: string | undefined, embedded: boolean): string {
  const place = embedded ? 'from this folder' : 'on this database';
  const own = embedded ? 'PORTICO_DATA=.portico-2' : 'DATABASE_URL=…';
  return (
    `Portico already runs ${place}${issuer ? `, at ${issuer}` : ''}. Use that one, or stop it first. ` +
    `Another beside it needs a database of its own: ${own} PORT=3100 DEMO_PORT=3101 npm start`
  );
}
