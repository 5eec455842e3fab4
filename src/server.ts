// The HTTP server: bounds on what one connection may cost, and an end that loses no request.
import { createServer, type RequestListener, type Server } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
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
    oneAfterAnother(koa.callback()),
  );
  server.maxConnections = 10_000;
  server.maxRequestsPerSocket = 10_000;
  // Whoever takes no answers keeps no connection; the limits above are for what comes in.
  server.timeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host ? { host } : {}) }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return { server, port: (server.address() as AddressInfo).port, close: (graceMs = 8_000, idleMs = 0) => close(server, graceMs, idleMs) };
}

/** How many requests of one connection may wait for their answers. Browsers and HTTP libraries send the next one after the answer. */
const WAITING = 16;

/** A thousand requests sent in a row (RFC 9112 9.3.2) would be begun in one go, before anybody else's: such a connection is closed. */
function oneAfterAnother(handle: RequestListener): RequestListener {
  const waiting = new WeakMap<Socket, number>();
  const add = (socket: Socket, count: number) => waiting.set(socket, (waiting.get(socket) ?? 0) + count);
  return (request, response) => {
    const { socket } = request;
    if (socket.destroyed) return;
    add(socket, 1);
    if ((waiting.get(socket) ?? 0) > WAITING) return void socket.destroy();
    response.once('close', () => add(socket, -1));
    handle(request, response);
  };
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
