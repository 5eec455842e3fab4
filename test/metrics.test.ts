// What a collector reads from a running server: every number that docs/operations/README.md speaks of, and nobody's words among them.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { applyBrand } from '../src/flows/admin/apply-brand.ts';
import { createKeyring } from '../src/keyring.ts';
import * as outbox from '../src/storage/outbox.ts';
import { clientsOfTest, party } from './support/clients.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { exchange } from './support/exchange.ts';
import { Browser } from './support/http-browser.ts';
import { mailSamples } from './support/mail-samples.ts';
import { freePort } from './support/portico.ts';
import { type ServerProcess, startServerProcess } from './support/server-process.ts';
import { openWire, type Wire } from './support/tcp-proxy.ts';

const secret = 'a root secret of a test, longer than thirty-two characters';
const keyring = createKeyring(secret);

let database: TestDatabase;
let wire: Wire;
let issuer: string;
let collected: string;
let server: ServerProcess;
let brandId: number;

beforeAll(async () => {
  database = await createTestDatabase();
  wire = await openWire(database.url);
  issuer = `http://localhost:${await freePort()}`;
  const metricsPort = await freePort();
  collected = `http://localhost:${metricsPort}/metrics`;
  const brand = { slug: 'nightfall', name: 'Nightfall Records', issuer, clients: clientsOfTest, algorithms: ['ES256'] as const };
  brandId = (await applyBrand({ db: database.db, keyring }, brand)).brand.id;
  server = await startServerProcess(issuer, {
    NODE_ENV: 'test',
    PORT: new URL(issuer).port,
    METRICS_PORT: String(metricsPort),
    DATABASE_URL: wire.url,
    PORTICO_SECRET: secret,
    PORTICO_DEMO: 'off',
    LOG_LEVEL: 'info',
  });
});
afterAll(async () => {
  await server.kill();
  await wire.close();
  await database.close();
});

interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** The text format, line by line (https://prometheus.io/docs/instrumenting/exposition_formats/). */
async function collect(): Promise<Sample[]> {
  const { status, headers, body } = await exchange(collected);
  expect([status, headers['content-type']]).toEqual([200, expect.stringMatching(/^text\/plain; version=0\.0\.4/)]);
  const lines = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [, name = '', labels = '', value] = /^([a-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/i.exec(line) ?? [];
    if (value === undefined) throw new Error(`not a sample: ${line}`);
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', text = '']) => [key, text]);
    return { name, labels: Object.fromEntries(pairs), value: Number(value) };
  });
}

const sumOf = (samples: Sample[], name: string, labels: Record<string, string> = {}) =>
  samples
    .filter((sample) => sample.name === name && Object.entries(labels).every(([key, text]) => sample.labels[key] === text))
    .reduce((sum, { value }) => sum + value, 0);

test('a sign-in that fails and one that succeeds are counted by what became of them', async () => {
  const shop = await party(issuer, 'shop');
  const { register } = await import('../src/flows/register.ts');
  const { createHasher } = await import('../src/hasher.ts');
  const { findBySlug } = await import('../src/storage/brands.ts');
  const hasher = createHasher({ concurrency: 1 });
  const [email, password] = ['ada@nightfall.example', 'tremolo cassette 47'];
  const brand = await findBySlug(database.db, 'nightfall');
  await register({ db: database.db, keyring, hasher }, brand!, { email, password, byOperator: true });
  const browser = new Browser(issuer);
  const page = await browser.get((await shop.begin()).url);
  const refused = await browser.submit(page, page.form('login'), { email, password: 'another word 5' });
  await browser.submit(refused, refused.form('login'), { email, password });
  const samples = await collect();
  expect(sumOf(samples, 'portico_flows_total', { flow: 'login', outcome: 'wrong_credentials' })).toBe(1);
  expect(sumOf(samples, 'portico_flows_total', { flow: 'login', outcome: 'ok' })).toBe(1);
  expect(sumOf(samples, 'portico_flow_seconds_count', { flow: 'login' })).toBe(2);
  const posts = { route: '/interaction/:id', method: 'POST' };
  expect(sumOf(samples, 'portico_request_seconds_count', { ...posts, outcome: '4xx' })).toBe(1);
  expect(sumOf(samples, 'portico_request_seconds_count', { ...posts, outcome: '3xx' })).toBe(1);
  expect(sumOf(samples, 'portico_statement_seconds_count', { kind: 'select', outcome: 'ok' })).toBeGreaterThan(3);
  expect(sumOf(samples, 'portico_statement_seconds_count', { kind: 'commit', outcome: 'ok' })).toBeGreaterThan(0);
  // There from the start, so that the first one is an increase.
  expect(samples.filter(({ name, labels }) => name === 'portico_flows_total' && labels.outcome === 'fault')).toHaveLength(3);
  expect(samples.find(({ name }) => name === 'portico_faults_total')?.value).toBe(0);
  expect(sumOf(samples, 'portico_hashes_running')).toBe(0);
  expect(sumOf(samples, 'portico_connections', { state: 'idle' })).toBeGreaterThan(0);
  // The collector's own questions are not among them.
  expect(sumOf(samples, 'portico_connections', { state: 'waiting' })).toBe(0);
  expect(sumOf(samples, 'portico_connections', { state: 'used' })).toBe(0);
  expect(sumOf(samples, 'portico_statement_seconds_count', { kind: 'connect', outcome: 'ok' })).toBeGreaterThan(0);
  expect(sumOf(samples, 'process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
});

test('what waits in the outbox is told with its age, and what was done with its task', async () => {
  // Without a mail server a mail is tried again and again.
  await outbox.addMail(database.db, keyring, brandId, mailSamples(issuer, 'en', 'ada@nightfall.example').verify_email);
  let samples: Sample[] = [];
  const deadline = performance.now() + 10_000;
  while (sumOf(samples, 'portico_job_seconds_count', { task: 'mail', outcome: 'failed' }) === 0) {
    expect(performance.now()).toBeLessThan(deadline);
    samples = await collect();
  }
  // It is not due before its pause is over, and late all the same.
  await database.db.pool.query(
    "update graphile_worker._private_jobs set created_at = now() - interval '10 minutes', run_at = now() + interval '1 hour'",
  );
  samples = await collect();
  expect(sumOf(samples, 'portico_jobs_waiting', { task: 'mail' })).toBe(1);
  expect(sumOf(samples, 'portico_job_lag_seconds', { task: 'mail' })).toBeGreaterThanOrEqual(600);
  // Nobody here knows this task, so that it waits: as when every process that could do it is away.
  await database.db.pool.query("select graphile_worker.add_job('of_another_version', run_at => now() - interval '1 hour')");
  samples = await collect();
  expect(sumOf(samples, 'portico_jobs_waiting', { task: 'of_another_version' })).toBe(1);
  expect(sumOf(samples, 'portico_job_lag_seconds', { task: 'of_another_version' })).toBeGreaterThanOrEqual(3_600);
});

/** Hangs up before the body that was announced. */
async function givenUp(path: string): Promise<void> {
  const { host, port } = new URL(issuer);
  const socket = net.connect(Number(port), 'localhost');
  await once(socket, 'connect');
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 50\r\n\r\na=b`,
  );
  await new Promise((resolve) => setTimeout(resolve, 200));
  socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 200));
}

test('whoever hangs up is counted where they were', async () => {
  await givenUp('/interaction/abc');
  const samples = await collect();
  expect(sumOf(samples, 'portico_request_seconds_count', { route: '/interaction/:id', outcome: 'aborted' })).toBe(1);
});

test('strangers’ paths, methods and brands make no numbers of their own', async () => {
  const before = new Set((await collect()).map(({ labels }) => labels.route));
  for (let index = 0; index < 60; index += 1) {
    await exchange(`${issuer}/${'auth/token/me/jwks/'.slice(0, 5 + (index % 14))}${index}`);
    await exchange(`${issuer}/userinfo/auth/${index % 2 ? 'jwks' : 'session'}/token`);
  }
  await exchange(`${issuer}/jwks`, { method: 'PROPFIND' });
  await exchange(`${issuer}/token/account/jwks?%00`);
  for (const path of ['/token/me', '/auth/jwks/token']) await exchange(`${issuer}${path}?${'a&'.repeat(120)}`);
  await givenUp('/account/token/session');
  const samples = await collect();
  const added = [...new Set(samples.map(({ labels }) => labels.route))].filter((route) => !before.has(route));
  expect(added.filter((route) => route !== 'none' && route !== '/jwks')).toEqual([]);
  const words = new Set(samples.flatMap(({ labels }) => Object.values(labels)));
  expect([...words].filter((word) => /ada|nightfall|PROPFIND|localhost/.test(word))).toEqual([]);
});

test('while the database is away it says so, and the collector is still answered', async () => {
  wire.freeze();
  const samples = await collect();
  expect(sumOf(samples, 'portico_database_up')).toBe(0);
  expect(samples.filter(({ name }) => name === 'portico_database_up')).toHaveLength(1);
  expect(samples.filter(({ name }) => name.startsWith('portico_job_lag'))).toEqual([]);
  await wire.mend();
  while ((await exchange(`${issuer}/readyz`)).status !== 200) await new Promise((resolve) => setTimeout(resolve, 50));
}, 30_000);

test('on its port is nothing else, and nothing of it on the other', async () => {
  const { origin } = new URL(collected);
  for (const [method, path] of [
    ['GET', '/'],
    ['GET', '/readyz'],
    ['POST', '/metrics'],
    ['GET', '/metrics?x'],
  ] as const)
    expect((await exchange(origin + path, { method })).status).toBe(404);
  expect((await exchange(`${issuer}/metrics`)).status).toBe(404);
});

test('the manual, the dashboard and the alerts speak of numbers that exist, and the manual of all of ours', async () => {
  const names = new Set((await collect()).map(({ name }) => name.replace(/_(bucket|sum|count)$/, '')));
  const ours = [...names].filter((name) => name.startsWith('portico_'));
  const files = ['docs/operations/README.md', 'docs/operations/dashboard.json', 'docs/operations/alerts.yml'];
  // Roles and databases of the manual.
  const others = ['portico_app', 'portico_next', 'portico_restored'];
  // Only while something waits.
  const sometimes = ['portico_jobs_waiting', 'portico_job_lag_seconds'];
  for (const file of files) {
    const told = [...readFileSync(file, 'utf8').matchAll(/\b(?:portico|process|nodejs)_[a-z0-9_]+/g)].map(([name]) => name);
    const unknown = told
      .map((name) => name.replace(/_(bucket|sum|count)$/, ''))
      .filter((name) => !names.has(name) && ![...sometimes, ...others].includes(name));
    expect([file, [...new Set(unknown)]]).toEqual([file, []]);
  }
  const manual = readFileSync('docs/operations/README.md', 'utf8');
  expect([...ours, ...sometimes].filter((name) => !manual.includes(name))).toEqual([]);
});
