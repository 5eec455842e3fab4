// A single-page app at an origin of its own: static files alone, under the policy such an app needs.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

export interface SinglePageApp {
  origin: string;
  /** Who its users sign in with; has to be known before its first page. */
  signInAt(issuer: string, clientId: string): void;
  close(): Promise<void>;
}

const read = (path: string) => readFileSync(fileURLToPath(new URL(path, import.meta.url)));
const files: Record<string, { type: string; body: Buffer }> = {
  '/': { type: 'text/html', body: read('single-page-app/index.html') },
  '/app.js': { type: 'text/javascript', body: read('single-page-app/app.js') },
  '/oidc-client-ts.js': { type: 'text/javascript', body: read('../../node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js') },
};

export async function startSinglePageApp(host: 'localhost' | '127.0.0.1'): Promise<SinglePageApp> {
  let settings = { authority: '', client_id: '' };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    response.setHeader('content-security-policy', policy(settings.authority));
    if (pathname === '/settings.json') return response.setHeader('content-type', 'application/json').end(JSON.stringify(settings));
    const file = files[pathname === '/callback' ? '/' : pathname];
    if (!file) return response.writeHead(404).end();
    return response.setHeader('content-type', `${file.type}; charset=utf-8`).end(file.body);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    origin: `http://${host}:${(server.address() as AddressInfo).port}`,
    signInAt(issuer, clientId) {
      settings = { authority: issuer, client_id: clientId };
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function policy(issuer: string): string {
  const { origin } = new URL(issuer || 'http://localhost');
  return `default-src 'none'; script-src 'self'; connect-src 'self' ${origin}; frame-src 'self' ${origin}; img-src data:; base-uri 'none'`;
}
