// More people come than can be let in. Arrivals at a fixed rate, at multiples of the capacity that was measured just before:
// how many get in, how the others are told, and what those feel who do not sign in at all.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Mix, MixResult } from './load.ts';
import { type Load, PEOPLE, startLoad, warmUp } from './load-process.ts';
import type { Options } from './options.ts';
import { capacityOf, type Level, levelOf, recoveryOf } from './overload-figures.ts';
import { environment, furnish, prepareGround, startPortico } from './portico-server.ts';
import { freeIssuer, type Stage } from './stage.ts';

export interface Overload {
  /** Full sign-ins a second, with so many at a time that somebody always waits for a hash. */
  capacity: number;
  levels: Level[];
  /** Seconds after the highest level until half the capacity is served as it was before; undefined: not within the time looked at. */
  recovery: number | undefined;
}

type Say = (line: string) => void;

const PROBES = { refreshes: 20, discoveries: 20 };
const AFTERWARDS = 30;

export async function measureOverload(stage: Stage, { levels: multiples, seconds, profile }: Options, say: Say): Promise<Overload> {
  const { crowd, probe } = await startCrowd(stage, profile, say);
  const capacity = await measureCapacity(crowd, say);
  const levels: Level[] = [];
  say('nobody signs in ...');
  levels.push(levelOf({ multiple: 0, offered: 0, seconds, both: await run(crowd, probe, { seconds }) }));
  let recovery: number | undefined;
  for (const multiple of multiples) {
    const last = multiple === multiples.at(-1);
    const offered = multiple * capacity;
    say(`${multiple} times the capacity, ${offered.toFixed(0)} sign-ins a second ...`);
    const after = last ? [{ perSecond: 0.5 * capacity, seconds: AFTERWARDS }] : [];
    const both = await run(crowd, probe, {
      seconds: seconds + (last ? AFTERWARDS : 0),
      signIns: [{ perSecond: offered, seconds }, ...after],
    });
    levels.push(levelOf({ multiple, offered, seconds, both }));
    if (last) recovery = recoveryOf(both, { from: seconds, until: seconds + AFTERWARDS, usual: levels[1] as Level });
    await sleep(2_000);
  }
  return { capacity, levels, recovery };
}

/** The server, the process that signs people in, and the one that looks how others fare meanwhile. */
async function startCrowd(stage: Stage, profile: string | undefined, say: Say): Promise<{ crowd: Load; probe: Load }> {
  say('starting PostgreSQL and Portico ...');
  const ground = await stage.add(prepareGround());
  const issuer = await freeIssuer();
  await furnish(environment(ground, issuer), issuer, PEOPLE);
  await stage.add(startPortico(ground, issuer, { connections: 4, profile }));
  const [crowd, probe] = await Promise.all([stage.add(startLoad(issuer, PEOPLE)), stage.add(startLoad(issuer, PEOPLE))]);
  await warmUp(crowd, ground);
  return { crowd, probe };
}

async function measureCapacity(crowd: Load, say: Say): Promise<number> {
  say('measuring how many can sign in ...');
  const seconds = 8;
  return capacityOf(await crowd.run({ signIns: { workers: 16, seconds } }), seconds);
}

async function run(crowd: Load, probe: Load, { seconds, signIns = [] }: { seconds: number } & Pick<Mix, 'signIns'>): Promise<MixResult> {
  const probes = { refreshes: [{ perSecond: PROBES.refreshes, seconds }], discoveries: [{ perSecond: PROBES.discoveries, seconds }] };
  // Its tokens are made before anybody is counted.
  const [entered, felt] = await Promise.all([crowd.run({ signIns }), probe.run(probes)]);
  return { ...felt, signIns: entered.signIns, busy: entered.busy + felt.busy };
}
