// Without a mode: each operation alternately on Portico and on bare oidc-provider, then what has no counterpart there.
import { type Figure, figureTable } from './figure.ts';
import { type FigureSource, figureSources } from './figures.ts';
import { starting } from './figures-start.ts';
import { PEOPLE, startLoad, warmUp } from './load-process.ts';
import { measure } from './measure.ts';
import { operations as known, type Operation } from './operations.ts';
import { type Options, UsageError } from './options.ts';
import { type Peer, startPeer } from './peer.ts';
import { environment, furnish, type Ground, prepareGround, startPortico } from './portico-server.ts';
import { machine, type Report, type Say } from './report.ts';
import { freeIssuer, type Stage } from './stage.ts';
import { type Verdict, verdictOf, verdictTable } from './verdicts.ts';

const START = 'start and idle memory';

export async function operations(stage: Stage, options: Options, say: Say): Promise<Report> {
  const chosen = chooseBy(options.only);
  say('starting PostgreSQL ...');
  const ground = await stage.add(prepareGround());
  const issuer = await freeIssuer();
  await furnish(environment(ground, issuer), issuer, PEOPLE);
  const start = (profile?: string) => stage.add(startPortico(ground, issuer, { connections: options.workers, profile }));
  const figures = chosen.start ? await starting(() => start(), say) : [];
  const verdicts: Verdict[] = [];
  if (chosen.operations.length + chosen.sources.length > 0) {
    const portico = await start(options.profile);
    verdicts.push(...(await compare(stage, portico, chosen.operations, options, say)));
    figures.push(...(await measureFigures(stage, { ground, issuer, portico }, chosen.sources, say)));
  }
  const { rounds, requests, workers } = options;
  return {
    lines: linesOf(verdicts, figures),
    result: { conditions: { ...machine(), rounds, requests, workers }, verdicts, figures },
  };
}

/** @throws UsageError when nothing is called so. */
function chooseBy(words: string) {
  const fits = ({ name }: { name: string }) => name.includes(words);
  const chosen = { operations: known.filter(fits), sources: figureSources.filter(fits), start: START.includes(words) };
  if (chosen.operations.length + chosen.sources.length > 0 || chosen.start) return chosen;
  const names = [...known, ...figureSources, { name: START }].map(({ name }) => name);
  throw new UsageError(`Nothing is called "${words}"; there are: ${names.join('; ')}.`);
}

async function compare(stage: Stage, portico: Peer, chosen: readonly Operation[], options: Options, say: Say): Promise<Verdict[]> {
  if (chosen.length === 0) return [];
  say('starting bare oidc-provider ...');
  const issuer = await freeIssuer();
  const env = { ISSUER: issuer };
  const bare = await stage.add(
    startPeer({ name: 'bare', file: 'bare-server.ts', issuer, env, connections: options.workers, profile: options.profile }),
  );
  const verdicts: Verdict[] = [];
  for (const [index, operation] of chosen.entries()) {
    say(`${index + 1}/${chosen.length} ${operation.name} ...`);
    verdicts.push(verdictOf(await measure(operation, [portico, bare], options)));
  }
  // What follows is Portico's alone, and the cores are few.
  await stage.end(bare);
  return verdicts;
}

interface Place {
  ground: Ground;
  issuer: string;
  portico: Peer;
}

async function measureFigures(stage: Stage, place: Place, sources: readonly FigureSource[], say: Say): Promise<Figure[]> {
  const { ground, issuer, portico: peer } = place;
  const [crowd, probe] = await Promise.all([stage.add(startLoad(issuer, PEOPLE)), stage.add(startLoad(issuer, PEOPLE))]);
  if (sources.some(({ crowded }) => crowded)) await warmUp(crowd, ground);
  const figures: Figure[] = [];
  for (const { measure } of sources) figures.push(...(await measure({ peer, crowd, probe, env: environment(ground, issuer), say })));
  return figures;
}

function linesOf(verdicts: Verdict[], figures: Figure[]): string[] {
  const lines: string[] = [];
  if (verdicts.length > 0)
    lines.push(
      ...verdictTable(verdicts),
      '',
      'ratio: CPU of bare oidc-provider with its MemoryAdapter over CPU of Portico, at least; statements and commits as shipped, at most.',
      'A fresh sign-in is compared by the JavaScript thread alone: the password is hashed on another, and the other side hashes none.',
      '',
    );
  if (figures.length > 0) lines.push(...figureTable(figures));
  return lines;
}
