// The command line as an operator's shell runs it: a process of its own, its answer, its complaints and its exit code.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { RunningPortico } from '../support/portico.ts';

export interface Ran {
  code: number | null;
  out: string;
  err: string;
  /** Standard output, read as exactly one JSON document. */
  json<Document = Record<string, unknown>>(): Document;
}

export type CommandLine = (args: string[], options?: { stdin?: string; env?: Record<string, string> }) => Promise<Ran>;

/** Runs commands against the database, the secret and the address of a running Portico. */
export function commandLine({ services: { config }, database }: Pick<RunningPortico, 'services' | 'database'>): CommandLine {
  const settings = {
    NODE_ENV: 'test',
    DATABASE_URL: database.url,
    PORTICO_SECRET: config.secret,
    PORT: String(config.port),
    PUBLIC_URL: config.publicUrl,
  };
  return async (args, { stdin = '', env = {} } = {}) => {
    const child = spawn(process.execPath, ['src/cli/main.ts', ...args], { env: { ...settings, ...env } });
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    child.stdin.end(stdin);
    const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { code, out, err, json: () => JSON.parse(out) };
  };
}
