// Everything one run needs, all of it real and on loopback: a PostgreSQL that flushes every commit, a mail server, one node or several.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../src/config.ts';
import type { Brand, EmailVerification } from '../src/domain/brands.ts';
import { applyBrand } from '../src/flows/admin/apply-brand.ts';
import { openServices } from '../src/open-services.ts';
import type { Services } from '../src/services.ts';
import * as brands from '../src/storage/brands.ts';
import { shelterFor } from '../src/storage/embedded/binaries.ts';
import { livePostmaster } from '../src/storage/embedded/postmaster.ts';
import { startEmbeddedPostgres } from '../src/storage/embedded.ts';
import { freePort } from '../test/support/free-port.ts';
import { type ServerProcess, startServerProcess } from '../test/support/server-process.ts';
import { startSmtp, type TestSmtp } from '../test/support/smtp.ts';
import { openWire, type Wire } from '../test/support/tcp-proxy.ts';
import { startBalancer } from './balancer.ts';
import type { Cleanup } from './cleanup.ts';
import { brandOf, environment, slug } from './setting.ts';

export interface SceneOptions {
  /** How many nodes; more than one stand behind a balancer. */
  nodes: number;
  /** Of each node, over what all of them have. */
  env: Record<string, string>;
  verification: EmailVerification;
  /** The nodes reach the database over a wire that can be slow, or cut. */
  wired: boolean;
}

export interface Node {
  /** `kill -9`. */
  kill(): Promise<void>;
  /** SIGTERM. @returns its exit code (null: it had to be killed) and how long it took. */
  stop(): Promise<{ code: number | null; milliseconds: number }>;
  /** Resolves when it is ready. */
  start(): Promise<void>;
}

export interface Scene {
  issuer: string;
  /** Past the wire. */
  databaseUrl: string;
  nodes: Node[];
  /** The last words of nodes that nobody asked to end. */
  deaths: string[];
  smtp: TestSmtp;
  wire: Wire | undefined;
  /** Resolves when PostgreSQL is gone. It is started again at once, at the same address. */
  endDatabase(signal: 'SIGINT' | 'SIGKILL'): Promise<void>;
  /** Resolves when PostgreSQL takes connections. */
  databaseIsBack(): Promise<void>;
  /** Doors of our own, for looking into it; to be closed. */
  open(): Promise<{ services: Services; brand: Brand; close(): Promise<void> }>;
}

/** Whatever it starts or writes is given to `cleanup` at once. */
export async function openScene({ nodes: count, env, verification, wired }: SceneOptions, cleanup: Cleanup): Promise<Scene> {
  const { database, folder } = await startDatabase(cleanup);
  const smtp = await startSmtp();
  await cleanup.add(smtp.stop);
  const wire = wired ? await openWire(database.url) : undefined;
  if (wire) await cleanup.add(wire.close);
  const ports = await Promise.all(Array.from({ length: count }, freePort));
  const front = count > 1 ? await startBalancer(ports) : undefined;
  if (front) await cleanup.add(front.close);
  const issuer = `http://localhost:${front?.port ?? ports[0]}`;
  const common = { issuer, smtpUrl: smtp.url };
  const own = environment({ ...common, port: 0, databaseUrl: database.url });
  await prepare(own, issuer, verification);
  const deaths: string[] = [];
  const nodes = ports.map((port) => {
    const whole = { ...environment({ ...common, port, databaseUrl: wire?.url ?? database.url }), ...env };
    return nodeAt(port, whole, (words) => deaths.push(words));
  });
  await cleanup.add(() => Promise.all(nodes.map((node) => node.kill())));
  await Promise.all(nodes.map((node) => node.start()));
  return { issuer, databaseUrl: database.url, nodes, deaths, smtp, wire, ...databaseIn(join(folder, 'postgres')), open: () => open(own) };
}

async function startDatabase(cleanup: Cleanup) {
  const folder = mkdtempSync(join(tmpdir(), 'portico-chaos-'));
  // When root runs this, PostgreSQL runs as another account and has to pass through.
  chmodSync(folder, 0o711);
  const starting = startEmbeddedPostgres({ dataFolder: folder, log: () => {} });
  // Also a start that has just begun is ended before its folder goes.
  await cleanup.add(async () => {
    await starting.then(({ stop }) => stop()).catch(() => {});
    // Where root's checkout is closed to the account that PostgreSQL runs as, its programs were copied there.
    for (const written of [folder, shelterFor(folder)]) rmSync(written, { recursive: true, force: true });
  });
  const database = await starting;
  return { database, folder };
}

async function prepare(env: Record<string, string>, issuer: string, verification: EmailVerification): Promise<void> {
  const { services, close } = await openServices(loadConfig({ ...env, LOG_LEVEL: 'silent' }));
  try {
    await applyBrand(services, brandOf(issuer, verification));
  } finally {
    await close();
  }
}

async function open(env: Record<string, string>) {
  const { services, close } = await openServices(loadConfig({ ...env, LOG_LEVEL: 'silent' }), { migrates: false });
  const brand = await brands.findBySlug(services.db, slug);
  if (!brand) throw new Error('the brand is missing');
  return { services, brand, close };
}

/** Longer than it may take, and bounded. */
const STOPS_WITHIN_MS = 15_000;

const LAST_WORDS = 2_000;

function nodeAt(port: number, env: Record<string, string>, onDeath: (words: string) => void): Node {
  let server: ServerProcess | undefined;
  let asked = false;
  const kill = async () => {
    asked = true;
    await server?.kill();
    server = undefined;
  };
  return {
    kill,
    async stop() {
      asked = true;
      const began = performance.now();
      const code = await Promise.race([server?.stop() ?? null, sleep(STOPS_WITHIN_MS, null, { ref: false })]);
      await kill();
      return { code, milliseconds: performance.now() - began };
    },
    async start() {
      const started = await startServerProcess(`http://127.0.0.1:${port}`, env);
      [server, asked] = [started, false];
      started.child.once('close', (code, signal) => {
        if (!asked) onDeath(`a node ended by itself (${code ?? signal}): ${started.output.join('').slice(-LAST_WORDS)}`);
      });
    },
  };
}

function databaseIn(cluster: string): Pick<Scene, 'endDatabase' | 'databaseIsBack'> {
  let last = 0;
  return {
    async endDatabase(signal) {
      last = livePostmaster(cluster)?.pid ?? 0;
      if (last) process.kill(last, signal);
      while (livePostmaster(cluster)?.pid === last) await sleep(5);
    },
    async databaseIsBack() {
      for (let found = livePostmaster(cluster); !found?.ready || found.pid === last; found = livePostmaster(cluster)) await sleep(20);
    },
  };
}
