// Rounds of one operation, one server after the other, so that what the machine does beside hits both alike.
import type { Operation } from './operations.ts';
import type { Peer } from './peer.ts';
import type { Readings } from './readings.ts';
import { median, percentile } from './statistics.ts';

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

export interface Row<Kind extends Measurable = Measurable> {
  operation: Kind;
  /** By name of the server. */
  measured: Record<string, Measured>;
  /** Milliseconds of all rounds together, by name of the server. */
  latencies: Record<string, number[]>;
}

export type Measurable = Pick<Operation, 'name' | 'share' | 'prepare'>;

export interface Effort {
  rounds: number;
  requests: number;
  workers: number;
}

/** Both servers are warmed before anything counts; of the rounds each figure's median stands. */
export async function measure<Kind extends Measurable>(
  operation: Kind,
  peers: readonly Peer[],
  { rounds, requests, workers }: Effort,
): Promise<Row<Kind>> {
  const times = Math.max(workers, Math.round(requests * operation.share));
  const sides = [];
  for (const peer of peers) {
    const work = await Promise.all(Array.from({ length: workers }, () => operation.prepare(peer)));
    sides.push({ peer, work, rounds: [] as Round[] });
  }
  for (const { work } of sides) await repeat(work, times);
  for (let round = 0; round < rounds; round += 1) {
    for (const side of round % 2 ? sides.toReversed() : sides) side.rounds.push(await oneRound(side.peer, side.work, times));
  }
  return {
    operation,
    measured: Object.fromEntries(sides.map(({ peer, rounds }) => [peer.name, medians(rounds)])),
    latencies: Object.fromEntries(sides.map(({ peer, rounds }) => [peer.name, rounds.flatMap(({ latencies }) => latencies)])),
  };
}

type Round = Measured & { latencies: number[] };

async function oneRound(peer: Peer, work: readonly (() => Promise<unknown>)[], times: number): Promise<Round> {
  const before = await peer.readings();
  const latencies = await repeat(work, times);
  const after = await peer.readings();
  const per = (name: keyof Readings) => (after[name] - before[name]) / latencies.length;
  return {
    latencies,
    cpu: per('cpu'),
    thread: per('thread'),
    statements: per('statements'),
    commits: per('commits'),
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
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
  const names = ['cpu', 'thread', 'statements', 'commits', 'p50', 'p99'] as const;
  return Object.fromEntries(names.map((name) => [name, median(rounds.map((round) => round[name]))])) as unknown as Measured;
}
