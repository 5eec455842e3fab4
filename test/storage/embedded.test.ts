// What `npm start` does without DATABASE_URL, in processes of its own so that they can be killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { isDatabaseAway, openDatabase, sql } from '../../src/storage/database.ts';
import { embeddedBinaries, shelterFor } from '../../src/storage/embedded/binaries.ts';

interface Started {
  child: ChildProcess;
  url: string;
  milliseconds: number;
  lines: string[];
}

const folders: string[] = [];
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) await end(child, 'SIGKILL');
  for (const folder of folders.splice(0)) {
    while (await runs(folder)) await sleep(10);
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the first start makes a database, the next ones find it with its data', async () => {
  const folder = newFolder();
  const first = await start(folder);
  await query(first.url, 'create table kept (id integer); insert into kept values (1)');
  await end(first.child, 'SIGTERM');
  expect(existsSync(join(folder, 'postgres', 'postmaster.pid'))).toBe(false);

  const second = await start(folder);
  expect(await query(second.url, 'select id from kept')).toEqual([{ id: 1 }]);
  expect(second.milliseconds).toBeLessThan(2_000);
});

test('the server listens on the loopback address only and asks for the password', async () => {
  const { url } = await start(newFolder());
  expect(await query(url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
  expect(await query(url, 'show unix_socket_directories')).toEqual([{ unix_socket_directories: '' }]);
  const wrong = new URL(url);
  wrong.password = 'guessed';
  await expect(query(wrong.href, 'select 1')).rejects.toThrow('password authentication failed');
});

test('a killed process leaves no server behind, and what was committed is there at the next start', async () => {
  const folder = newFolder();
  const first = await start(folder);
  const pid = pidOf(folder);
  await query(first.url, 'create table kept (id integer); insert into kept values (1)');
  await end(first.child, 'SIGKILL');
  const killed = performance.now();
  while (await isAlive(pid)) await sleep(5);
  expect(performance.now() - killed).toBeLessThan(1_000);

  const second = await start(folder);
  expect(await query(second.url, 'select id from kept')).toEqual([{ id: 1 }]);
});

test('a start right after the kill waits for the old server and never joins it', async () => {
  const folder = newFolder();
  for (let round = 0; round < 5; round += 1) {
    const { child, url } = await start(folder);
    await query(url, 'create table if not exists kept (id integer); insert into kept values (1)');
    await end(child, 'SIGKILL');
  }
  const { url } = await start(folder);
  await sleep(200);
  expect(await query(url, 'select count(*)::int from kept')).toEqual([{ count: 5 }]);
});

test('server and process killed together: the next start recovers', async () => {
  const folder = newFolder();
  const first = await start(folder);
  await query(first.url, 'create table kept (id integer); insert into kept values (1)');
  process.kill(pidOf(folder), 'SIGKILL');
  await end(first.child, 'SIGKILL');

  const second = await start(folder);
  expect(await query(second.url, 'select id from kept')).toEqual([{ id: 1 }]);
});

test('a server that is killed under a running process comes back at the same address, with its data', async () => {
  const folder = newFolder();
  const { child, url } = await start(folder);
  await query(url, 'create table kept (id integer); insert into kept values (1)');
  for (let round = 0; round < 3; round += 1) {
    const killed = pidOf(folder);
    process.kill(killed, 'SIGKILL');
    expect(await eventually(url, 'select id from kept')).toEqual([{ id: 1 }]);
    expect(pidOf(folder)).not.toBe(killed);
  }
  const pid = pidOf(folder);
  await end(child, 'SIGTERM');
  const ended = performance.now();
  while (await isAlive(pid)) await sleep(5);
  expect(performance.now() - ended).toBeLessThan(1_000);
});

test('of several processes whose server is killed all find one new server, and the last one ends it', async () => {
  const folder = newFolder();
  const sharing = await Promise.all([start(folder), start(folder), start(folder)]);
  process.kill(pidOf(folder), 'SIGKILL');
  await Promise.all(sharing.map(({ url }) => eventually(url, 'select 1 as one')));
  const pid = pidOf(folder);
  const [first, second, third] = sharing as [Started, Started, Started];
  await end(first.child, 'SIGKILL');
  await end(second.child, 'SIGTERM');
  // Whoever started it may be gone; it still belongs to the third.
  await sleep(400);
  expect(await query(third.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  expect(pidOf(folder)).toBe(pid);
  await end(third.child, 'SIGKILL');
  while (await isAlive(pid)) await sleep(5);
});

test('a pool goes on with the server that came back', async () => {
  const folder = newFolder();
  const { url } = await start(folder);
  const db = openDatabase({ url });
  await Promise.all(Array.from({ length: 10 }, () => db.run(sql`select pg_sleep(0.01)`)));
  const killed = pidOf(folder);
  process.kill(killed, 'SIGKILL');
  while (await isAlive(killed)) await sleep(5);
  // Its last processes follow it.
  await sleep(100);
  const deadline = Date.now() + 15_000;
  let failure: unknown;
  do {
    failure = await db.run(sql`select 1`).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failure) expect(isDatabaseAway(failure)).toBe(true);
    await sleep(20);
  } while (failure && Date.now() < deadline);
  expect(failure).toBeUndefined();
  await db.close();
});

test('a stale postmaster.pid does not stop a start, not even when its number belongs to another program', async () => {
  const folder = newFolder();
  const first = await start(folder);
  await end(first.child, 'SIGTERM');
  for (const pid of [process.pid, 2 ** 22 - 1]) {
    writeFileSync(
      join(folder, 'postgres', 'postmaster.pid'),
      `${pid}\n${folder}/postgres\n1767225600\n5432\n\n127.0.0.1\n  1 1\nready   \n`,
    );
    const { child, url } = await start(folder);
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await end(child, 'SIGTERM');
  }
});

test('several starts at once share one server, which stays until the last of them is gone', async () => {
  const folder = newFolder();
  const [first, second, third] = await Promise.all([start(folder), start(folder), start(folder)]);
  const pid = pidOf(folder);
  expect(new Set([first.url, second.url, third.url]).size).toBe(1);
  await end(first.child, 'SIGKILL');
  await end(second.child, 'SIGTERM');
  expect(await query(third.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  await end(third.child, 'SIGTERM');
  expect(await isAlive(pid)).toBe(false);
});

test('binaries that the server account cannot read are copied to a place where it can', async () => {
  const shelter = newFolder();
  const unreachable = { identity: {}, reaches: () => false, own: () => {} };
  const { postgres } = await embeddedBinaries(unreachable, () => shelter);
  expect(postgres.startsWith(shelter)).toBe(true);
  expect(await statusOf(postgres, ['--version'])).toBe(0);
});

if (process.getuid?.() === 0) {
  test('root in a folder nobody else may enter gets its database elsewhere, and is told where', async () => {
    const folder = newFolder(0o700);
    const shelter = shelterFor(folder);
    folders.push(shelter);
    const { url, lines } = await start(folder);
    expect(lines.join()).toContain(`the development database is kept in ${shelter}`);
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });
}

function newFolder(mode = 0o711): string {
  const folder = mkdtempSync(join(tmpdir(), 'portico-embedded-'));
  chmodSync(folder, mode);
  folders.push(folder);
  return folder;
}

async function start(folder: string): Promise<Started> {
  const child = spawn(process.execPath, ['test/support/embedded-process.ts', folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  for await (const line of createInterface(child.stdout)) return { child, ...(JSON.parse(line) as Omit<Started, 'child'>) };
  throw new Error('the process ended without a database');
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}

async function statusOf(command: string, args: string[]): Promise<number | null> {
  const [status] = (await once(spawn(command, args, { stdio: 'ignore' }), 'exit')) as [number | null];
  return status;
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** Asks until the server answers again. */
async function eventually(url: string, text: string): Promise<unknown[]> {
  for (const deadline = Date.now() + 15_000; ; ) {
    try {
      return await query(url, text);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(20);
    }
  }
}

/** The server of this folder; it takes its file away as it ends. */
async function runs(folder: string): Promise<boolean> {
  try {
    return await isAlive(pidOf(folder));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function pidOf(folder: string): number {
  return Number(readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
}

/** A zombie that nobody has waited for yet counts as gone. */
async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/ Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // Gone in this moment, or a system without such files.
    return !existsSync('/proc/self/stat');
  }
}
