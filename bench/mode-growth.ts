// `--accounts`, `--brands`: the same operations in a small installation and in a large one, alternately; two databases, two processes.
import { figureTable } from './figure.ts';
import { fill, refuseWithoutRoom, type Size, withClient } from './growth-data.ts';
import { growthOperations, type Place } from './growth-operations.ts';
import { grownOf, growthTable, nameOf, plotGrowth, sizeFigures } from './growth-report.ts';
import { measure, type Row } from './measure.ts';
import type { Options } from './options.ts';
import { environment, type Ground, prepareGround, startPortico } from './portico-server.ts';
import { machine, type Report, type Say } from './report.ts';
import { freeIssuer, type Stage } from './stage.ts';

const SMALL: Size = { brands: 1, accounts: 10_000 };
const sides = ['small', 'large'] as const;
type SideName = (typeof sides)[number];

export async function growth(stage: Stage, options: Options, say: Say): Promise<Report> {
  const sizes = { small: SMALL, large: { brands: options.brands ?? 1, accounts: options.accounts ?? SMALL.accounts } };
  refuseWithoutRoom(Object.values(sizes));
  say('starting PostgreSQL ...');
  const ground = await stage.add(prepareGround());
  const places = new Map<string, Place>();
  for (const name of sides) places.set(name, await makePlace(stage, ground, { name, size: sizes[name], options, say }));
  const rows = await measureAll(places, options, say);
  return reportOf(places, rows, options);
}

interface Making {
  name: SideName;
  size: Size;
  options: Options;
  say: Say;
}

async function makePlace(stage: Stage, ground: Ground, { name, size, options, say }: Making): Promise<Place> {
  say(`making ${nameOf(size)} ...`);
  const databaseUrl = await createDatabase(ground, name);
  const origin = await freeIssuer();
  const world = await fill(environment(ground, origin, databaseUrl), origin, size, say);
  const { workers: connections, profile, spread } = options;
  const peer = await stage.add(startPortico(ground, world.issuers[0] as string, { name, connections, profile, databaseUrl }));
  return { peer, world, spread };
}

async function createDatabase({ databaseUrl }: Ground, name: SideName): Promise<string> {
  await withClient(databaseUrl, (client) => client.query(`create database ${name}`));
  const url = new URL(databaseUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function measureAll(places: ReadonlyMap<string, Place>, options: Options, say: Say): Promise<Row[]> {
  const rows: Row[] = [];
  const peers = [...places.values()].map(({ peer }) => peer);
  for (const operation of growthOperations(places)) {
    say(`${operation.name} ...`);
    rows.push(await measure(operation, peers, options));
  }
  return rows;
}

async function reportOf(
  places: ReadonlyMap<string, Place>,
  rows: readonly Row[],
  { rounds, requests, workers, spread }: Options,
): Promise<Report> {
  const of = (name: SideName) => places.get(name) as Place;
  const worlds = { small: of('small').world, large: of('large').world };
  const memory = { small: (await of('small').peer.readings()).memory, large: (await of('large').peer.readings()).memory };
  const grown = rows.map(grownOf);
  const figures = sizeFigures(worlds, memory);
  const conditions = { ...machine(), small: nameOf(worlds.small), large: nameOf(worlds.large), rounds, requests, workers, spread };
  return {
    lines: [...growthTable(grown), '', ...figureTable(figures)],
    result: { conditions, grown, figures },
    svg: plotGrowth(grown, worlds),
  };
}
