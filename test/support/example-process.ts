// A process of examples/ or src/ beside the test: started, listened to, ended.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ExampleProcess {
  child: ChildProcess;
  /** All it has printed so far. */
  output(): string;
  /** Waits until it has printed what matches. */
  prints(pattern: RegExp): Promise<RegExpExecArray>;
  /** Its exit code. */
  ended: Promise<number | null>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const PATIENCE_MS = 20_000;

/** `file` as seen from the project's folder. */
export function startProcess(
  file: string,
  { args = [], env = {} }: { args?: string[]; env?: Record<string, string> } = {},
): ExampleProcess {
  const path = fileURLToPath(new URL(`../../${file}`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    child,
    output: () => text,
    prints: (pattern) =>
      eventually(
        () => pattern.exec(text) ?? undefined,
        () => `${file} did not print ${pattern}:\n${text}`,
      ),
    ended,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      await ended;
    },
  };
}

/** Asks again and again until there is an answer. */
export async function eventually<Found>(
  look: () => Found | undefined | Promise<Found | undefined>,
  complaint: () => string,
): Promise<Found> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; ) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(complaint());
}

/** Waits until something listens there, or no longer does. */
export function listening(url: string, wanted = true): Promise<true> {
  const look = async () => {
    const answers = await fetch(url, { redirect: 'manual' }).then(
      (response) => response.body?.cancel().then(() => true),
      () => false,
    );
    return Boolean(answers) === wanted ? (true as const) : undefined;
  };
  return eventually(look, () => `${url} ${wanted ? 'does not answer' : 'still answers'}`);
}
