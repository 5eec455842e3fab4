// `npm run bench`: what each operation costs Portico, beside bare oidc-provider in the same minutes on the same machine.
// Only ratios, statements and commits travel from one machine to another; the rest is to compare two runs on one.

import { createServer } from 'node:net';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type Effort, measure, type Row } from './measure.ts';
import { type Operation, operations } from './operations.ts';
import { type Peer, startPeer } from './peer.ts';
import { startPortico } from './portico-server.ts';
import { tableOf, verdictOf } from './table.ts';

const usage = `npm run bench -- [options]

  --only <words>     operations whose name contains this
  --rounds <n>       rounds on each side (5)
  --requests <n>     operations a round (1000)
  --workers <n>      at the same time (4)
  --json             the result as JSON on standard output
  --profile <folder> CPU profiles of both servers
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '5' },
    requests: { type: 'string', default: '1000' },
    workers: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
    profile: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const say = (line: string) => void process.stderr.write(`${line}\n`);

/** Nothing here runs longer than this. */
const LONGEST_MS = 15 * 60_000;

async function main(): Promise<void> {
  if (values.help) return say(usage);
  const chosen = operations.filter(({ name }) => name.includes(values.only));
  if (chosen.length === 0)
    throw new Error(`no operation is called "${values.only}"; there are: ${operations.map(({ name }) => name).join('; ')}`);
  try {
    await start();
    const rows = await measureAll(chosen);
    await report(rows);
  } finally {
    await stop();
  }
}

const peers: Peer[] = [];

let stopped: Promise<void> | undefined;

/** However often it is asked for, everything ends once. */
function stop(): Promise<void> {
  stopped ??= (async () => {
    for (const peer of peers) await peer.stop();
  })();
  return stopped;
}

async function start(): Promise<void> {
  const options = { connections: effort().workers, profile: values.profile };
  say('starting PostgreSQL and Portico ...');
  peers.push(await startPortico(`http://localhost:${await freePort()}`, options));
  say('starting bare oidc-provider ...');
  const issuer = `http://localhost:${await freePort()}`;
  peers.push(await startPeer({ name: 'bare', file: 'bare-server.ts', issuer, env: { ISSUER: issuer }, ...options }));
}

async function measureAll(chosen: readonly Operation[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [index, operation] of chosen.entries()) {
    say(`${index + 1}/${chosen.length} ${operation.name} ...`);
    rows.push(await measure(operation, peers, effort()));
  }
  return rows;
}

function effort(): Effort {
  return { rounds: Number(values.rounds), requests: Number(values.requests), workers: Number(values.workers) };
}

async function report(rows: Row[]): Promise<void> {
  const verdicts = rows.map(verdictOf);
  const memory: Record<string, number> = {};
  for (const peer of peers) memory[peer.name] = Math.round((await peer.readings()).memory / 1_000_000);
  const conditions = {
    node: process.version,
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    ...effort(),
    startedInMs: Math.round(peers[0]?.startedIn ?? 0),
    memoryMB: memory,
  };
  if (values.json) return console.log(JSON.stringify({ conditions, verdicts }, null, 2));
  console.log(`\n${tableOf(verdicts).join('\n')}\n`);
  console.log(
    'ratio: CPU of bare oidc-provider with its MemoryAdapter over CPU of Portico, at least; statements and commits as shipped, at most.',
  );
  console.log(
    'A fresh sign-in is compared by the JavaScript thread alone: the password is hashed on another, and the other side hashes none.',
  );
  console.log(JSON.stringify(conditions));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function giveUp(why: string): Promise<void> {
  process.exitCode = 1;
  say(why);
  await stop();
  process.exit(1);
}

setTimeout(() => void giveUp(`the bench took more than ${LONGEST_MS / 60_000} minutes and ends`), LONGEST_MS).unref();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void giveUp('stopping ...'));

await main().catch((error: unknown) => {
  // Whoever gave up knows why; what was on its way failed because of it.
  if (process.exitCode === undefined) say(String(error));
  process.exitCode = 1;
});
