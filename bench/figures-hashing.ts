// Of what the cores given to hashing could do, how much becomes sign-ins.
import { loadConfig } from '../src/config.ts';
import { startChild } from './children.ts';
import type { Figure } from './figure.ts';
import type { Scene } from './figures.ts';
import type { HashQuestion } from './hash-rate.ts';
import { capacityOf } from './overload-figures.ts';
import { median, round } from './statistics.ts';

const ROUNDS = 3;
const SECONDS = 5;

/** Hashes alone and full sign-ins in turn, so that a slow minute of the machine is slow for both. */
export async function hashing({ crowd, env, say }: Scene): Promise<Figure[]> {
  const { hashConcurrency: concurrency } = loadConfig({ ...env });
  const child = startChild('hash-rate.ts');
  const rates: { hashes: number; logins: number }[] = [];
  try {
    for (let turn = 0; turn < ROUNDS; turn += 1) {
      say(`password logins beside hashes alone, ${turn + 1}/${ROUNDS} ...`);
      const hashes = await child.ask<number>({ concurrency, seconds: SECONDS } satisfies HashQuestion);
      const logins = capacityOf(await crowd.run({ signIns: { workers: 16, seconds: SECONDS } }), SECONDS);
      rates.push({ hashes, logins });
    }
  } finally {
    await child.stop();
  }
  const hashes = median(rates.map((rate) => rate.hashes));
  const logins = median(rates.map((rate) => rate.logins));
  const share = median(rates.map((rate) => (rate.logins / rate.hashes) * 100));
  return [
    {
      name: 'password logins, of the hashes the same cores make',
      value: `${round(share)} %`,
      target: '>= 90 %',
      met: share >= 90,
      from: `${round(logins, 1)} full sign-ins and ${round(hashes, 1)} hashes a second on ${concurrency} of the cores`,
      numbers: { share, logins, hashes, concurrency },
    },
  ];
}
