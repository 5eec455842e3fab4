// The other end of a redirect URI: notes how the browser came back.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CallbackServer {
  url: string;
  /** What came to /callback, the parameters of a form included. */
  received: { method: string; parameters: URLSearchParams }[];
  close(): Promise<void>;
}

/** `forwardTo`: where the app sends the browser after its callback. */
export async function startCallbackServer(forwardTo?: () => string | undefined): Promise<CallbackServer> {
  const received: CallbackServer['received'] = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    let body = '';
    for await (const chunk of request) body += chunk;
    if (url.pathname === '/callback') {
      received.push({ method: request.method ?? '', parameters: request.method === 'POST' ? new URLSearchParams(body) : url.searchParams });
    }
    const location = url.pathname === '/callback' ? forwardTo?.() : undefined;
    response.writeHead(location ? 302 : 200, { 'content-type': 'text/html', ...(location ? { location } : {}) });
    response.end('<!doctype html><title>App</title><link rel="icon" href="data:,"><h1>Back at the app</h1>');
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://localhost:${(server.address() as AddressInfo).port}`, received, close };
}
