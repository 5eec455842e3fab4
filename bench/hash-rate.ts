// How many passwords the product's own hasher compares a second when nothing else runs in its process.
import { createHasher } from '../src/hasher.ts';
import { closedLoop } from './open-loop.ts';

export interface HashQuestion {
  concurrency: number;
  seconds: number;
}

process.on('message', async ({ concurrency, seconds }: HashQuestion) => {
  const hasher = createHasher({ concurrency, queue: 1_000, deadline: 60_000 });
  const known = await hasher.hash('tremolo cassette 47');
  const compared = await closedLoop(concurrency, { seconds }, async () =>
    (await hasher.verify(known, 'tremolo cassette 47')) ? 'done' : 'failed',
  );
  process.send?.(compared.length / (Math.max(...compared.map(({ due, took }) => due + took)) / 1_000));
});
process.on('disconnect', () => process.exit(0));
