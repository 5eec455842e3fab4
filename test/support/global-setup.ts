// One PostgreSQL per run of the tests, with a migrated template that every test file copies.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/storage/embedded.ts';
import { migrate } from '../../src/storage/migrate.ts';

declare global {
  /** What the teardown undoes; setup and teardown share the process, not the module. */
  var porticoTestRun: { finish: () => Promise<void> } | undefined;
}

export default async function setUp(): Promise<void> {
  const server = process.env.DATABASE_URL ? { url: process.env.DATABASE_URL, stop: async () => {} } : await ownServer();
  const template = `portico_template_${process.pid}`;
  try {
    await migrateTemplate(server.url, template);
  } catch (error) {
    await server.stop();
    throw error;
  }
  process.env.PORTICO_TEST_SERVER = server.url;
  process.env.PORTICO_TEST_TEMPLATE = template;
  globalThis.porticoTestRun = {
    finish: async () => {
      await onServer(server.url, `drop database if exists ${template} with (force)`);
      await server.stop();
    },
  };
}

async function migrateTemplate(server: string, template: string): Promise<void> {
  await onServer(server, `create database ${template}`);
  const url = new URL(server);
  url.pathname = `/${template}`;
  await migrate({ url: url.href });
}

async function ownServer(): Promise<EmbeddedPostgres> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'portico-test-'));
  // When root runs the tests, PostgreSQL runs as another account and has to pass through.
  chmodSync(dataFolder, 0o711);
  const server = await startEmbeddedPostgres({ dataFolder, log: () => {}, throwaway: true });
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
