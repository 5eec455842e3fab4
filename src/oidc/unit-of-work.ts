// What one request has read and decided. The library looks things up one by one and writes as it goes; here each row is read once,
// what will be asked for next comes along, and all writes leave together before the answer does (storage/unit-of-work.ts).
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Services } from '../services.ts';
import type { Unit as Transaction } from '../storage/database.ts';
import { lostRaceOf, statementOf, type Write } from '../storage/unit-of-work.ts';

export interface Unit {
  /** performance.now() when the request began. */
  readonly began: number;
  /** For reads that can bring more along: the client the request names. */
  clientId: string | undefined;
  /** The row of a name such as `grant/<id>`: from memory, or by `load`, which runs once however many ask. */
  read<Row>(name: string, load: () => Promise<Row | undefined>): Promise<Row | undefined>;
  /** What a joined read brought along. */
  know(name: string, row: object | undefined): void;
  /** What a write made of the row, for later look-ups of the same request. */
  remember(name: string, row: object | undefined): void;
  /** True when the row was found in the database by this request: it may be changed but not brought back. */
  hasFound(name: string): boolean;
  /** Decides a write of the row; a later one of the same row replaces it. */
  write(name: string, write: Write): void;
  /** True when a write of this kind was decided. */
  decides(kind: Write['kind']): boolean;
  /** Writes everything, or what `keep` lets pass. @throws LostRace when one rule lost; then nothing is written. */
  commit(keep?: (write: Write) => boolean): Promise<void>;
  /** The write at the place a LostRace names. */
  decided(index: number): Write | undefined;
}

const units = new AsyncLocalStorage<Unit>();

export function currentUnit(): Unit | undefined {
  return units.getStore();
}

type Doors = Pick<Services, 'db'>;

/** Runs `work` in the unit that is open, or in one of its own that is committed when `work` is done. */
export function inUnit<Result>(services: Doors, brandId: number, work: (unit: Unit) => Promise<Result>): Promise<Result> {
  const open = units.getStore();
  return open ? work(open) : alone(services, brandId, work);
}

async function alone<Result>({ db }: Doors, brandId: number, work: (unit: Unit) => Promise<Result>): Promise<Result> {
  const unit = createUnit(brandId, { commit: async (last) => void (last && (await db.run(last))) });
  const result = await work(unit);
  await unit.commit();
  return result;
}

/** Opens a unit for a request. The caller commits it; what is not committed is lost. */
export function openUnit<Result>({ db }: Doors, brandId: number, work: (unit: Unit) => Promise<Result>): Promise<Result> {
  return db.unit((transaction) => {
    const unit = createUnit(brandId, transaction);
    return units.run(unit, () => work(unit));
  });
}

function createUnit(brandId: number, transaction: Transaction): Unit {
  const known = new Map<string, Promise<unknown> | undefined>();
  const found = new Set<string>();
  let writes = new Map<string, Write>();
  let committed: Write[] = [];

  return {
    began: performance.now(),
    clientId: undefined,
    read<Row>(name: string, load: () => Promise<Row | undefined>) {
      if (known.has(name)) return known.get(name) as Promise<Row | undefined>;
      const row = load();
      known.set(name, row);
      row.then(
        (value) => value !== undefined && found.add(name),
        () => known.delete(name),
      );
      return row;
    },
    know(name, row) {
      if (known.has(name)) return;
      known.set(name, Promise.resolve(row));
      if (row) found.add(name);
    },
    remember: (name, row) => void known.set(name, Promise.resolve(row)),
    hasFound: (name) => found.has(name),
    write(name, write) {
      const before = writes.get(name);
      writes.delete(name);
      writes.set(name, before ? merge(before, write) : write);
    },
    decides: (kind) => [...writes.values()].some((write) => write.kind === kind),
    async commit(keep = () => true) {
      committed = bindToSession([...writes.values()].filter(keep));
      writes = new Map();
      try {
        await transaction.commit(statementOf(brandId, committed));
      } catch (error) {
        throw lostRaceOf(error);
      }
    },
    decided: (index) => committed[index],
  };
}

/**
 * What a session decides (a renewed id, a code, a grant, an answered device) stands or falls with it: a session that was ended while
 * the request was on its way, by a reset or by "sign out everywhere", gives nothing any more.
 */
function bindToSession(writes: Write[]): Write[] {
  const renewed = writes.find((write) => write.kind === 'save_session');
  const gives = writes.some(
    (write) =>
      write.kind === 'save_grant' ||
      write.kind === 'advance_device_code' ||
      (write.kind === 'save_token' && write.token.kind === 'AuthorizationCode'),
  );
  return writes.map((write) => {
    if (write.kind === 'remove_session' && renewed)
      return { ...write, must: true, renewed: !write.signsIn && renewed.session.uid === write.uid };
    return (write.kind === 'update_session' || write.kind === 'save_session') && gives ? { ...write, must: true } : write;
  });
}

/** Two decisions about one row become one: a statement sees each row once. */
function merge(before: Write, write: Write): Write {
  if (before.kind === 'advance_device_code' && write.kind === 'advance_device_code') return { ...write, from: before.from };
  if (before.kind === 'save_session' && write.kind === 'update_session') return { ...write, kind: 'save_session' };
  if (before.kind === 'save_grant' && write.kind === 'update_grant') return { ...write, kind: 'save_grant' };
  return write;
}
