// Processes of the bench: each ends with it, however it ends, and says why when it ends by itself.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Child {
  process: ChildProcess;
  /** @throws Error with its last words when it ends instead of answering. */
  ask<Answer>(question: unknown): Promise<Answer>;
  /** What it wrote to standard error last. */
  lastWords(): string;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** `file` is beside this one or below a relative path. Its environment is `env` and nothing else. */
export function startChild(file: string, { env = {}, flags = [] }: { env?: Record<string, string>; flags?: string[] } = {}): Child {
  const child = spawn(process.execPath, [...flags, fileURLToPath(new URL(file, import.meta.url))], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const words: string[] = [];
  child.stderr?.on('data', (chunk: Buffer) => {
    words.push(chunk.toString('utf8'));
    if (words.length > 50) words.shift();
  });
  const lastWords = () => words.join('').slice(-2_000);
  return {
    process: child,
    lastWords,
    ask: async <Answer>(question: unknown) => {
      const over = new AbortController();
      const ended = once(child, 'exit', over).then(() => Promise.reject(new Error(`${file} ended:\n${lastWords()}`)));
      try {
        child.send(question as object);
        return (await Promise.race([once(child, 'message', over), ended]))[0] as Answer;
      } finally {
        ended.catch(() => {});
        over.abort();
      }
    },
    stop: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(late);
}
