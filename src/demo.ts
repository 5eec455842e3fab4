// Development only: two brands to look at and the app of a shop that signs people in. Nothing here runs in production.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { readBrandFiles } from './brand-files.ts';
import type { Config } from './config.ts';
import { applyBrand } from './flows/admin/apply-brand.ts';
import type { Services } from './services.ts';
import * as brands from './storage/brands.ts';

export interface DemoApp {
  url: string;
  stop(): void;
}

export const demoBrands = ['demo', 'harbour'] as const;

/** Creates the demo brands at the first start; from then on the tables are the truth. */
export async function applyDemoBrands(services: Services): Promise<void> {
  const { config, db } = services;
  for (const slug of demoBrands) {
    if (await brands.findBySlug(db, slug)) continue;
    const files = readBrandFiles(join(config.projectFolder, 'config/brands', slug), {
      publicUrl: config.publicUrl,
      demoUrl: demoUrl(config),
    });
    const clients = (files.clients ?? []).map((client) => ({ ...client, secret: demoSecret(services, client.metadata.client_id) }));
    await applyBrand(services, { ...files, clients });
  }
}

export async function startDemoApp(services: Services, file: string): Promise<DemoApp> {
  await applyDemoBrands(services);
  const { config } = services;
  const env = {
    PORT: String(config.demoPort),
    SITES: JSON.stringify(
      demoBrands.map((slug) => {
        const clientId = `${slug}-web-app`;
        const path = slug === 'demo' ? '' : `/${slug}`;
        return { path, issuer: config.publicUrl + path, clientId, clientSecret: demoSecret(services, clientId) };
      }),
    ),
  };
  const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'inherit', 'inherit'] });
  return { url: demoUrl(config), stop: () => void child.kill('SIGTERM') };
}

export function demoUrl(config: Pick<Config, 'demoPort'>): string {
  return `http://localhost:${config.demoPort}`;
}

/** The demo app's secret is derived, not stored, so that it is the same after every start and different on every laptop. */
function demoSecret({ keyring }: Pick<Services, 'keyring'>, clientId: string): string {
  return keyring.key('demo', clientId).toString('base64url');
}
