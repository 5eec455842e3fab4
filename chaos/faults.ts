// What goes wrong, each as it goes wrong outside: by a signal, a lock, a wire or a server that does not answer.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Ledger } from './ledger.ts';
import type { Scene, SceneOptions } from './scene.ts';

export interface Fault {
  name: string;
  says: string;
  scene?: Partial<SceneOptions>;
  /** Nobody may notice anything: an answer that is not a yes is unexpected. */
  unnoticed?: boolean;
  /** Strikes once, tells the ledger when the cause is gone, and resolves when nothing is left of it. */
  strike(scene: Scene, ledger: Ledger): Promise<void>;
}

export const faults: readonly Fault[] = [
  { name: 'server-killed', says: 'kill -9 of the only node, started again at once', strike: killServer },
  { name: 'database-restarted', says: 'a fast shutdown of PostgreSQL, started again at once', strike: endDatabase('SIGINT') },
  { name: 'database-killed', says: 'kill -9 of PostgreSQL, started again with crash recovery', strike: endDatabase('SIGKILL') },
  {
    name: 'pool-exhausted',
    says: 'the accounts locked for 4 s, with two connections a node',
    scene: { env: { DATABASE_POOL: '2' } },
    strike: lockAccounts,
  },
  {
    name: 'mail-hangs',
    says: 'the mail server takes mails and says nothing, for 6 s',
    scene: { verification: 'before' },
    strike: hangMail,
  },
  {
    name: 'database-slow',
    says: 'the way to the database takes 50, then 200 ms more in each direction for 2 s each, and is cut for half a second',
    scene: { wired: true },
    strike: slowDatabase,
  },
  {
    name: 'rolling-restart',
    says: 'two nodes behind a balancer, one after the other stopped with SIGTERM and started again',
    scene: { nodes: 2 },
    unnoticed: true,
    strike: restartInTurn,
  },
];

async function killServer({ nodes: [node] }: Scene, ledger: Ledger): Promise<void> {
  await node?.kill();
  ledger.over();
  await node?.start();
}

function endDatabase(signal: 'SIGINT' | 'SIGKILL'): Fault['strike'] {
  return async (scene, ledger) => {
    await scene.endDatabase(signal);
    ledger.over();
    await scene.databaseIsBack();
  };
}

async function lockAccounts({ databaseUrl }: Scene, ledger: Ledger): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('begin');
    await client.query('lock table portico.accounts in access exclusive mode');
    await sleep(4_000);
    await client.query('rollback');
    ledger.over();
  } finally {
    await client.end();
  }
}

async function hangMail({ smtp }: Scene, ledger: Ledger): Promise<void> {
  smtp.behave({ hang: 'data' });
  await sleep(6_000);
  smtp.behave({});
  ledger.over();
}

async function slowDatabase({ wire }: Scene, ledger: Ledger): Promise<void> {
  for (const milliseconds of [50, 200]) {
    wire?.delay(milliseconds);
    await sleep(2_000);
  }
  await wire?.cut();
  await sleep(500);
  await wire?.mend();
  ledger.over();
}

/** Less than the ten seconds after which platforms kill. */
const STOPS_WITHIN_MS = 10_000;

async function restartInTurn({ nodes }: Scene, { unexpected }: Ledger): Promise<void> {
  for (const [index, node] of nodes.entries()) {
    const { code, milliseconds } = await node.stop();
    if (code !== 0) unexpected.push(`node ${index + 1} ended with ${code}`);
    if (milliseconds > STOPS_WITHIN_MS) unexpected.push(`node ${index + 1} took ${Math.round(milliseconds)} ms to stop`);
    await node.start();
  }
}
