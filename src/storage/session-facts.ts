// What limits hold for our sessions, as the server says: behind a pooler they are not ours to set.
import { type Db, sql } from './database.ts';
import { sessionLimits } from './session-limits.ts';

export type SessionLimits = Record<keyof typeof sessionLimits, number>;

/** In milliseconds; 0 is no limit. */
export async function read(db: Db): Promise<SessionLimits> {
  const rows = await db.rows<{ name: keyof SessionLimits; setting: number }>(sql`
    select name, setting::int as setting
    from pg_settings
    where name = any(${Object.keys(sessionLimits)})`);
  return Object.fromEntries(rows.map(({ name, setting }) => [name, setting])) as SessionLimits;
}
