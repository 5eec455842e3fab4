// A server under measurement, in a process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Connection, createConnection } from './connection.ts';
import type { Readings } from './readings.ts';

export interface Peer {
  name: string;
  issuer: string;
  connection: Connection;
  /** Milliseconds from its start to its first answer. */
  startedIn: number;
  readings(): Promise<Readings>;
  stop(): Promise<void>;
}

export interface PeerOptions {
  name: string;
  file: string;
  issuer: string;
  env: Record<string, string>;
  /** Connections held open. */
  connections: number;
  /** Folder for a CPU profile, written when the server stops. */
  profile?: string | undefined;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** @throws Error with its last words when it does not answer within 20 s. */
export async function startPeer({ name, file, issuer, env, connections, profile }: PeerOptions): Promise<Peer> {
  const began = performance.now();
  const flags = ['--import', new URL('readings.ts', import.meta.url).href];
  if (profile) flags.push('--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${name}.cpuprofile`);
  const child = spawn(process.execPath, [...flags, fileURLToPath(new URL(file, import.meta.url))], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const words: string[] = [];
  child.stderr?.on('data', (chunk: Buffer) => words.push(chunk.toString('utf8')));
  const connection = createConnection(issuer, connections);
  await answers(connection, child, words);
  return {
    name,
    issuer,
    connection,
    startedIn: performance.now() - began,
    readings: () => ask(child),
    async stop() {
      connection.close();
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(late);
    },
  };
}

async function answers(connection: Connection, child: ChildProcess, words: string[]): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline && child.exitCode === null) {
    const answer = await connection.send('/.well-known/openid-configuration').catch(() => undefined);
    if (answer?.status === 200) return;
    await sleep(20);
  }
  child.kill('SIGKILL');
  throw new Error(`the server does not answer:\n${words.join('').slice(-2_000)}`);
}

async function ask(child: ChildProcess): Promise<Readings> {
  const answer = once(child, 'message');
  child.send('readings');
  return (await answer)[0] as Readings;
}
