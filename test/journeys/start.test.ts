// `npm start` as a newcomer runs it: what is printed works, and nothing is left behind when it is killed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmptyDatabase } from '../support/database.ts';
import { type ExampleProcess, listening, startProcess } from '../support/example-process.ts';
import { Browser } from '../support/http-browser.ts';
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
  return (await browser.submit(page, page.form(action), { email, password })).text;
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
