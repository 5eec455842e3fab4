// Development only: two brands to look at and the app of a shop that signs people in. Nothing here runs in production.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { readBrandFiles } from './brand-files.ts';
import type { Config } from './config.ts';
import type { Brand } from './domain/brands.ts';
import type { ClientMetadata } from './domain/clients.ts';
import { type ApplyBrand, applyBrand } from './flows/admin/apply-brand.ts';
import type { Services } from './services.ts';
import * as brands from './storage/brands.ts';
import * as clients from './storage/clients.ts';

export interface DemoApp {
  url: string;
  stop(): void;
}

export const demoBrands = ['demo', 'harbour'] as const;

/** Creates the demo brands at the first start. From then on the tables are the truth, but for the addresses: PORT and DEMO_PORT may change. */
export async function applyDemoBrands(services: Services): Promise<void> {
  const { config, db } = services;
  for (const slug of demoBrands) {
    const files = readBrandFiles(join(config.projectFolder, 'config/brands', slug), {
      publicUrl: config.publicUrl,
      demoUrl: demoUrl(config),
    });
    const demoClients = (files.clients ?? []).map((client) => ({ ...client, secret: demoSecret(services, client.metadata.client_id) }));
    const known = await brands.findBySlug(db, slug);
    if (!known) await applyBrand(services, { ...files, clients: demoClients });
    else if (known.issuer !== files.issuer || !(await knowsDemoApp(services, known, demoClients)))
      await applyBrand(services, { slug, name: known.name, issuer: files.issuer, ...homeOf(files), clients: demoClients });
  }
}

function homeOf({ theme }: ApplyBrand): Pick<ApplyBrand, 'theme'> {
  const home = theme?.links?.home;
  return home ? { theme: { links: { home } } } : {};
}

async function knowsDemoApp({ db }: Services, brand: Brand, wanted: { metadata: ClientMetadata }[]): Promise<boolean> {
  for (const { metadata } of wanted) {
    const client = await clients.find(db, brand.id, metadata.client_id);
    const known = client?.metadata.redirect_uris ?? [];
    if (!metadata.redirect_uris?.every((uri) => known.includes(uri))) return false;
  }
  return true;
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
  // The channel is the lifeline: when this process dies in any way it closes, and the app ends itself.
  const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await new Promise<void>((resolve) => {
    for (const event of ['message', 'exit', 'error']) child.once(event, () => resolve());
  });
  return { url: demoUrl(config), stop: () => void child.kill('SIGTERM') };
}

export function demoUrl(config: Pick<Config, 'demoPort'>): string {
  return `http://localhost:${config.demoPort}`;
}

/** The demo app's secret is derived, not stored, so that it is the same after every start and different on every laptop. */
function demoSecret({ keyring }: Pick<Services, 'keyring'>, clientId: string): string {
  return keyring.key('demo', clientId).toString('base64url');
}
