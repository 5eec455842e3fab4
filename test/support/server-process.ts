// Portico as an operator starts it, in a process of its own that a test may kill.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { exchange } from './exchange.ts';

export interface ServerProcess {
  child: ChildProcess;
  /** What it wrote, both streams, line by line as it came. */
  output: string[];
  /** `kill -9`. Resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM. @returns the exit code. */
  stop(): Promise<number | null>;
}

const running = new Set<ChildProcess>();
// A test that was stopped in the middle leaves nothing behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** `env` is the whole configuration. Resolves when the server says that it is ready. */
export async function startServerProcess(url: string, env: Record<string, string>): Promise<ServerProcess> {
  const main = join(import.meta.dirname, '../../src/main.ts');
  const child = spawn(process.execPath, [main], { env: { PATH: process.env.PATH ?? '', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  void ended.then(() => running.delete(child));
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk.toString('utf8')));
  const end = (signal: 'SIGKILL' | 'SIGTERM') => {
    child.kill(signal);
    return ended;
  };
  await ready(url, child, output);
  return { child, output, kill: () => end('SIGKILL').then(() => {}), stop: () => end('SIGTERM') };
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
