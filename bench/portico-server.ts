// Portico as an operator runs it: src/main.ts in a process of its own, on a PostgreSQL of its own that flushes every commit.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../src/config.ts';
import { type BrandSettings, defaultSettings } from '../src/domain/brands.ts';
import { applyBrand } from '../src/flows/admin/apply-brand.ts';
import { register } from '../src/flows/register.ts';
import { openServices } from '../src/open-services.ts';
import * as brands from '../src/storage/brands.ts';
import { startEmbeddedPostgres } from '../src/storage/embedded.ts';
import { type Peer, startPeer } from './peer.ts';
import { api, apiScope, callback, person, secrets } from './setting.ts';

/** Starts the database and the server; `stop` ends both and removes what they wrote. */
export async function startPortico(issuer: string, options: { connections: number; profile?: string | undefined }): Promise<Peer> {
  const folder = mkdtempSync(join(tmpdir(), 'portico-bench-'));
  // When root runs the bench, PostgreSQL runs as another account and has to pass through.
  chmodSync(folder, 0o711);
  const database = await startEmbeddedPostgres({ dataFolder: folder, log: () => {} });
  const clean = async () => {
    await database.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const env = environment(issuer, database.url);
    await prepare(env, issuer);
    const peer = await startPeer({ name: 'portico', file: '../src/main.ts', issuer, env: { ...env, BENCH_COUNT: 'on' }, ...options });
    return { ...peer, stop: () => peer.stop().finally(clean) };
  } catch (error) {
    await clean();
    throw error;
  }
}

function environment(issuer: string, databaseUrl: string): Record<string, string> {
  return {
    NODE_ENV: 'test',
    PORT: new URL(issuer).port,
    HOST: '127.0.0.1',
    PUBLIC_URL: issuer,
    DATABASE_URL: databaseUrl,
    PORTICO_SECRET: 'a root secret of the bench, longer than thirty-two characters',
    PORTICO_DEMO: 'off',
    // As shipped: one line a request.
    LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'info',
  };
}

// Everybody in the bench comes from one address.
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

async function prepare(env: Record<string, string>, issuer: string): Promise<void> {
  const { services, close } = await openServices(loadConfig({ ...env, LOG_LEVEL: 'silent' }));
  try {
    await applyBrand(services, {
      slug: 'bench',
      name: 'Bench',
      issuer,
      settings,
      algorithms: ['ES256'],
      clients: [
        { kind: 'web', metadata: { client_id: 'shop', redirect_uris: [callback] }, secret: secrets.shop },
        { kind: 'service', metadata: { client_id: 'backend', resource_scopes: [apiScope] }, secret: secrets.backend },
      ],
    });
    const brand = await brands.findBySlug(services.db, 'bench');
    if (!brand) throw new Error('the brand of the bench is missing');
    await register(services, brand, { ...person, byOperator: true });
  } finally {
    await close();
  }
}
