// What one connection may cost, and an end that loses no request (security.md 3.16, 3.23, 3.24).
import http from 'node:http';
import net from 'node:net';
import Koa from 'koa';
import { type RunningServer, startServer } from '../../src/server.ts';
import { exchange, rawExchange } from '../support/exchange.ts';

let running: RunningServer;
let release: () => void;
let arrived: Promise<void>;

beforeEach(async () => {
  const koa = new Koa();
  koa.silent = true;
  let arrive: () => void = () => {};
  arrived = new Promise((resolve) => {
    arrive = resolve;
  });
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  koa.use(async (ctx) => {
    if (ctx.path === '/slow') {
      arrive();
      await gate;
    }
    ctx.body = ctx.path === '/large' ? 'x'.repeat(1024 * 1024) : 'done';
  });
  running = await startServer({ koa } as unknown as Parameters<typeof startServer>[0], { host: 'localhost', port: 0 });
});
afterEach(async () => {
  release();
  await running.close(100);
});

const url = (path = '/') => `http://localhost:${running.port}${path}`;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test('the bounds are those of the plan', () => {
  const { server } = running;
  expect({ headers: server.headersTimeout, request: server.requestTimeout, idle: server.keepAliveTimeout }).toEqual({
    headers: 10_000,
    request: 30_000,
    idle: 5_000,
  });
  expect(server.maxConnections).toBeGreaterThan(0);
});

test('headers of up to 16 KiB are read, longer ones are 431', async () => {
  expect((await exchange(url(), { headers: { x: 'a'.repeat(15_000) } })).status).toBe(200);
  expect((await exchange(url(), { headers: { x: 'a'.repeat(17_000) } })).status).toBe(431);
  expect((await rawExchange(running.port, `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`)).status).toBe(431);
});

const long = process.env.PORTICO_TEST_LONG === '1';

test(
  'whoever sends headers a byte at a time is sent away, and nobody else notices',
  async () => {
    // In short form the server is told to be less patient; the mechanism is the same.
    if (!long) running.server.headersTimeout = 600;
    const patience = running.server.headersTimeout;
    const usual = await median();
    const slow = Array.from({ length: 50 }, () => trickle());
    const started = performance.now();
    // Milliseconds of one answer say more about the machine than about the server; those of the middle one are compared.
    expect(await median()).toBeLessThan(10 * usual + 20);
    const ends = await Promise.all(slow);
    // Node looks for late connections every connectionsCheckingInterval.
    expect(performance.now() - started).toBeLessThan(patience + 6_000);
    for (const status of ends) expect([0, 408]).toContain(status);
  },
  long ? 60_000 : 20_000,
);

/** Milliseconds of the middle of eleven answers. */
async function median(): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 11; round += 1) {
    const answer = await exchange(url());
    expect(answer.status).toBe(200);
    times.push(answer.milliseconds);
  }
  return times.sort((one, other) => one - other)[5] as number;
}

/** Sends a byte of a header every 50 ms. @returns the status of the answer when the server ends it, 0 without one. */
function trickle(): Promise<number> {
  return new Promise((resolve) => {
    let received = '';
    const socket = net.connect(running.port, 'localhost', () => socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nX: '));
    const timer = setInterval(() => socket.write('a'), 50);
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(timer);
      resolve(Number(/HTTP\/1\.1 (\d+)/.exec(received)?.[1] ?? 0));
    });
  });
}

test('a few requests sent in a row are answered in their order, a thousand close the connection', async () => {
  const few = await rawExchange(running.port, `${line('/').repeat(9)}${line('/', 'Connection: close\r\n')}`);
  expect(few.body.match(/HTTP\/1\.1 200/g)).toHaveLength(9);
  const started = performance.now();
  expect((await rawExchange(running.port, line('/').repeat(1_000))).status).toBe(0);
  expect(performance.now() - started).toBeLessThan(1_000);
  expect((await exchange(url())).status).toBe(200);
});

const line = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;

test('whoever takes no answers is sent away', async () => {
  expect(running.server.timeout).toBe(30_000);
  running.server.timeout = 300;
  const socket = net.connect(running.port, 'localhost').pause();
  socket.on('error', () => {});
  const ended = new Promise((resolve) => socket.once('close', resolve));
  const connections = () => new Promise<number>((resolve) => running.server.getConnections((_error, count) => resolve(count)));
  // Each waits for the one before, as long as the server takes them and its answers go nowhere.
  const asking = setInterval(() => socket.writableLength === 0 && socket.write(line('/large')), 1);
  const deadline = performance.now() + 15_000;
  while ((await connections()) === 0) await pause(10);
  while ((await connections()) > 0 && performance.now() < deadline) await pause(20);
  clearInterval(asking);
  expect(await connections()).toBe(0);
  socket.destroy();
  await ended;
}, 20_000);

test('a request in flight is answered after the server began to stop', async () => {
  const answer = exchange(url('/slow'));
  await arrived;
  const closed = running.close(5_000);
  await pause(50);
  await expect(exchange(url())).rejects.toThrow(/ECONNREFUSED/);
  release();
  expect(await answer).toMatchObject({ status: 200, body: 'done' });
  await closed;
});

test('a connection kept alive does not hold up the end: after its answer it closes', async () => {
  const agent = new http.Agent({ keepAlive: true });
  const get = (path: string) =>
    new Promise<http.IncomingMessage>((resolve, reject) => {
      http.get(url(path), { agent }, (response) => response.resume().on('end', () => resolve(response))).on('error', reject);
    });
  await get('/');
  const slow = get('/slow');
  await arrived;
  const started = performance.now();
  const closed = running.close(5_000);
  release();
  expect((await slow).statusCode).toBe(200);
  await closed;
  expect(performance.now() - started).toBeLessThan(1_000);
  agent.destroy();
});

test('what does not end in time is ended', async () => {
  const answer = exchange(url('/slow')).catch((error: Error) => error);
  await arrived;
  const started = performance.now();
  await running.close(200);
  expect(performance.now() - started).toBeLessThan(1_000);
  expect(await answer).toMatchObject({ code: 'ECONNRESET' });
});

test('closing twice is closing once', async () => {
  await Promise.all([running.close(100), running.close(100)]);
});
