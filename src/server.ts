// The HTTP server: bounds on what one connection may cost, and an end that loses no request.
import { createServer, type Server } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import type { App } from './app.ts';

export interface RunningServer {
  server: Server;
  port: number;
  /**
   * Stops listening, lets requests in flight finish, then closes what is left after `graceMs`. Idle connections are closed once
   * `idleMs` have passed: a request may be on its way on one of them.
   */
  close(graceMs?: number, idleMs?: number): Promise<void>;
}

export async function startServer({ koa }: Pick<App, 'koa'>, { host, port }: { host?: string; port: number }): Promise<RunningServer> {
  const server = createServer(
    {
      maxHeaderSize: 16 * 1024,
      requestTimeout: 30_000,
      headersTimeout: 10_000,
      keepAliveTimeout: 5_000,
      // How often Node looks for late ones; its default of 30 s would turn ten seconds into forty.
      connectionsCheckingInterval: 2_000,
    },
    koa.callback(),
  );
  server.maxConnections = 10_000;
  server.maxRequestsPerSocket = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host ? { host } : {}) }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return { server, port: (server.address() as AddressInfo).port, close: (graceMs = 8_000, idleMs = 0) => close(server, graceMs, idleMs) };
}

async function close(server: Server, graceMs: number, idleMs: number): Promise<void> {
  const began = performance.now();
  // Node's own close would end idle connections at once.
  const closed = new Promise<void>((resolve) => net.Server.prototype.close.call(server, () => resolve()));
  // A connection that was busy becomes idle after its answer and would be kept alive: whatever is idle goes, again and again.
  const closeIdle = () => performance.now() - began >= idleMs && server.closeIdleConnections();
  closeIdle();
  const idle = setInterval(closeIdle, 50);
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(timer);
  server.close();
}
