// The bench's side of the load generator.
import { startChild } from './children.ts';
import type { Mix, MixResult } from './load.ts';

export interface Load {
  run(mix: Mix): Promise<MixResult>;
  stop(): Promise<void>;
}

/** @param people how many of `personOf` there are. */
export async function startLoad(issuer: string, people: number): Promise<Load> {
  const child = startChild('load.ts', { env: { ISSUER: issuer, PEOPLE: String(people) } });
  return { run: (mix) => child.ask<MixResult>(mix), stop: child.stop };
}
