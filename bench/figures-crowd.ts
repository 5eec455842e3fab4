// What those feel who only refresh their tokens while more people sign in than can be let in, and what that fills.
import type { Figure } from './figure.ts';
import type { Scene } from './figures.ts';
import type { Sample } from './open-loop.ts';
import { percentile, round } from './statistics.ts';

const ROUNDS = 3;
const SECONDS = 8;
const PER_SECOND = 50;
const MEGABYTE = 1_000_000;
const MOST_MEMORY_MB = 240;

/** Quiet and crowded in turn; of each all samples stand together. */
export async function besideSignIns({ peer, crowd, probe, say }: Scene): Promise<Figure[]> {
  const refreshes = [{ perSecond: PER_SECOND, seconds: SECONDS }];
  const times = { quiet: [] as number[], crowded: [] as number[] };
  const memory = watchMemory(peer);
  for (let turn = 0; turn < ROUNDS; turn += 1) {
    say(`refresh beside sign-ins, ${turn + 1}/${ROUNDS} ...`);
    times.quiet.push(...tookOf((await probe.run({ refreshes })).refreshes));
    const [felt] = await Promise.all([probe.run({ refreshes }), crowd.run({ signIns: { workers: 16, seconds: SECONDS } })]);
    times.crowded.push(...tookOf(felt.refreshes));
  }
  const most = (await memory.stop()) / MEGABYTE;
  const [quiet, crowded] = [percentile(times.quiet, 0.99), percentile(times.crowded, 0.99)];
  const ratio = crowded / quiet;
  return [
    {
      name: 'p99 of refresh while sign-ins fill the hashing cores, over idle',
      value: `${round(ratio, 1)}x`,
      target: '<= 2x',
      met: ratio <= 2,
      from: `${round(crowded, 1)} and ${round(quiet, 1)} ms, p50 ${round(percentile(times.crowded, 0.5), 1)} and ${round(percentile(times.quiet, 0.5), 1)} ms`,
      numbers: { ratio, crowded, quiet, samples: times.quiet.length },
    },
    {
      name: 'memory of the process under load',
      value: `${round(most)} MB`,
      target: `<= ${MOST_MEMORY_MB} MB`,
      met: most <= MOST_MEMORY_MB,
      from: 'the most that was resident meanwhile',
      numbers: { megabytes: most },
    },
  ];
}

function tookOf(samples: readonly Sample[]): number[] {
  const failed = samples.find(({ end }) => end !== 'done');
  if (failed) throw new Error(`a refresh failed beside the sign-ins: ${failed.says ?? failed.end}`);
  return samples.map(({ took }) => took);
}

/** Looks four times a second. */
function watchMemory(peer: Scene['peer']): { stop(): Promise<number> } {
  let most = 0;
  let looking = Promise.resolve();
  const look = async () => {
    most = Math.max(most, (await peer.readings()).memory);
  };
  const timer = setInterval(() => {
    looking = looking.then(look).catch(() => {});
  }, 250);
  return {
    stop: async () => {
      clearInterval(timer);
      await looking;
      await look();
      return most;
    },
  };
}
