// A process is told to stop while people are at it: nobody's request fails, what runs is finished or given back, and it ends in time.
import http from 'node:http';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { applyBrand } from '../../src/flows/admin/apply-brand.ts';
import { createKeyring } from '../../src/keyring.ts';
import * as outbox from '../../src/storage/outbox.ts';
import { clientsOfTest, secrets } from '../support/clients.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { exchange } from '../support/exchange.ts';
import { mailSamples } from '../support/mail-samples.ts';
import { freePort } from '../support/portico.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { startSmtp, type TestSmtp } from '../support/smtp.ts';

const secret = 'a root secret of a test, longer than thirty-two characters';
const keyring = createKeyring(secret);

let database: TestDatabase;
let smtp: TestSmtp;
let issuer: string;
let brandId: number;
let server: ServerProcess;

beforeAll(async () => {
  database = await createTestDatabase();
  smtp = await startSmtp();
  issuer = `http://localhost:${await freePort()}`;
  const brand = { slug: 'nightfall', name: 'Nightfall Records', issuer, clients: clientsOfTest, algorithms: ['ES256'] as const };
  brandId = (await applyBrand({ db: database.db, keyring }, brand)).brand.id;
});
afterEach(() => server.kill());
afterAll(async () => {
  await smtp.stop();
  await database.close();
});

async function start(env: Record<string, string> = {}): Promise<void> {
  server = await startServerProcess(issuer, {
    NODE_ENV: 'test',
    PORT: new URL(issuer).port,
    DATABASE_URL: database.url,
    PORTICO_SECRET: secret,
    PORTICO_DEMO: 'off',
    LOG_LEVEL: 'info',
    SMTP_URL: smtp.url,
    DRAIN_SECONDS: '2',
    ...env,
  });
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`not in time:\n${server.output.join('')}`);
    await pause(20);
  }
}

const basic = `Basic ${btoa(`shop:${encodeURIComponent(secrets.shop ?? '')}`)}`;
const body = 'token=unknown';
const asks = [
  { method: 'GET', path: '/.well-known/openid-configuration', status: 200 },
  { method: 'POST', path: '/token/introspection', status: 200, body, headers: { authorization: basic } },
];

/** Through a library that keeps its connections and believes what the server says of them. @returns the status. */
function ask(agent: http.Agent, { method, path, body, headers }: (typeof asks)[number]): Promise<number> {
  const form = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length };
  return new Promise((resolve, reject) => {
    const request = http.request(issuer + path, { method, agent, headers: { ...form, ...headers } }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

test('under load no request that reached it fails, and it ends in ten seconds', async () => {
  await start();
  const agent = new http.Agent({ keepAlive: true });
  const faults: unknown[] = [];
  let answered = 0;
  let over = false;
  const crowd = Array.from({ length: 8 }, async (_, index) => {
    // Some ask all the time, some now and then, on connections that are idle meanwhile.
    for (let turn = index; !over; turn += 1) {
      const asked = asks[turn % 2] as (typeof asks)[number];
      try {
        const status = await ask(agent, asked);
        if (status !== asked.status) faults.push([asked.path, status]);
        answered += 1;
      } catch (error) {
        faults.push(error);
      }
      await pause(index < 4 ? 5 : 700);
    }
  });
  await pause(1_000);
  const before = answered;
  const began = performance.now();
  const stopped = server.stop();
  await pause(200);
  expect(await exchange(`${issuer}/readyz`)).toMatchObject({
    status: 503,
    body: '{"status":"stopping"}',
    headers: { connection: 'close' },
  });
  expect((await exchange(`${issuer}/healthz`)).status).toBe(200);
  // By now a balancer has heard of it and sends nobody new.
  await pause(1_200);
  over = true;
  expect(await stopped).toBe(0);
  expect(performance.now() - began).toBeLessThan(10_000);
  await Promise.all(crowd);
  agent.destroy();
  expect(faults).toEqual([]);
  expect(answered).toBeGreaterThan(before + 50);
}, 30_000);

test('an idle connection is still answered after the listener is gone', async () => {
  await start();
  const socket = net.connect(Number(new URL(issuer).port), 'localhost');
  const heard: string[] = [];
  socket.on('data', (chunk: Buffer) => heard.push(chunk.toString('latin1')));
  const send = () => socket.write(`GET /jwks HTTP/1.1\r\nHost: ${new URL(issuer).host}\r\n\r\n`);
  send();
  await until(() => heard.join('').includes('"keys"'));
  const stopped = server.stop();
  await pause(3_000);
  await expect(exchange(`${issuer}/jwks`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  heard.length = 0;
  send();
  await until(() => heard.join('').includes('"keys"'));
  expect(heard.join('')).toMatch(/^HTTP\/1\.1 200 .*^connection: close\r$/ims);
  expect(await stopped).toBe(0);
}, 30_000);

test.each([
  ['after the listener is gone', '2', 2_700],
  ['without a drain', '0', 300],
])(
  'a request in flight is finished %s',
  async (_, drain, until) => {
    await start({ DRAIN_SECONDS: drain });
    const whole = 'token=unknown';
    const socket = net.connect(Number(new URL(issuer).port), 'localhost');
    const heard: string[] = [];
    socket.on('data', (chunk: Buffer) => heard.push(chunk.toString('latin1')));
    const lines = ['POST /token/introspection HTTP/1.1', `Host: ${new URL(issuer).host}`, `Authorization: ${basic}`];
    const typed = ['Content-Type: application/x-www-form-urlencoded', `Content-Length: ${whole.length}`];
    socket.write(`${[...lines, ...typed].join('\r\n')}\r\n\r\n${whole.slice(0, 4)}`);
    await pause(200);
    const stopped = server.stop();
    await pause(until);
    await expect(exchange(`${issuer}/jwks`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    socket.write(whole.slice(4));
    expect(await stopped).toBe(0);
    expect(heard.join('')).toMatch(/^HTTP\/1\.1 200 .*"active":false/s);
  },
  30_000,
);

test('what its jobs have in hand is given back, and it ends in time', async () => {
  await start();
  smtp.behave({ hang: 'data', times: 1 });
  await outbox.addMail(database.db, keyring, brandId, mailSamples(issuer, 'en', 'ada@nightfall.example').verify_email);
  await until(() => smtp.held === 1);
  const began = performance.now();
  expect(await server.stop()).toBe(0);
  expect(performance.now() - began).toBeLessThan(10_000);
  const { rows } = await database.db.pool.query('select locked_by from graphile_worker._private_jobs where locked_by is not null');
  expect(rows).toEqual([]);
  await start();
  await smtp.next('ada@nightfall.example', 20_000);
}, 60_000);

test('without a balancer nobody waits: Ctrl-C ends it at once', async () => {
  await start({ DRAIN_SECONDS: '0' });
  const agent = new http.Agent({ keepAlive: true });
  expect(await ask(agent, asks[0] as (typeof asks)[number])).toBe(200);
  const began = performance.now();
  expect(await server.stop()).toBe(0);
  expect(performance.now() - began).toBeLessThan(3_000);
  agent.destroy();
}, 30_000);
