// Portico as an operator starts it, in a process of its own that a test may kill.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { exchange } from './exchange.ts';
import type { Memory } from './server-channel.ts';

export interface ServerProcess {
  child: ChildProcess;
  /** What it wrote, both streams, line by line as it came. */
  output: string[];
  /** What it holds in memory now. */
  memory(): Promise<Memory>;
  /** `kill -9`. Resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM. @returns the exit code. */
  stop(): Promise<number | null>;
}

export interface ServerOptions {
  /** Of another version; this one's by default. */
  folder?: string;
  /** Of Node. */
  flags?: readonly string[];
}

const project = join(import.meta.dirname, '../..');

/** `env` is the whole configuration. Resolves when the server says that it is ready. It ends with the test's process, whatever ends that. */
export async function startServerProcess(
  url: string,
  env: Record<string, string>,
  { folder = project, flags = [] }: ServerOptions = {},
): Promise<ServerProcess> {
  const channel = ['--import', join(import.meta.dirname, 'server-channel.ts')];
  const child = spawn(process.execPath, [...channel, ...flags, join(folder, 'src/main.ts')], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => output.push(chunk.toString('utf8')));
  const end = (signal: 'SIGKILL' | 'SIGTERM') => {
    child.kill(signal);
    return ended;
  };
  await ready(url, child, output);
  return { child, output, memory: () => ask(child), kill: () => end('SIGKILL').then(() => {}), stop: () => end('SIGTERM') };
}

async function ask(child: ChildProcess): Promise<Memory> {
  const answer = once(child, 'message');
  child.send('memory');
  return (await answer)[0] as Memory;
}

async function ready(url: string, child: ChildProcess, output: string[]): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${output.join('')}`);
    const status = await exchange(`${url}/readyz`).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 200) return;
    if (Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`the server was not ready in time:\n${output.join('')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
