// One clock for a test: SQL's portico.now() and JavaScript's Date move together, and both keep ticking.
import type { TestDatabase } from './database.ts';

const RealDate = Date;
let shiftInSeconds = 0;

const now = () => RealDate.now() + shiftInSeconds * 1_000;

/** Date whose present is shifted; its instances are ordinary Dates. */
const ShiftedDate = new Proxy(RealDate, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, property, receiver) => (property === 'now' ? now : Reflect.get(target, property, receiver)),
});

/** Lets `seconds` pass (negative: goes back) for the database's connections, present and future, and for Date in this test file. */
export async function shiftClock(database: TestDatabase, seconds: number): Promise<void> {
  await setClock(database, shiftInSeconds + seconds);
}

/** Back to the real time. Call it in afterEach when a test shifted the clock. */
export async function resetClock(database: TestDatabase): Promise<void> {
  await setClock(database, 0);
}

async function setClock(database: TestDatabase, seconds: number): Promise<void> {
  shiftInSeconds = seconds;
  globalThis.Date = seconds === 0 ? RealDate : ShiftedDate;
  await database.setForAllConnections('portico.clock_shift', `${seconds} seconds`);
}
