// From `node src/main.ts` to the first answer, and what is resident when nobody asks anything.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Figure } from './figure.ts';
import type { Peer } from './peer.ts';
import type { Say } from './report.ts';
import { median, round } from './statistics.ts';

const STARTS = 5;
const MEGABYTE = 1_000_000;
const MOST_IDLE_MB = 90;
const MOST_READY_MS = 600;

/** `start` begins a server on a database that is up and migrated. */
export async function starting(start: () => Promise<Peer>, say: Say): Promise<Figure[]> {
  const ready: number[] = [];
  const idle: number[] = [];
  for (let turn = 0; turn < STARTS; turn += 1) {
    say(`start ${turn + 1}/${STARTS} ...`);
    const peer = await start();
    try {
      ready.push(peer.startedIn);
      // Twice is enough: settling takes seconds.
      if (turn < 2) idle.push(await settledMemory(peer));
    } finally {
      await peer.stop();
    }
  }
  const [milliseconds, megabytes] = [median(ready), Math.max(...idle) / MEGABYTE];
  return [
    {
      name: 'ready, with the database up',
      value: `${round(milliseconds)} ms`,
      target: `<= ${MOST_READY_MS} ms`,
      met: milliseconds <= MOST_READY_MS,
      from: `median of ${STARTS}: ${ready.map((one) => round(one)).join(', ')} ms; TypeScript is stripped on the way`,
      numbers: { milliseconds },
    },
    {
      name: 'memory of the idle process',
      value: `${round(megabytes)} MB`,
      target: `<= ${MOST_IDLE_MB} MB`,
      met: megabytes <= MOST_IDLE_MB,
      from: 'resident, once it does not change any more',
      numbers: { megabytes },
    },
  ];
}

/** Bytes; within 15 s three looks in a row are alike within one in a hundred, or the last one stands. */
async function settledMemory(peer: Peer): Promise<number> {
  const seen: number[] = [];
  for (let look = 0; look < 15; look += 1) {
    await sleep(1_000);
    seen.push((await peer.readings()).memory);
    const [last = 0, ...before] = seen.slice(-3).toReversed();
    if (look >= 4 && before.every((one) => Math.abs(one - last) < last / 100)) break;
  }
  return seen.at(-1) ?? 0;
}
