// Rounds of one operation, one server after the other, so that what the machine does beside hits both alike.
import type { Operation } from './operations.ts';
import type { Peer } from './peer.ts';
import type { Readings } from './readings.ts';

export interface Measured {
  /** Microseconds per operation. */
  cpu: number;
  thread: number;
  statements: number;
  commits: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
}

export interface Row {
  operation: Operation;
  /** By name of the server. */
  measured: Record<string, Measured>;
}

export interface Effort {
  rounds: number;
  requests: number;
  workers: number;
}

/** Both servers are warmed before anything counts; of the rounds each figure's median stands. */
export async function measure(operation: Operation, peers: readonly Peer[], { rounds, requests, workers }: Effort): Promise<Row> {
  const times = Math.max(workers, Math.round(requests * operation.share));
  const sides = [];
  for (const peer of peers) {
    const work = await Promise.all(Array.from({ length: workers }, () => operation.prepare(peer)));
    sides.push({ peer, work, rounds: [] as Measured[] });
  }
  for (const { work } of sides) await repeat(work, times);
  for (let round = 0; round < rounds; round += 1) {
    for (const side of round % 2 ? sides.toReversed() : sides) side.rounds.push(await oneRound(side.peer, side.work, times));
  }
  return { operation, measured: Object.fromEntries(sides.map(({ peer, rounds }) => [peer.name, medians(rounds)])) };
}

async function oneRound(peer: Peer, work: readonly (() => Promise<unknown>)[], times: number): Promise<Measured> {
  const before = await peer.readings();
  const latencies = await repeat(work, times);
  const after = await peer.readings();
  const per = (name: keyof Readings) => (after[name] - before[name]) / latencies.length;
  latencies.sort((one, other) => one - other);
  const percentile = (part: number) => latencies[Math.floor((latencies.length - 1) * part)] ?? 0;
  return {
    cpu: per('cpu'),
    thread: per('thread'),
    statements: per('statements'),
    commits: per('commits'),
    p50: percentile(0.5),
    p99: percentile(0.99),
  };
}

/** All workers at once, each one operation after the other. @returns milliseconds of each. */
async function repeat(work: readonly (() => Promise<unknown>)[], times: number): Promise<number[]> {
  const latencies: number[] = [];
  let left = times;
  await Promise.all(
    work.map(async (once) => {
      while (left-- > 0) {
        const began = performance.now();
        await once();
        latencies.push(performance.now() - began);
      }
    }),
  );
  return latencies;
}

function medians(rounds: readonly Measured[]): Measured {
  const median = (name: keyof Measured) => {
    const sorted = rounds.map((round) => round[name]).sort((one, other) => one - other);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  };
  const names = ['cpu', 'thread', 'statements', 'commits', 'p50', 'p99'] as const;
  return Object.fromEntries(names.map((name) => [name, median(name)])) as unknown as Measured;
}
