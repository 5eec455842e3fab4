// What the samples of an overload say.
import type { MixResult } from './load.ts';
import type { Sample } from './open-loop.ts';
import { percentile } from './statistics.ts';

/** Of each level, in seconds: queues fill before anything counts. */
export const LEAD_IN = 3;

export interface Level {
  /** Of the capacity. */
  multiple: number;
  /** Sign-ins a second. */
  offered: number;
  /** Full sign-ins that ended a second, whenever they had begun. */
  goodput: number;
  /** Milliseconds of those that got in; NaN of nobody. */
  p50: number;
  p99: number;
  /** Refused with 503 and Retry-After, as a part of all. */
  shed: number;
  /** Anything else that went wrong, and what it was. */
  failed: number;
  faults: string[];
  /** Milliseconds of whom the sign-ins should not concern. */
  refresh: { p50: number; p99: number };
  discovery: { p50: number; p99: number };
  /** Cores that the load generators used. */
  generator: number;
}

interface Run {
  multiple: number;
  offered: number;
  /** How long it lasted; what came afterwards is not of this level. */
  seconds: number;
  both: MixResult;
}

export function levelOf({ multiple, offered, seconds, both }: Run): Level {
  const counted = (samples: readonly Sample[]) => samples.filter(({ due }) => due >= LEAD_IN * 1_000 && due < seconds * 1_000);
  const arrived = counted(both.signIns);
  const entered = arrived.filter(({ end }) => end === 'done').map(({ took }) => took);
  const during = [...arrived, ...counted(both.refreshes), ...counted(both.discoveries)];
  const failed = during.filter(({ end }) => end === 'failed');
  const felt = (samples: readonly Sample[]) => {
    const times = counted(samples).map(({ took }) => took);
    return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
  };
  return {
    multiple,
    offered,
    goodput: endedWithin(both.signIns, LEAD_IN, seconds) / (seconds - LEAD_IN),
    p50: percentile(entered, 0.5),
    p99: percentile(entered, 0.99),
    shed: arrived.length > 0 ? arrived.filter(({ end }) => end === 'shed').length / arrived.length : 0,
    failed: failed.length,
    faults: [...new Set(failed.map(({ says = '' }) => says))].slice(0, 3),
    refresh: felt(both.refreshes),
    discovery: felt(both.discoveries),
    generator: both.busy,
  };
}

/** A second, of a run in which somebody always waited. */
export function capacityOf({ signIns }: Pick<MixResult, 'signIns'>, seconds: number): number {
  const failed = signIns.find(({ end }) => end !== 'done');
  if (failed) throw new Error(`a sign-in failed while the capacity was measured: ${failed.says ?? failed.end}`);
  return endedWithin(signIns, 1, seconds) / (seconds - 1);
}

function endedWithin(samples: readonly Sample[], from: number, until: number): number {
  return samples.filter(({ due, took, end }) => end === 'done' && due + took >= from * 1_000 && due + took < until * 1_000).length;
}

const WINDOW = 0.5;
/** One good moment among bad ones is no recovery. */
const IN_A_ROW = 3;

/**
 * Seconds after `from` until three half seconds in a row were as usual: nobody who came in them was refused, no sign-in took longer than
 * twice the usual p99, and no refresh either. Undefined when that did not happen before `until`.
 */
export function recoveryOf(
  { signIns, refreshes }: Pick<MixResult, 'signIns' | 'refreshes'>,
  { from, until, usual }: { from: number; until: number; usual: Pick<Level, 'p99' | 'refresh'> },
): number | undefined {
  const windows = Math.floor((until - from) / WINDOW);
  const isUsual = Array.from({ length: windows }, (_, index) => {
    const start = (from + index * WINDOW) * 1_000;
    const within = ({ due }: Sample) => due >= start && due < start + WINDOW * 1_000;
    const fine = (samples: readonly Sample[], p99: number) =>
      samples.filter(within).every(({ took, end }) => end === 'done' && took <= 2 * p99);
    return fine(signIns, usual.p99) && fine(refreshes, usual.refresh.p99);
  });
  const first = isUsual.findIndex(
    (_, at) => isUsual.slice(at, at + IN_A_ROW).length === IN_A_ROW && isUsual.slice(at, at + IN_A_ROW).every(Boolean),
  );
  return first < 0 ? undefined : first * WINDOW;
}
