// A tiny server on a port of the system's choice, for one answer (RFC 8252 7.3 and 8.3: the address, not the name localhost).
import { createHash } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const PATIENCE_MS = 10 * 60_000;

export interface Loopback {
  redirectUri: string;
  /** The address the browser came back to, and what to show it then. */
  callback: Promise<{ url: URL; answer: (outcome: 'done' | 'failed') => void }>;
  close(): void;
}

const style =
  ':root{color-scheme:light dark}body{display:grid;place-content:center;min-height:100dvh;margin:0;padding:1rem;background:light-dark(#f4f1ec,#16181b);color:light-dark(#26221d,#eceae6);font:1.125rem/1.5 system-ui,sans-serif;text-align:center}main{padding:2.5rem;max-width:26rem;border-radius:1rem;background:linear-gradient(light-dark(#a8431f,#e58a62) .375rem,light-dark(#fff,#212429) 0);box-shadow:0 .5rem 2rem #0002}h1{margin:0 0 .75rem;font-size:1.75rem;line-height:1.2;text-wrap:balance}p{margin:0}';
const styleHash = createHash('sha256').update(style).digest('base64');

const pages = {
  done: ['You’re signed in', 'Go back to your terminal. You can close this window.'],
  failed: ['That didn’t work', 'Your terminal says why. You can close this window.'],
} as const;

export async function waitForCallback(): Promise<Loopback> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { callback, stopWaiting } = firstCallback(server, origin);
  // A person who never comes back is no unhandled rejection.
  callback.catch(() => {});
  const close = () => {
    stopWaiting();
    server.close();
    server.closeIdleConnections();
  };
  return { redirectUri: `${origin}/callback`, callback, close };
}

function firstCallback(server: Server, origin: string) {
  let stopWaiting = () => {};
  const callback: Loopback['callback'] = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('Nobody came back within ten minutes.')), PATIENCE_MS);
    stopWaiting = () => clearTimeout(timer);
    server.on('request', (request, response) => {
      const url = URL.parse(request.url ?? '/', origin);
      // Browsers also ask for an icon, and strangers on this machine may knock.
      if (url?.pathname !== '/callback' || !url.searchParams.has('state')) return void response.writeHead(404).end();
      resolve({ url, answer: (outcome) => answer(response, outcome) });
    });
  });
  return { callback, stopWaiting: () => stopWaiting() };
}

function answer(response: ServerResponse, outcome: keyof typeof pages): void {
  const [heading, text] = pages[outcome];
  response.writeHead(outcome === 'done' ? 200 : 400, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    connection: 'close',
  });
  response.end(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${heading}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main>
<h1>${heading}</h1>
<p>${text}</p>
</main>
</body>
</html>
`);
}
