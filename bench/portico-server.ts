// Portico as an operator runs it: src/main.ts in a process of its own, on a PostgreSQL of its own that flushes every commit.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../src/config.ts';
import { type BrandSettings, defaultSettings } from '../src/domain/brands.ts';
import { applyBrand } from '../src/flows/admin/apply-brand.ts';
import { register } from '../src/flows/register.ts';
import { openServices } from '../src/open-services.ts';
import type { Services } from '../src/services.ts';
import { startEmbeddedPostgres } from '../src/storage/embedded.ts';
import { startSmtp } from '../test/support/smtp.ts';
import { type Peer, startPeer } from './peer.ts';
import { bringIn } from './people.ts';
import { api, apiScope, callback, person, secrets } from './setting.ts';

export interface Ground {
  /** Of the database that is there at first, empty. */
  databaseUrl: string;
  smtpUrl: string;
  /** Waits until no mail has come for a moment: drawing and posting them is not what is measured. */
  mailsSettled(): Promise<void>;
  /** Ends both and removes what they wrote. */
  stop(): Promise<void>;
}

/** What a Portico stands on: a database and a mail server. */
export async function prepareGround(): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), 'portico-bench-'));
  // When root runs the bench, PostgreSQL runs as another account and has to pass through.
  chmodSync(folder, 0o711);
  try {
    const database = await startEmbeddedPostgres({ dataFolder: folder, log: () => {} });
    const smtp = await startSmtp();
    const stop = async () => {
      await smtp.stop();
      await database.stop();
      rmSync(folder, { recursive: true, force: true });
    };
    return { databaseUrl: database.url, smtpUrl: smtp.url, mailsSettled: () => settled(() => smtp.mails.length), stop };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function settled(count: () => number): Promise<void> {
  for (let look = 0; look < 30; look += 1) {
    const before = count();
    await sleep(1_000);
    if (count() === before) return;
  }
}

export interface PorticoOptions {
  name?: string;
  connections: number;
  profile?: string | undefined;
  databaseUrl?: string;
}

/** Starts a server on ground that was furnished. */
export function startPortico(ground: Ground, issuer: string, { name = 'portico', databaseUrl, ...options }: PorticoOptions): Promise<Peer> {
  const env = { ...environment(ground, issuer, databaseUrl), BENCH_COUNT: 'on' };
  return startPeer({ name, file: '../src/main.ts', issuer, env, ...options });
}

export function environment({ databaseUrl, smtpUrl }: Ground, issuer: string, otherDatabaseUrl = databaseUrl): Record<string, string> {
  const { origin, port } = new URL(issuer);
  return {
    NODE_ENV: 'test',
    PORT: port,
    HOST: '127.0.0.1',
    PUBLIC_URL: origin,
    DATABASE_URL: otherDatabaseUrl,
    // The load generator says where people come from.
    TRUSTED_PROXIES: '127.0.0.1',
    SMTP_URL: smtpUrl,
    MAIL_FROM: 'no-reply@bench.example',
    PORTICO_SECRET: 'a root secret of the bench, longer than thirty-two characters',
    PORTICO_DEMO: 'off',
    // As shipped: one line a request.
    LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'info',
  };
}

// Everybody in the bench comes from one address, or the same few sign in over and over.
const crowd = { attempts: 100_000_000, seconds: 60 };
const settings: Partial<BrandSettings> = {
  limits: {
    ...defaultSettings.limits,
    loginPerIdentifier: crowd,
    loginPerNetwork: crowd,
    registerPerNetwork: crowd,
    clientFailures: crowd,
  },
  resources: { [api]: [apiScope] },
};

/** Brings the schema, the brand, its clients and `person`; then `personOf(0)` and so on, as many as there should be. */
export async function furnish(env: Record<string, string>, issuer: string, people = 0): Promise<void> {
  await withServices(env, async (services) => {
    const brand = await makeBrand(services, issuer);
    await register(services, brand, { ...person, byOperator: true });
    const newcomers = Array.from({ length: people }, (_, number) => ({ brand, number }));
    await bringIn(services, newcomers, await services.hasher.hash(person.password));
  });
}

export async function withServices<Result>(env: Record<string, string>, work: (services: Services) => Promise<Result>): Promise<Result> {
  const { services, close } = await openServices(loadConfig({ ...env, LOG_LEVEL: 'silent' }));
  try {
    return await work(services);
  } finally {
    await close();
  }
}

export async function makeBrand(services: Services, issuer: string, more: Partial<BrandSettings> = {}) {
  const { brand } = await applyBrand(services, {
    slug: 'bench',
    name: 'Bench',
    issuer,
    settings: { ...settings, ...more },
    algorithms: ['ES256'],
    clients: [
      { kind: 'web', metadata: { client_id: 'shop', redirect_uris: [callback] }, secret: secrets.shop },
      { kind: 'service', metadata: { client_id: 'backend', resource_scopes: [apiScope] }, secret: secrets.backend },
    ],
  });
  return brand;
}
