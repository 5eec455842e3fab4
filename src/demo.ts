// Development only: two brands to look at and the app of a shop that signs people in. Nothing here runs in production.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { readBrandFiles } from './brand-files.ts';
import type { Config } from './config.ts';
import type { Brand } from './domain/brands.ts';
import { type ClientMetadata, needsSecret, secretDigest } from './domain/clients.ts';
import { OperatorError } from './errors.ts';
import { type ApplyBrand, applyBrand } from './flows/admin/apply-brand.ts';
import { findNeighbour } from './neighbour.ts';
import type { Services } from './services.ts';
import * as brands from './storage/brands.ts';
import * as clients from './storage/clients.ts';

export interface DemoApp {
  url: string;
  stop(): void;
}

export const demoBrands = ['demo', 'harbour'] as const;

/** The demo brands and, where its sources are (an image has none), the demo app. Whatever is wrong with it, Portico goes on. */
export async function startDemo(services: Services, say: (line: string) => void): Promise<DemoApp | undefined> {
  await applyDemoBrands(services);
  const file = join(services.config.projectFolder, 'examples/web-app/main.ts');
  if (!existsSync(file)) return undefined;
  try {
    return await startDemoApp(services, file);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    say(`\n${error.message}`);
    return undefined;
  }
}

/** Creates the demo brands at the first start. From then on the tables are the truth, but for the addresses and the app's secret: PORT and DEMO_PORT may change. */
export async function applyDemoBrands(services: Services): Promise<void> {
  for (const { change } of await outdated(services)) await applyBrand(services, change);
}

/**
 * Giving the demo brands another address would take them from a server that runs. Asked before this one counts as running itself.
 * @throws OperatorError naming where the other one is.
 */
export async function refuseBesideAnother(services: Services): Promise<void> {
  const changes = await outdated(services);
  if (!changes.some(({ known }) => known)) return;
  const neighbour = await findNeighbour(services);
  if (neighbour) throw new OperatorError(neighbour);
}

async function outdated(services: Services): Promise<{ change: ApplyBrand; known: Brand | undefined }[]> {
  const changes = await Promise.all(demoBrands.map((slug) => changeOf(services, slug)));
  return changes.filter((found) => found !== undefined);
}

async function changeOf(services: Services, slug: string): Promise<{ change: ApplyBrand; known: Brand | undefined } | undefined> {
  const { config, db } = services;
  const files = readBrandFiles(join(config.projectFolder, 'config/brands', slug), {
    publicUrl: config.publicUrl,
    demoUrl: demoUrl(config),
  });
  const demoClients = (files.clients ?? []).map((client) => ({ ...client, secret: demoSecret(services, client.metadata.client_id) }));
  const known = await brands.findBySlug(db, slug);
  if (!known) return { change: { ...files, clients: demoClients }, known };
  if (known.issuer === files.issuer && (await knowsDemoApp(services, known, demoClients))) return undefined;
  return { change: { slug, name: known.name, issuer: files.issuer, ...homeOf(files), clients: demoClients }, known };
}

function homeOf({ theme }: ApplyBrand): Pick<ApplyBrand, 'theme'> {
  const home = theme?.links?.home;
  return home ? { theme: { links: { home } } } : {};
}

/** A secret that was rotated away, or derived from another PORTICO_SECRET, would leave the app outside for good. */
async function knowsDemoApp({ db }: Services, brand: Brand, wanted: { metadata: ClientMetadata; secret: string }[]): Promise<boolean> {
  for (const { metadata, secret } of wanted) {
    const client = await clients.find(db, brand.id, metadata.client_id);
    const known = client?.metadata.redirect_uris ?? [];
    if (!client || !metadata.redirect_uris?.every((uri) => known.includes(uri))) return false;
    const digest = secretDigest(secret);
    const opens = client.secrets.some((stored) => stored.digest === digest && stored.expires_at === null);
    if (needsSecret(client.metadata) && !opens) return false;
  }
  return true;
}

/**
 * Starts the shop in a process of its own.
 * @throws OperatorError with the reason when it does not run.
 */
export async function startDemoApp(services: Pick<Services, 'config' | 'keyring'>, file: string): Promise<DemoApp> {
  const { config } = services;
  if (!(await isFree(config.demoPort)))
    throw new OperatorError(
      `The demo app was not started: port ${config.demoPort} is in use. Stop what listens there, or choose another: DEMO_PORT=3101 npm start`,
    );
  const env = { PORT: String(config.demoPort), SITES: JSON.stringify(demoBrands.map((slug) => siteOf(services, slug))) };
  // The channel is the lifeline: when this process dies in any way it closes, and the app ends itself.
  const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await ready(child);
  return { url: demoUrl(config), stop: () => void child.kill('SIGTERM') };
}

function siteOf(services: Pick<Services, 'config' | 'keyring'>, slug: (typeof demoBrands)[number]) {
  const clientId = `${slug}-web-app`;
  const path = slug === 'demo' ? '' : `/${slug}`;
  return { path, issuer: services.config.publicUrl + path, clientId, clientSecret: demoSecret(services, clientId) };
}

/** It says when it listens. */
function ready(child: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (why: string) => reject(new OperatorError(`The demo app was not started: ${why}.`));
  child.once('message', () => resolve());
  child.once('error', (error) => fail(error.message));
  child.once('exit', (code, signal) => fail(`it ended at once, with ${signal ?? `exit code ${code}`}`));
  return promise;
}

function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(port, 'localhost', () => probe.close(() => resolve(true)));
  });
}

export function demoUrl(config: Pick<Config, 'demoPort'>): string {
  return `http://localhost:${config.demoPort}`;
}

/** The demo app's secret is derived, not stored, so that it is the same after every start and different on every laptop. */
function demoSecret({ keyring }: Pick<Services, 'keyring'>, clientId: string): string {
  return keyring.key('demo', clientId).toString('base64url');
}
