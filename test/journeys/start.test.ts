// `npm start` as a newcomer runs it: what is printed works, and nothing is left behind when it is killed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config.ts';
import { startDemoApp } from '../../src/demo.ts';
import { createKeyring } from '../../src/keyring.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { openStrictPooler } from '../storage/strict-pooler.ts';
import { createEmptyDatabase } from '../support/database.ts';
import { type ExampleProcess, eventually, listening, startProcess } from '../support/example-process.ts';
import { exchange } from '../support/exchange.ts';
import { Browser } from '../support/http-browser.ts';
import { keptDigits, typeCode } from '../support/mails.ts';
import { newEmail, password } from '../support/people.ts';
import { freePort } from '../support/portico.ts';

let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
let dataFolder: string;
const started: ExampleProcess[] = [];

beforeAll(async () => {
  database = await createEmptyDatabase();
  dataFolder = mkdtempSync(join(tmpdir(), 'portico-start-'));
});
afterAll(async () => {
  for (const { child } of started) child.kill('SIGKILL');
  await Promise.all(started.map(({ ended }) => ended));
  await database.drop();
  rmSync(dataFolder, { recursive: true, force: true });
});

async function start(port: number, demoPort: number): Promise<ExampleProcess> {
  const env = { PORT: String(port), DEMO_PORT: String(demoPort), DATABASE_URL: database.url, PORTICO_DATA: dataFolder };
  const portico = startProcess('src/main.ts', { env });
  started.push(portico);
  await portico.prints(/Portico is ready/);
  return portico;
}

async function enter(browser: Browser, demoUrl: string, action: 'login' | 'register', email: string): Promise<string> {
  const page = await browser.get(`${demoUrl}/sign-in`);
  const next = await browser.submit(page, page.form(action), { email, password, consent_terms: 'yes' });
  // From the second time on the demo brand has a few questions.
  if (action === 'login') return (await browser.submit(next, next.form('skip'))).text;
  return (await typeCode(browser, next, await keptDigits(join(dataFolder, 'mail'), email))).text;
}

test('a newcomer joins; after kill -9 nothing listens; on other ports everything works again', async () => {
  const email = newEmail();
  const [port, demoPort] = [await freePort(), await freePort()];
  const first = await start(port, demoPort);
  expect(first.output()).toContain(`Demo app   http://localhost:${demoPort}`);
  const demoUrl = `http://localhost:${demoPort}`;
  const browser = new Browser(`http://localhost:${port}`, demoUrl);
  expect(await enter(browser, demoUrl, 'register', email)).toContain(`You’re signed in as ${email}`);

  await first.stop('SIGKILL');
  await listening(demoUrl, false);

  const [otherPort, otherDemoPort] = [await freePort(), await freePort()];
  const second = await start(otherPort, otherDemoPort);
  const otherUrl = `http://localhost:${otherDemoPort}`;
  const again = new Browser(`http://localhost:${otherPort}`, otherUrl);
  expect(await enter(again, otherUrl, 'login', email)).toContain(`You’re signed in as ${email}`);
  await second.stop();
  await listening(otherUrl, false);
}, 60_000);

/** A start of its own: what is printed is the test's to wait for. */
async function begin(env: Record<string, string>): Promise<ExampleProcess> {
  const portico = startProcess('src/main.ts', { env: { PORT: String(await freePort()), PORTICO_DATA: dataFolder, ...env } });
  started.push(portico);
  return portico;
}

test('when the port of the demo app is taken this is said, and Portico goes on without announcing the app', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, 'localhost', resolve));
  const { port } = other.address() as AddressInfo;
  const portico = await begin({ DATABASE_URL: database.url, DEMO_PORT: String(port) });
  await portico.prints(/Portico is ready/);
  expect(portico.output()).toContain(`The demo app was not started: port ${port} is in use.`);
  expect(portico.output()).toContain('DEMO_PORT=');
  expect(portico.output()).not.toContain('Demo app ');
  await portico.stop();
  await new Promise((resolve) => other.close(resolve));
}, 30_000);

test('a demo app that ends at once is said to have ended', async () => {
  const config = loadConfig({ NODE_ENV: 'test', PORTICO_SECRET: 'x'.repeat(40), DEMO_PORT: String(await freePort()) });
  const services = { config, keyring: createKeyring(config.secret) };
  const file = join(dataFolder, 'broken.ts');
  writeFileSync(file, 'process.exit(3);');
  await expect(startDemoApp(services, file)).rejects.toThrow('The demo app was not started: it ended at once, with exit code 3.');
});

test('a second start beside a running one says where that is and takes nothing from it', async () => {
  const empty = await createEmptyDatabase();
  const [port, demoPort] = [await freePort(), await freePort()];
  const shared = { DATABASE_URL: empty.url };
  const first = await begin({ ...shared, PORT: String(port), DEMO_PORT: String(demoPort) });
  await first.prints(/Portico is ready/);
  const elsewhere = await begin({ ...shared, DEMO_PORT: String(await freePort()) });
  expect(await elsewhere.ended).toBe(1);
  expect(elsewhere.output()).toContain(`Portico already runs on this database, at http://localhost:${port}.`);
  expect(elsewhere.output()).not.toContain('    at ');
  const samePort = await begin({ ...shared, PORT: String(port), DEMO_PORT: String(demoPort) });
  expect(await samePort.ended).toBe(1);
  expect(samePort.output()).toMatch(/Port \d+ is in use\. Portico already runs on this database/);
  expect((await fetch(`http://localhost:${port}/.well-known/openid-configuration`)).status).toBe(200);
  // In development another name of this machine leads to the one that works; a stranger's does not.
  const at = (host: string) => exchange(`http://localhost:${port}/harbour?x=1`, { headers: { host } });
  const { status, headers } = await at(`127.0.0.1:${port}`);
  expect([status, headers.location]).toEqual([302, `http://localhost:${port}/harbour?x=1`]);
  expect((await at(`evil.example:${port}`)).status).toBe(421);
  await first.stop();
  await empty.drop();
}, 60_000);

test('a start mends the demo app whose secret was rotated, and another PORTICO_SECRET is refused and changes nothing', async () => {
  const empty = await createEmptyDatabase();
  const env = { DATABASE_URL: empty.url, PORT: String(await freePort()), DEMO_PORT: String(await freePort()) };
  const secretsOf = async () => {
    const db = openDatabase({ url: empty.url, max: 1 });
    const { rows } = await db.pool.query("select secrets from portico.clients where client_id = 'demo-web-app'");
    await db.close();
    return rows[0].secrets as { digest: string; expires_at: string | null }[];
  };
  const first = await begin(env);
  await first.prints(/Portico is ready/);
  await first.stop();
  const [original] = await secretsOf();
  const rotate = startProcess('src/cli/main.ts', {
    args: ['client', 'rotate-secret', 'demo-web-app', '--brand', 'demo'],
    env: { ...env, PORTICO_DATA: dataFolder },
  });
  expect(await rotate.ended).toBe(0);
  expect((await secretsOf())[0]?.digest).not.toBe(original?.digest);
  const stranger = await begin({ ...env, PORTICO_SECRET: production.PORTICO_SECRET });
  expect(await stranger.ended).toBe(1);
  expect(stranger.output()).toMatch(
    /^\nPORTICO_SECRET does not open the keys of demo, harbour: they were made with another one\. Set the secret/,
  );
  expect((await secretsOf())[0]?.digest).not.toBe(original?.digest);
  const second = await begin(env);
  await second.prints(/Portico is ready/);
  expect(await secretsOf()).toEqual([expect.objectContaining({ digest: original?.digest, expires_at: null })]);
  await second.stop();
  await empty.drop();
}, 60_000);

test('a database that does not answer is said with its place and without its password', async () => {
  const portico = await begin({ DATABASE_URL: 'postgres://portico:hunter2@127.0.0.1:9/none' });
  expect(await portico.ended).toBe(1);
  expect(portico.output()).toMatch(/^\nThe database at 127\.0\.0\.1:9 cannot be reached \(ECONNREFUSED\)\. Check DATABASE_URL/);
  expect(portico.output()).not.toMatch(/hunter2| {4}at /);
}, 30_000);

const production = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://id.example.com',
  PORTICO_SECRET: 'yZ3vQ8rT1wX6nB4mK9pL2sD7fG5hJ0cA-_uEoIiRqWtYxV',
};

test('production without a brand says so, names the command that makes one, and makes none by itself', async () => {
  const empty = await createEmptyDatabase();
  const portico = await begin({ ...production, DATABASE_URL: empty.url });
  const [line] = await portico.prints(/^.*portico brand apply <folder>.*$/m);
  expect(JSON.parse(line)).toMatchObject({ level: 'warn', event: 'no_brand' });
  await portico.stop();
  await empty.drop();
}, 30_000);

test('behind a pooler that takes no settings and drops notifications everything works, and jobs go past it', async () => {
  const empty = await createEmptyDatabase();
  const pooler = await openStrictPooler(empty.url);
  const port = String(await freePort());
  const portico = await begin({
    PORT: port,
    DATABASE_URL: pooler.url,
    DATABASE_DIRECT_URL: empty.url,
    DEMO_PORT: String(await freePort()),
  });
  await portico.prints(/Portico is ready/);
  expect((await fetch(`http://localhost:${port}/readyz`)).status).toBe(200);
  const direct = openDatabase({ url: empty.url, max: 1 });
  const named = async () => {
    const { rows } = await direct.pool.query(
      "select 1 from pg_stat_activity where application_name = 'portico jobs' and query ilike 'listen%'",
    );
    return rows.length > 0 ? true : undefined;
  };
  await eventually(named, () => 'the job runner does not listen');
  expect(pooler.listens).toEqual([]);
  await direct.close();
  await portico.stop();
  await pooler.close();
  await empty.drop();
}, 30_000);

test('a pooler in front that nobody told of is named, with the remedy', async () => {
  const pooler = await openStrictPooler(database.url);
  const portico = await begin({ DATABASE_URL: pooler.url });
  expect(await portico.ended).toBe(1);
  expect(portico.output()).toMatch(
    /^\nDATABASE_URL leads to a transaction pooler\. Set DATABASE_DIRECT_URL to the address of PostgreSQL itself/,
  );
  await pooler.close();
}, 30_000);
