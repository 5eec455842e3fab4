// Arrivals at a fixed rate, whatever becomes of them, as people come: nobody waits for the one before.
// Each is timed from the moment it was due. Timed from when it was sent, a stall would hide all who came during it.
import { setTimeout as sleep } from 'node:timers/promises';

export interface Phase {
  perSecond: number;
  seconds: number;
}

export interface Sample {
  /** Milliseconds after the first phase began. */
  due: number;
  /** Milliseconds from when it was due to its end. */
  took: number;
  /** `shed`: refused with 503 and Retry-After. */
  end: 'done' | 'shed' | 'failed';
  /** What failed, in a few words. */
  says?: string;
}

/** One phase follows the other at once. Returns when the last arrival has ended. */
export async function openLoop(phases: readonly Phase[], work: () => Promise<Sample['end'] | Failure>): Promise<Sample[]> {
  const began = performance.now();
  const samples: Promise<Sample>[] = [];
  for (const due of dueTimes(phases)) {
    const wait = began + due - performance.now();
    if (wait > 0) await sleep(wait);
    samples.push(timed(due, began, work));
  }
  return Promise.all(samples);
}

export interface Failure {
  says: string;
}

/** When each arrival is due, in milliseconds from the beginning. */
export function dueTimes(phases: readonly Phase[]): number[] {
  let start = 0;
  return phases.flatMap(({ perSecond, seconds }) => {
    const times = Array.from({ length: Math.round(perSecond * seconds) }, (_, index) => start + (index * 1_000) / perSecond);
    start += seconds * 1_000;
    return times;
  });
}

async function timed(due: number, began: number, work: () => Promise<Sample['end'] | Failure>): Promise<Sample> {
  const end = await work();
  const took = performance.now() - began - due;
  return typeof end === 'string' ? { due, took, end } : { due, took, end: 'failed', says: end.says };
}

/** The same number at a time, each as soon as the one before it has ended; so many of them, or so many seconds. */
export async function closedLoop(
  workers: number,
  { seconds = Number.POSITIVE_INFINITY, times = Number.POSITIVE_INFINITY }: { seconds?: number; times?: number },
  work: () => Promise<Sample['end'] | Failure>,
): Promise<Sample[]> {
  const began = performance.now();
  const samples: Sample[] = [];
  let left = times;
  const elapsed = () => performance.now() - began;
  const worker = async () => {
    while (elapsed() < seconds * 1_000 && left-- > 0) samples.push(await timed(elapsed(), began, work));
  };
  await Promise.all(Array.from({ length: workers }, worker));
  return samples;
}
