// The numbers of this process on a port of their own, which people's requests never reach: GET /metrics, in Prometheus' text format.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Reading, startMetrics } from './metrics.ts';
import type { Services } from './services.ts';
import type { Database } from './storage/database.ts';
import * as health from './storage/health.ts';
import * as outbox from './storage/outbox.ts';

export interface MetricsServer {
  port: number;
  close(): Promise<void>;
}

export interface MetricsOptions {
  host?: string;
  port: number;
  jobsPool: Database['pool'];
  version: string;
}

/** @throws what Node says when the port is taken. */
export async function startMetricsServer(services: Services, { host, port, jobsPool, version }: MetricsOptions): Promise<MetricsServer> {
  const registry = startMetrics(readingsOf(services, jobsPool, version));
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.url !== '/metrics' || request.method !== 'GET') return void response.writeHead(404).end();
    try {
      const text = await registry.metrics();
      response.writeHead(200, { 'content-type': registry.contentType }).end(text);
    } catch (error) {
      services.log.error({ err: error, event: 'metrics_failed' });
      response.writeHead(500).end();
    }
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host && { host }) }, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function readingsOf(services: Services, jobsPool: Database['pool'], version: string): Reading[] {
  const { db, hasher } = services;
  const backlog = shared(() => outbox.backlog(db));
  const byTask = async (member: 'waiting' | 'lag') => {
    const rows = await backlog();
    return rows && Object.fromEntries(rows.map((row) => [row.task, row[member]]));
  };
  return [
    // First, or they would count the questions below.
    ...connections('portico_connections', 'for requests', db.pool),
    ...connections('portico_job_connections', 'for jobs', jobsPool),
    { name: 'portico_info', help: 'Always 1; the label is the version.', label: 'version', read: () => ({ [version]: 1 }) },
    {
      name: 'portico_database_up',
      help: '1 when the database answers and takes writes, else 0.',
      read: async () => ({ '': Number((await shortly(health.check(db)))?.writable ?? false) }),
    },
    { name: 'portico_hashes_running', help: 'Password hashes computed at this moment.', read: () => ({ '': hasher.load.running }) },
    {
      name: 'portico_hashes_waiting',
      help: 'Sign-ins and registrations in the queue for hashing.',
      read: () => ({ '': hasher.load.waiting }),
    },
    {
      name: 'portico_jobs_waiting',
      help: 'Jobs that are due and nobody is at, in the whole installation.',
      label: 'task',
      read: () => byTask('waiting'),
    },
    {
      name: 'portico_job_lag_seconds',
      help: 'How long the first of the waiting jobs has been due, in the whole installation.',
      label: 'task',
      read: () => byTask('lag'),
    },
  ];
}

function connections(name: string, whose: string, pool: Database['pool']): Reading[] {
  const read = () => ({ used: pool.totalCount - pool.idleCount, idle: pool.idleCount, waiting: pool.waitingCount });
  return [{ name, help: `Connections to the database ${whose}: used, idle, and requests waiting for one.`, label: 'state', read }];
}

/** Two numbers of one statement. */
function shared<Rows>(ask: () => Promise<Rows>): () => Promise<Rows | undefined> {
  let asked: Promise<Rows | undefined> | undefined;
  return () => {
    asked ??= shortly(ask()).finally(() => {
      asked = undefined;
    });
    return asked;
  };
}

// A collector gives up after a few seconds, and then knows nothing at all.
const PATIENCE_MS = 1_200;

/** `undefined` while the database is away or says nothing. */
function shortly<Result>(asked: Promise<Result>): Promise<Result | undefined> {
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE_MS, undefined).unref());
  return Promise.race([asked.catch(() => undefined), late]);
}
