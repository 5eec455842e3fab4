// The only door to Postgres: plain SQL in tagged templates, every `${}` a parameter, every statement named and prepared.
import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import pg from 'pg';
import { ask, openPool, type PoolOptions, SILENT } from './pool.ts';
import { clocked, type StatementObserver, type StatementTimer, type Watch, watched } from './watch.ts';

export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

const prepared = new WeakMap<TemplateStringsArray, { name: string; text: string }>();

export function sql(parts: TemplateStringsArray, ...values: unknown[]): Statement {
  let known = prepared.get(parts);
  if (!known) {
    const text = parts.reduce((whole, part, index) => `${whole}$${index}${part}`);
    known = { text, name: createHash('sha1').update(text).digest('base64url') };
    prepared.set(parts, known);
  }
  return { ...known, values };
}

/** What storage functions take first. Inside a transaction it is the transaction. */
export interface Db {
  /** All rows. */
  rows<Row>(statement: Statement): Promise<Row[]>;
  /** The first row, or undefined. */
  row<Row>(statement: Statement): Promise<Row | undefined>;
  /** How many rows the statement touched. */
  run(statement: Statement): Promise<number>;
  /**
   * Runs `work` in one transaction. Retried once on a serialization failure (40001) or deadlock (40P01), so `work` must be repeatable.
   * Slow work (hashing, HTTP, mail) never happens inside.
   */
  transaction<Result>(work: (db: Db) => Promise<Result>): Promise<Result>;
}

/** What one request does, committed once. */
export interface Unit {
  /** Runs the last statement, if there is one, in the transaction the request opened, if it opened one, and commits. */
  commit(last?: Statement): Promise<void>;
}

export interface Database extends Db {
  readonly pool: pg.Pool;
  /**
   * Inside `work`, `db.transaction` does not commit when it succeeds: the first one stays open for the whole unit, later ones and all
   * statements join it, and `unit.commit` ends it. What was not committed when `work` is over is rolled back.
   */
  unit<Result>(work: (unit: Unit) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

export interface DatabaseOptions extends PoolOptions {
  onError?: (error: Error) => void;
  observe?: StatementObserver;
  timed?: StatementTimer | undefined;
}

pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export function openDatabase({ onError = () => {}, observe = () => {}, timed, ...options }: DatabaseOptions): Database {
  const watch: Watch = { observe, timed };
  const pool = openPool(options);
  // Without a listener a restart of Postgres would end the process.
  pool.on('error', onError);
  pool.on('connect', (client) => client.on('error', onError));
  const units = new AsyncLocalStorage<OpenUnit>();
  const everywhere = access(() => units.getStore()?.client ?? pool, watch);
  return {
    ...everywhere,
    pool,
    transaction(work) {
      const unit = units.getStore();
      return unit && !unit.over ? join(unit, pool, watch, work) : retryOnce(() => transact(pool, watch, work));
    },
    unit(work) {
      const unit: OpenUnit = {};
      const commit = async (last?: Statement) => {
        // Alone it is one statement: nothing was written when it fails, so that a deadlock may be tried again.
        if (last && !unit.client) await retryOnce(() => everywhere.run(last));
        else if (last) await everywhere.run(last).catch((error) => end(unit, watch, 'rollback').then(() => Promise.reject(error)));
        if (unit.client) await end(unit, watch, 'commit');
      };
      return units.run(unit, async () => {
        try {
          return await work({ commit });
        } finally {
          // Whatever still runs and was not waited for has a transaction of its own from here on.
          unit.over = true;
          if (unit.client) await end(unit, watch, 'rollback');
        }
      });
    },
    close: () => pool.end(),
  };
}

/** The transaction of a unit, from its first `db.transaction` on. */
interface OpenUnit {
  client?: pg.PoolClient;
  /** Joined transactions take turns: one connection has one transaction. */
  turn?: Promise<unknown>;
  over?: boolean;
  fault?: Error;
  onFault?: (error: Error) => void;
}

function access(client: () => pg.Pool | pg.PoolClient, watch: Watch) {
  const query = (statement: Statement) => {
    const { name, text } = statement;
    return watched(watch, text, ask(client(), { name, text, values: statement.values as unknown[] }));
  };
  return {
    rows: async <Row>(statement: Statement) => (await query(statement)).rows as Row[],
    row: async <Row>(statement: Statement) => (await query(statement)).rows[0] as Row | undefined,
    run: async (statement: Statement) => (await query(statement)).rowCount ?? 0,
  };
}

function join<Result>(unit: OpenUnit, pool: pg.Pool, watch: Watch, work: (db: Db) => Promise<Result>): Promise<Result> {
  const before = unit.turn ?? Promise.resolve();
  const mine = before.then(() => joinNow(unit, pool, watch, work));
  unit.turn = mine.catch(() => {});
  return mine;
}

async function joinNow<Result>(unit: OpenUnit, pool: pg.Pool, watch: Watch, work: (db: Db) => Promise<Result>): Promise<Result> {
  if (!unit.client) return retryOnce(() => open(unit, pool, watch, work));
  // A "no" of a later transaction takes back its own writes only.
  const { client } = unit;
  await ask(client, 'savepoint joined');
  try {
    const result = await work(inside(client, watch));
    await ask(client, 'release savepoint joined');
    return result;
  } catch (error) {
    await ask(client, 'rollback to savepoint joined').catch((fault: Error) => {
      unit.fault = fault;
    });
    throw error;
  }
}

async function open<Result>(unit: OpenUnit, pool: pg.Pool, watch: Watch, work: (db: Db) => Promise<Result>): Promise<Result> {
  const client = await clocked(watch, 'connect', pool.connect());
  unit.onFault = (error) => {
    unit.fault = error;
  };
  client.on('error', unit.onFault);
  unit.client = client;
  try {
    await watched(watch, 'begin', ask(client, 'begin'));
    return await work(inside(client, watch));
  } catch (error) {
    await end(unit, watch, 'rollback');
    throw error;
  }
}

async function end(unit: OpenUnit, watch: Watch, how: 'commit' | 'rollback'): Promise<void> {
  const { client, onFault } = unit;
  if (!client) return;
  delete unit.client;
  try {
    await watched(watch, how, ask(client, how));
  } catch (error) {
    unit.fault = error as Error;
    if (how === 'commit') throw error;
  } finally {
    if (onFault) client.off('error', onFault);
    client.release(unit.fault);
    delete unit.fault;
  }
}

function inside(client: pg.PoolClient, watch: Watch): Db {
  const db: Db = { ...access(() => client, watch), transaction: (work) => work(db) };
  return db;
}

async function transact<Result>(pool: pg.Pool, watch: Watch, work: (db: Db) => Promise<Result>): Promise<Result> {
  const client = await clocked(watch, 'connect', pool.connect());
  const broken = (error: Error) => {
    fault = error;
  };
  let fault: Error | undefined;
  client.on('error', broken);
  try {
    await watched(watch, 'begin', ask(client, 'begin'));
    const result = await work(inside(client, watch));
    await watched(watch, 'commit', ask(client, 'commit'));
    return result;
  } catch (error) {
    await ask(client, 'rollback').catch(broken);
    throw error;
  } finally {
    client.off('error', broken);
    client.release(fault);
  }
}

async function retryOnce<Result>(attempt: () => Promise<Result>): Promise<Result> {
  try {
    return await attempt();
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== '40001' && code !== '40P01') throw error;
    return attempt();
  }
}

/** Connection exceptions; operator intervention and a cancelled statement; no resources; a lock that was not to be had. */
const awayCodes = /^(08|57|53|55P03$)/;
const awaySystemCodes = ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'ENOTFOUND', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH'];
const awayMessages = new RegExp(
  `^(${SILENT}|timeout exceeded when trying to connect|Connection terminated|Client (was closed|has encountered))`,
);

/** True when the database could not be reached, went away or did not get to it in time: the answer is 503, not 500. */
export function isDatabaseAway(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: string; message?: string };
  if (code && (awayCodes.test(code) || awaySystemCodes.includes(code))) return true;
  return awayMessages.test(message ?? '');
}

/** True when the row belongs to one that is gone. */
export function isForeignKeyViolation(error: unknown): boolean {
  return (error as { code?: string } | undefined)?.code === '23503';
}

/** True when a unique rule refused the row. */
export function isUniqueViolation(error: unknown): boolean {
  return (error as { code?: string } | undefined)?.code === '23505';
}
