// A server under measurement, in a process of its own.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from './children.ts';
import { type Connection, createConnection } from './connection.ts';
import type { Readings } from './readings.ts';

/** Whom requests go to. */
export interface Target {
  name: string;
  issuer: string;
  connection: Connection;
}

export interface Peer extends Target {
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

/** @throws Error with its last words when it does not answer within 20 s. */
export async function startPeer({ name, file, issuer, env, connections, profile }: PeerOptions): Promise<Peer> {
  const began = performance.now();
  const flags = ['--import', new URL('readings.ts', import.meta.url).href];
  if (profile) flags.push('--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${name}.cpuprofile`);
  const child = startChild(file, { env, flags });
  const connection = createConnection(issuer, connections);
  await answers(issuer, connection, child);
  return {
    name,
    issuer,
    connection,
    startedIn: performance.now() - began,
    readings: () => child.ask<Readings>('readings'),
    async stop() {
      connection.close();
      await child.stop();
    },
  };
}

async function answers(issuer: string, connection: Connection, child: Child): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline && child.process.exitCode === null) {
    const answer = await connection.send(`${issuer}/.well-known/openid-configuration`).catch(() => undefined);
    if (answer?.status === 200) return;
    await sleep(10);
  }
  child.process.kill('SIGKILL');
  throw new Error(`the server does not answer:\n${child.lastWords()}`);
}
