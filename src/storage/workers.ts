// Signs of life of the processes that run jobs. graphile-worker gives a dead one's jobs to others after four hours; this does it in a minute.
import { type Db, sql } from './database.ts';

export async function beat(db: Db, ids: readonly string[]): Promise<void> {
  await db.run(sql`
    insert into portico.workers (id)
    select unnest(${ids}::text[])
    on conflict (id) do update
    set seen_at = excluded.seen_at`);
}

/** Frees the jobs of workers that were not seen for `seconds`. One statement; several nodes may do it at once. @returns how many had fallen silent. */
export async function releaseSilent(db: Db, seconds: number): Promise<number> {
  const row = await db.row<{ count: number }>(sql`
    with silent as (
      delete from portico.workers
      where seen_at < portico.now() - make_interval(secs => ${seconds}::float8)
      returning id
    )
    select count(*)::int as count, graphile_worker.force_unlock_workers(coalesce(array_agg(id), '{}'))
    from silent`);
  return row?.count ?? 0;
}

export async function forget(db: Db, ids: readonly string[]): Promise<void> {
  await db.run(sql`delete from portico.workers where id = any(${ids}::text[])`);
}
