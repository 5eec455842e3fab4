// The demo app as a process of its own beside a Portico in the test, with the demo brands' files.
import { fileURLToPath } from 'node:url';
import { readBrandFiles } from '../../src/brand-files.ts';
import { listening, startProcess } from './example-process.ts';
import { freePort, limits, type RunningPortico, startPortico } from './portico.ts';

const slugs = ['demo', 'harbour'];
const secret = 'the secret of the demo app';

export interface DemoSite {
  portico: RunningPortico;
  /** Roast & Co.; Harbour is at `/harbour`. */
  url: string;
  stop(): Promise<void>;
}

export async function startDemoSite(): Promise<DemoSite> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  // As shipped: a newcomer goes through the mail.
  const portico = await startPortico({
    settings: { limits, emailVerification: { pages: 'before' } },
    brands: slugs.map((slug) => brandFrom(slug, url)),
  });
  const sites = slugs.map((slug) => ({
    path: pathOf(slug),
    issuer: portico.issuers[slug],
    clientId: `${slug}-web-app`,
    clientSecret: secret,
  }));
  const app = startProcess('examples/web-app/main.ts', { env: { PORT: String(port), SITES: JSON.stringify(sites) } });
  const stop = async () => {
    await app.stop();
    await portico.stop();
  };
  await listening(url);
  return { portico, url, stop };
}

function brandFrom(slug: string, demoUrl: string) {
  const folder = fileURLToPath(new URL(`../../config/brands/${slug}`, import.meta.url));
  const {
    issuer: _issuer,
    settings: _settings,
    clients = [],
    ...files
  } = readBrandFiles(folder, { publicUrl: 'http://localhost', demoUrl });
  return { ...files, path: pathOf(slug), clients: clients.map((client) => ({ ...client, secret })) };
}

function pathOf(slug: string): string {
  return slug === 'demo' ? '' : `/${slug}`;
}
