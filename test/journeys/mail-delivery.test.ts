// The server is killed without warning while the mail server takes its time: the mail arrives all the same, within 90 seconds.
import { sealMail } from '../../src/domain/mails.ts';
import { applyBrand } from '../../src/flows/admin/apply-brand.ts';
import { createKeyring } from '../../src/keyring.ts';
import * as outbox from '../../src/storage/outbox.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { mailSamples } from '../support/mail-samples.ts';
import { freePort } from '../support/portico.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { startSmtp, type TestSmtp } from '../support/smtp.ts';
import { openWire, type Wire } from '../support/tcp-proxy.ts';

const secret = 'a root secret of a test, longer than thirty-two characters';
const keyring = createKeyring(secret);

let database: TestDatabase;
let smtp: TestSmtp;
let issuer: string;
let brandId: number;
let server: ServerProcess | undefined;
let wire: Wire | undefined;

beforeAll(async () => {
  database = await createTestDatabase();
  smtp = await startSmtp();
  issuer = `http://localhost:${await freePort()}`;
  const brand = { slug: 'nightfall', name: 'Nightfall Records', issuer, algorithms: ['ES256'] as const };
  brandId = (await applyBrand({ db: database.db, keyring }, brand)).brand.id;
});
afterEach(async () => {
  await server?.kill();
  await wire?.close();
  smtp.mails.length = 0;
  smtp.held = 0;
  smtp.recipients.length = 0;
});
afterAll(async () => {
  await smtp.stop();
  await database.close();
});

function start(env: Record<string, string> = {}): Promise<ServerProcess> {
  return startServerProcess(issuer, {
    NODE_ENV: 'development',
    // As in production: posted, and nowhere else.
    MAIL_INBOX: 'off',
    PORT: new URL(issuer).port,
    DATABASE_URL: database.url,
    PORTICO_SECRET: secret,
    PORTICO_DEMO: 'off',
    LOG_LEVEL: 'info',
    SMTP_URL: smtp.url,
    HASH_CONCURRENCY: '1',
    ...env,
  });
}

const add = (to: string) => outbox.addMail(database.db, keyring, brandId, mailSamples(issuer, 'en', to).verify_email);

async function until(isTrue: () => boolean | Promise<boolean>, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`not in time:\n${server?.output.join('')}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('killed in mid-send, the next process delivers the same mail in under 90 seconds', async () => {
  server = await start();
  // It has the whole message and does not answer: whether it was taken nobody can know.
  smtp.behave({ hang: 'data', times: 1 });
  await add('ada@nightfall.example');
  // Sooner, and the server would keep its silence for the second delivery.
  await until(() => smtp.held === 1, 10_000);
  const { rows } = await database.db.pool.query('select payload, locked_by from graphile_worker._private_jobs');
  expect(rows[0].locked_by).not.toBeNull();
  await server.kill();
  const killed = performance.now();

  server = await start();
  const mail = await smtp.next('ada@nightfall.example', 90_000);
  const seconds = (performance.now() - killed) / 1000;
  process.stdout.write(`killed in mid-send: delivered ${seconds.toFixed(1)} s later\n`);
  expect(seconds).toBeLessThan(90);
  expect(mail.messageId).toBe(`${rows[0].payload.id}@localhost`);
  await until(async () => (await database.db.pool.query('select 1 from graphile_worker._private_jobs')).rowCount === 0, 5_000);
  expect(smtp.mails).toHaveLength(1);
}, 150_000);

test('stopped politely in mid-send, it gives up soon and the next process delivers at once', async () => {
  server = await start();
  smtp.behave({ hang: 'data', times: 1 });
  await add('ben@nightfall.example');
  await until(() => smtp.held === 1, 10_000);
  const began = performance.now();
  expect(await server.stop()).toBe(0);
  // Less than the ten seconds that container platforms wait before they kill.
  expect(performance.now() - began).toBeLessThan(9_000);
  server = await start();
  await smtp.next('ben@nightfall.example', 20_000);
  expect(smtp.mails).toHaveLength(1);
}, 60_000);

test('the database is lost in mid-send: the process lives, goes on mailing when it is back, and frees what it could not note', async () => {
  wire = await openWire(database.url);
  server = await start({ DATABASE_URL: wire.url });
  smtp.behave({ delay: 1_500 });
  await add('dora@nightfall.example');
  await until(() => smtp.recipients.length === 1, 10_000);
  await wire.cut();
  await smtp.next('dora@nightfall.example');
  smtp.behave({});
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await wire.mend();
  await add('emil@nightfall.example');
  await until(() => smtp.mails.some(({ to }) => to[0] === 'emil@nightfall.example'), 20_000);
  expect([server.child.exitCode, server.child.signalCode]).toEqual([null, null]);
  // It takes as long as after a kill, which the first test waits for.
  if (process.env.PORTICO_TEST_LONG !== '1') return void (await database.db.pool.query('delete from graphile_worker._private_jobs'));
  await until(async () => (await database.db.pool.query('select 1 from graphile_worker._private_jobs')).rowCount === 0, 90_000);
  // That it was taken could not be noted: sent once more it is the same mail.
  const mails = smtp.mails.filter(({ to }) => to[0] === 'dora@nightfall.example');
  expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(1);
}, 150_000);

test('without a mail server the start says what to do, and mail waits', async () => {
  server = await start({ SMTP_URL: '' });
  await add('cleo@nightfall.example');
  await until(() => server?.output.join('').includes('"event":"mail_deferred","code":"no mail server"') ?? false, 10_000);
  expect(server.output.join('')).toMatch(/"event":"no_mail".*Set it to, for example, smtps:/);
  expect(server.output.join('')).not.toContain('cleo@');
  await database.db.pool.query('delete from graphile_worker._private_jobs');
}, 40_000);

test('a mail that was sealed by another secret is nobody’s to read', async () => {
  const mail = mailSamples(issuer).verify_email;
  const sealed = sealMail(createKeyring(`another one: ${secret}`), brandId, mail, new Date());
  await outbox.add(database.db, 'mail', [sealed]);
  server = await start();
  await until(async () => {
    const { rows } = await database.db.pool.query('select attempts, last_error from graphile_worker._private_jobs');
    return rows[0]?.attempts === 1 && rows[0].last_error !== null;
  }, 10_000);
  expect(smtp.recipients).toEqual([]);
}, 40_000);
