// The bench's side of the load generator.
import { startChild } from './children.ts';
import type { Mix, MixResult } from './load.ts';
import type { Ground } from './portico-server.ts';

export interface Load {
  run(mix: Mix): Promise<MixResult>;
  stop(): Promise<void>;
}

/** @param people how many of `personOf` there are. */
export async function startLoad(issuer: string, people: number): Promise<Load> {
  const child = startChild('load.ts', { env: { ISSUER: issuer, PEOPLE: String(people) } });
  return { run: (mix) => child.ask<MixResult>(mix), stop: child.stop };
}

/** Few enough that their notices of new browsers are soon spent, many enough not to wait for one another's row. */
export const PEOPLE = 40;
const NOTICES = 3;

/** Everybody signs in until they are told of new browsers no more, and what they were told is out. */
export async function warmUp(crowd: Load, ground: Pick<Ground, 'mailsSettled'>): Promise<void> {
  await crowd.run({ signIns: { workers: 8, times: PEOPLE * (NOTICES + 2) } });
  await ground.mailsSettled();
}
