// Two versions of Portico on one database behind one address: an upgrade as an operator does it.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { callbacks, clientsOfTest, party } from './clients.ts';
import { createEmptyDatabase } from './database.ts';
import { type FrontDoor, openFrontDoor } from './front-door.ts';
import { freePort } from './portico.ts';
import { type Release, unpackRelease } from './releases.ts';
import { createRelyingParty, type RelyingParty } from './relying-party.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';
import { startSmtp, type TestSmtp } from './smtp.ts';

export type Version = 'old' | 'current';

/** The files of a brand's folder by name, such as `brand.json`. */
export type BrandFiles = Record<string, object>;

export interface Apps {
  /** With secrets. */
  shop: RelyingParty;
  radio: RelyingParty;
  /** Without one. */
  phone: RelyingParty;
}

export interface Rollout {
  issuer: string;
  databaseUrl: string;
  door: FrontDoor;
  smtp: TestSmtp;
  /** Starts a server of this version, which migrates; nobody is led there yet. */
  start(version: Version): Promise<void>;
  /** Requests go there from now on. */
  lead(version: Version): void;
  /** SIGTERM. @returns the exit code. */
  stop(version: Version): Promise<number | null>;
  /** The command line of this version. @returns its JSON. @throws with its complaint. */
  operate(version: Version, ...args: string[]): Promise<Record<string, unknown>>;
  /** `brand apply`. @returns the apps of the brand at `path`; clientsOfTest are added to the files. */
  apply(version: Version, slug: string, path: string, files: BrandFiles): Promise<Apps>;
  /** Lines of the logs that name a fault. */
  faults(): string[];
  close(): Promise<void>;
}

const project = join(import.meta.dirname, '../..');

export async function prepareRollout(release: Release): Promise<Rollout> {
  const [{ folder, remove }, database] = [unpackRelease(release), await createEmptyDatabase()];
  const [door, smtp] = [await openFrontDoor(), await startSmtp()];
  const issuer = `http://localhost:${door.port}`;
  const folders: Record<Version, string> = { old: folder, current: project };
  const ports: Record<Version, number> = { old: await freePort(), current: await freePort() };
  const env = environment(issuer, database.url, smtp.url);
  const servers: Partial<Record<Version, ServerProcess>> = {};
  const outputs: string[][] = [];
  const run = (version: Version, ...args: string[]) => operate(folders[version], env, args);
  return {
    issuer,
    databaseUrl: database.url,
    door,
    smtp,
    start: async (version) => {
      const port = String(ports[version]);
      const server = await startServerProcess(`http://localhost:${port}`, { ...env, PORT: port }, { folder: folders[version] });
      servers[version] = server;
      outputs.push(server.output);
    },
    lead: (version) => door.lead(ports[version]),
    stop: async (version) => (await servers[version]?.stop()) ?? null,
    operate: run,
    apply: async (version, slug, path, files) => {
      const applied = await run(version, 'brand', 'apply', writeBrand(folder, slug, files));
      return openApps(issuer + path, applied.client_secrets as Record<string, string>);
    },
    faults: () => outputs.flatMap((output) => output.join('').split('\n').filter(isFault)),
    close: async () => {
      await Promise.all(Object.values(servers).map((server) => server.kill()));
      await Promise.all([door.close(), smtp.stop(), database.drop(), remove()]);
    },
  };
}

function environment(issuer: string, databaseUrl: string, smtpUrl: string): Record<string, string> {
  return {
    NODE_ENV: 'test',
    PUBLIC_URL: issuer,
    DATABASE_URL: databaseUrl,
    DATABASE_POOL: '5',
    PORTICO_SECRET: 'a root secret of a test, longer than thirty-two characters',
    PORTICO_DEMO: 'off',
    SMTP_URL: smtpUrl,
    LOG_LEVEL: 'warn',
    HASH_CONCURRENCY: '1',
  };
}

function isFault(line: string): boolean {
  return /"level":"(error|fatal)"/.test(line) || /^\s*at .*\(?(file|node):/.test(line);
}

/** In the folder of the unpacked release, so that it goes with it. @returns the brand's folder. */
function writeBrand(root: string, slug: string, files: BrandFiles): string {
  const folder = join(root, 'config/brands', slug);
  mkdirSync(folder);
  const clients = clientsOfTest.map(({ kind, metadata }) => ({ kind, metadata }));
  for (const [name, document] of Object.entries({ ...files, 'clients.json': clients }))
    writeFileSync(join(folder, name), JSON.stringify(document));
  return folder;
}

async function openApps(issuer: string, secrets: Record<string, string>): Promise<Apps> {
  const web = (clientId: 'shop' | 'radio') =>
    createRelyingParty({ issuer, clientId, clientSecret: secrets[clientId], redirectUri: callbacks[clientId] });
  return { shop: await web('shop'), radio: await web('radio'), phone: await party(issuer, 'phone') };
}

async function operate(folder: string, env: Record<string, string>, args: string[]): Promise<Record<string, unknown>> {
  const child = spawn(process.execPath, [join(folder, 'src/cli/main.ts'), ...args, '--json'], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw new Error(`portico ${args.join(' ')} ended with ${code}: ${err}${out}`);
  return JSON.parse(out) as Record<string, unknown>;
}
