// What the Dockerfile puts into the image, put into a folder: built files and what they read, no sources, no examples.
import { spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createEmptyDatabase } from '../support/database.ts';
import { eventually } from '../support/example-process.ts';
import { freePort } from '../support/portico.ts';

let image: string;
let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
let env: Record<string, string>;

beforeAll(async () => {
  image = mkdtempSync(join(tmpdir(), 'portico-image-'));
  chmodSync(image, 0o755);
  for (const [from, to] of copiedByTheImage()) if (from !== '/portico/dist') cpSync(from, join(image, to), { recursive: true });
  symlinkSync(join(process.cwd(), 'node_modules'), join(image, 'node_modules'));
  await ended(spawn(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', join(image, 'dist')]));
  database = await createEmptyDatabase();
  env = {
    PATH: process.env.PATH ?? '',
    DATABASE_URL: database.url,
    PORTICO_DATA: join(image, 'data'),
    PORTICO_SECRET: 'a root secret of a test, longer than thirty-two characters',
  };
}, 60_000);
afterAll(async () => {
  await database.drop();
  rmSync(image, { recursive: true, force: true });
});

/** The COPY lines of the last stage. */
function copiedByTheImage(): [from: string, to: string][] {
  const stage =
    readFileSync('Dockerfile', 'utf8')
      .split(/^FROM /m)
      .at(-1) ?? '';
  return [...stage.matchAll(/^COPY (?:--from=\S+ )?(.+) (\S+)$/gm)].flatMap(([, from = '', to = '']) =>
    from.split(' ').map((path): [string, string] => [path, to.endsWith('/') ? join(to, path) : to]),
  );
}

function ended(child: ReturnType<typeof spawn>): Promise<number | null> {
  return new Promise((resolve) => child.on('close', resolve));
}

async function run(...args: string[]) {
  const child = spawn(process.execPath, args, { cwd: image, env });
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended(child)]);
  return { out, err, code };
}

test('the command line works in the image: help, migrate, a brand, a client, the doctor', async () => {
  const cli = (...args: string[]) => run('dist/cli/main.js', ...args);
  const help = await cli('help');
  expect(help).toMatchObject({ code: 0, err: '' });
  expect(help.out).toContain('Usage: node dist/cli/main.js <command> [options]');
  expect((await cli('brand', 'list')).err).toContain('Run: node dist/cli/main.js migrate');
  expect(JSON.parse((await cli('migrate', '--json')).out).applied).toContain('0001_foundation');
  expect(await cli('brand', 'apply', 'config/brands/harbour')).toMatchObject({ code: 0, err: '' });
  const created = await cli('client', 'create', '--name', 'Shop', '--redirect-uri', 'https://shop.example/callback', '--json');
  expect(created).toMatchObject({ code: 0, err: '' });
  expect(JSON.parse(created.out)).toMatchObject({ client_name: 'Shop', client_secret: expect.any(String) });
  expect(JSON.parse((await cli('doctor', '--json')).out).findings).toContainEqual(
    expect.objectContaining({ check: 'schema', level: 'ok' }),
  );
  // A sentence people read comes from the catalogues.
  expect((await cli('account', 'create', '--email', 'nonsense', '--password', 'x')).err).toMatch(/^[A-Z].*\.\n$/);
}, 60_000);

test('in development the image serves the demo brands and announces no demo app', async () => {
  const port = await freePort();
  const settings = { ...env, NODE_ENV: 'development', PORT: String(port), DEMO_PORT: String(await freePort()) };
  const child = spawn(process.execPath, ['dist/main.js'], { cwd: image, env: settings });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  try {
    await eventually(
      () => (said.includes('Portico is ready') ? true : undefined),
      () => said,
    );
    expect(said).not.toMatch(/demo app/i);
    expect((await fetch(`http://localhost:${port}/.well-known/openid-configuration`)).status).toBe(200);
    expect(await (await fetch(`http://localhost:${port}/harbour`, { redirect: 'manual' })).status).toBeLessThan(400);
  } finally {
    const gone = ended(child);
    child.kill('SIGTERM');
    await gone;
  }
}, 60_000);
