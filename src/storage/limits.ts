// The table of counters. One statement counts every key of an attempt and answers how far each is used.
import { type Budget, isAdmitted, type Reservation } from '../domain/limits.ts';
import { type Db, sql } from './database.ts';

/**
 * Counts an attempt against all its budgets, exactly, however many arrive at once: the row lock of each upsert orders them.
 * Rows are taken in the order of their keys, `attempts` before `admitted`, so that two attempts never wait for each other.
 */
export async function reserve(db: Db, brandId: number, budgets: readonly Budget[]): Promise<Reservation[]> {
  const [always, admitted] = [of(budgets, 'attempts'), of(budgets, 'admitted')];
  const rows = await db.rows<{ key: Buffer; used: number; seconds_left: number }>(sql`
    with counted as (
      insert into portico.limits as l (brand_id, key, used, window_ends_at)
      select ${brandId}::int, b.key, 1, portico.now() + make_interval(secs => b.seconds)
      from unnest(${always.keys}::bytea[], ${always.seconds}::int[]) as b (key, seconds)
      order by b.key
      on conflict (brand_id, key) do update
      set used = case when l.window_ends_at > portico.now() then l.used + 1 else 1 end,
          window_ends_at = case when l.window_ends_at > portico.now() then l.window_ends_at else excluded.window_ends_at end
      returning l.key, l.used, l.window_ends_at
    ), exceeded as (
      select 1
      from counted
      join unnest(${always.keys}::bytea[], ${always.attempts}::int[]) as b (key, attempts) using (key)
      where counted.used > b.attempts
    ), admitted as (
      insert into portico.limits as l (brand_id, key, used, window_ends_at)
      select ${brandId}::int, b.key, 1, portico.now() + make_interval(secs => b.seconds)
      from unnest(${admitted.keys}::bytea[], ${admitted.seconds}::int[]) as b (key, seconds)
      where not exists (select from exceeded)
      order by b.key
      on conflict (brand_id, key) do update
      set used = case when l.window_ends_at > portico.now() then l.used + 1 else 1 end,
          window_ends_at = case when l.window_ends_at > portico.now() then l.window_ends_at else excluded.window_ends_at end
      returning l.key, l.used, l.window_ends_at
    )
    select key, used, ceil(extract(epoch from window_ends_at - portico.now()))::int as seconds_left from counted
    union all
    select key, used, ceil(extract(epoch from window_ends_at - portico.now()))::int from admitted`);
  return rows.map(({ key, used, seconds_left }) => ({
    key,
    used,
    attempts: budgets.find((budget) => budget.key.equals(key))?.attempts ?? 0,
    secondsLeft: seconds_left,
  }));
}

/** The attempt succeeded: each budget is cleared, given one back or kept, as it says, in one statement. */
export function succeed(db: Db, brandId: number, budgets: readonly Budget[]): Promise<void> {
  const keys = (effect: Budget['onSuccess']) => budgets.filter(({ onSuccess }) => onSuccess === effect).map(({ key }) => key);
  return change(db, brandId, keys('clear'), keys('give_back'));
}

/** The attempt was never evaluated: nothing happened. */
export function giveBack(db: Db, brandId: number, budgets: readonly Pick<Budget, 'key'>[]): Promise<void> {
  return change(db, brandId, [], keysOf(budgets));
}

/** Starts afresh, as an operator or a reset password does. */
export function clear(db: Db, brandId: number, budgets: readonly Pick<Budget, 'key'>[]): Promise<void> {
  return change(db, brandId, keysOf(budgets), []);
}

/** Deletes up to `batch` counters whose window is over. @returns how many. */
export function deleteExpired(db: Db, batch: number): Promise<number> {
  return db.run(sql`
    delete from portico.limits
    where (brand_id, key) in (
      select brand_id, key
      from portico.limits
      where window_ends_at < portico.now()
      limit ${batch}
      for update skip locked
    )`);
}

async function change(db: Db, brandId: number, cleared: readonly Buffer[], givenBack: readonly Buffer[]): Promise<void> {
  await db.run(sql`
    with taken as (
      select key
      from portico.limits
      where brand_id = ${brandId} and key = any(${[...cleared, ...givenBack]}::bytea[])
      order by key
      for update
    )
    update portico.limits l
    set used = case when l.key = any(${cleared}::bytea[]) then 0 else greatest(l.used - 1, 0) end
    from taken
    where l.brand_id = ${brandId} and l.key = taken.key`);
}

function of(budgets: readonly Budget[], counts: Budget['counts']) {
  const chosen = budgets.filter((budget) => budget.counts === counts);
  return {
    keys: keysOf(chosen),
    attempts: chosen.map(({ attempts }) => attempts),
    seconds: chosen.map(({ seconds }) => seconds),
  };
}

function keysOf(budgets: readonly Pick<Budget, 'key'>[]): Buffer[] {
  return budgets.map(({ key }) => key);
}

/** The same for several at once, one after the other. @returns how many of them are admitted. */
export async function reserveSome(db: Db, brandId: number, budgets: readonly Budget[], wanted: number): Promise<number> {
  for (let admitted = 0; admitted < wanted; admitted += 1) if (!isAdmitted(await reserve(db, brandId, budgets))) return admitted;
  return wanted;
}
