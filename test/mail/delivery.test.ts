// From the outbox to a real mail server: who gets a mail, how often, and what the server is told.
import type { Brand } from '../../src/domain/brands.ts';
import { type Mail, openMail } from '../../src/domain/mails.ts';
import { applyBrand } from '../../src/flows/admin/apply-brand.ts';
import * as brands from '../../src/storage/brands.ts';
import * as outbox from '../../src/storage/outbox.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { mailSamples } from '../support/mail-samples.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { startSmtp, type TestSmtp } from '../support/smtp.ts';

let portico: RunningPortico;
let harbourSmtp: TestSmtp;
let [nightfall, harbour] = [{} as Brand, {} as Brand];

beforeAll(async () => {
  harbourSmtp = await startSmtp();
  portico = await startPortico({
    mail: true,
    brands: [
      demoBrand,
      {
        slug: 'harbour',
        name: 'Harbour',
        path: '/harbour',
        smtpUrl: harbourSmtp.url,
        settings: { mail: { from: 'crew@harbour.example', replyTo: 'help@harbour.example' } },
      },
    ],
  });
  [nightfall, harbour] = [await brandOf('nightfall'), await brandOf('harbour')];
});
beforeEach(async () => {
  for (const smtp of [portico.smtp, harbourSmtp]) {
    smtp.behave({});
    smtp.recipients.length = 0;
    smtp.mails.length = 0;
  }
  portico.logs.length = 0;
});
afterEach(async () => {
  await resetClock(portico.database);
  await portico.db.pool.query('delete from graphile_worker._private_jobs');
});
afterAll(async () => {
  await portico.stop();
  await harbourSmtp.stop();
});

const brandOf = async (slug: string) => (await brands.findBySlug(portico.db, slug)) as Brand;
const own = async (slug: string, smtpUrl: string | null) => {
  const { name, issuer } = await brandOf(slug);
  await applyBrand(portico.services, { slug, name, issuer, smtpUrl });
};
const sample = (to: string | null): Mail => ({ ...mailSamples(portico.issuer).verify_email, to });
const add = (mail: Mail, brand = nightfall) => outbox.addMail(portico.db, portico.services.keyring, brand.id, mail);
const waiting = async () => Number((await portico.db.pool.query('select count(*) as n from graphile_worker._private_jobs')).rows[0].n);

async function until(says: string, isTrue: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`not in time: ${says}\n${portico.logs.join('')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const done = () => until('nothing waits', async () => (await waiting()) === 0);
const retryNow = () =>
  portico.db.pool.query('update graphile_worker._private_jobs set run_at = now(), attempts = 1 where locked_at is null');
const logged = (event: string) => portico.logs.map((line) => JSON.parse(line)).filter((line) => line.event === event);

test('a mail says who it is from, for whom, and that a machine wrote it', async () => {
  await add(sample('ada@nightfall.example'));
  const mail = await portico.smtp.next('ada@nightfall.example');
  expect(mail).toMatchObject({ from: 'no-reply@localhost.example', to: ['ada@nightfall.example'], digits: '048291' });
  expect(mail.messageId).toMatch(/^[0-9a-f-]{36}@localhost$/);
  expect(mail.headers).toMatchObject({
    from: 'Nightfall Records <no-reply@localhost.example>',
    to: 'ada@nightfall.example',
    'auto-submitted': 'auto-generated',
  });
  expect(mail.html).toContain('048291');
});

test("a brand's own server, sender and address for answers are used", async () => {
  await add(sample('ada@nightfall.example'), harbour);
  const mail = await harbourSmtp.next('ada@nightfall.example');
  expect(mail).toMatchObject({ from: 'crew@harbour.example', headers: { 'reply-to': 'Harbour <help@harbour.example>' } });
  expect(portico.smtp.recipients).toEqual([]);
});

test.each([
  "o'brien+tag@nightfall.example",
  '!#$%&*/?=^_`{|}~-@nightfall.example',
  'ada%elsewhere.example@nightfall.example',
  'a!b@nightfall.example',
  'Ada.Lovelace@nightfall.example',
  'ada@xn--mnchen-3ya.example',
  `${'a'.repeat(64)}@nightfall.example`,
])('the server sees one recipient, and it is the stored address: %s', async (address) => {
  await add(sample(address));
  await done();
  expect(portico.smtp.recipients).toEqual([address]);
});

test.each([
  'a@nightfall.example\r\nRCPT TO:<eve@nightfall.example>',
  'a@nightfall.example\nBcc: eve@nightfall.example',
  'a@nightfall.example>\r\nDATA',
  'a@nightfall.example, eve@nightfall.example',
  'a@nightfall.example;eve@nightfall.example',
  'Ada <a@nightfall.example>',
  'a@nightfall.example (eve@nightfall.example)',
  'all: a@nightfall.example, eve@nightfall.example;',
  '"eve@nightfall.example a"@nightfall.example',
  '<a@nightfall.example>',
  ' a@nightfall.example',
  '=?utf-8?q?eve=40elsewhere.example=3e?=@nightfall.example',
  'a@ＮIGHTFALL.example',
  'a@NIGHTFALL.example',
  'а@nightfall.example',
  'a@münchen.example',
  'a@[127.0.0.1]',
  'a@nightfall.example\u0000',
  'a',
  '',
])('what is not exactly one address goes nowhere: %j', async (address) => {
  await add(sample(address));
  await done();
  expect(portico.smtp.recipients).toEqual([]);
});

test('a mail to nobody, to a domain that cannot exist, or whose code has died is not sent', async () => {
  await add(sample(null));
  await add(sample('ada@nightfall.invalid'));
  await done();
  await portico.db.transaction(async (db) => {
    await outbox.addMail(db, portico.services.keyring, nightfall.id, { ...sample('late@nightfall.example'), seconds: 60 });
    await shiftClock(portico.database, 61);
  });
  await done();
  expect(portico.smtp.recipients).toEqual([]);
});

test('what was rolled back is never sent', async () => {
  const rolledBack = portico.db.transaction(async (db) => {
    await outbox.addMail(db, portico.services.keyring, nightfall.id, sample('never@nightfall.example'));
    throw new Error('changed my mind');
  });
  await expect(rolledBack).rejects.toThrow('changed my mind');
  await add(sample('after@nightfall.example'));
  await portico.smtp.next('after@nightfall.example');
  expect(portico.smtp.recipients).toEqual(['after@nightfall.example']);
});

test('of twenty mails at once each arrives once, with a name of its own', async () => {
  const people = Array.from({ length: 20 }, (_, index) => `p${index}@nightfall.example`);
  await Promise.all(people.map((person) => add(sample(person))));
  await Promise.all(people.map((person) => portico.smtp.next(person)));
  await done();
  expect(portico.smtp.mails.map(({ to }) => to[0]).sort()).toEqual(people.sort());
  expect(new Set(portico.smtp.mails.map(({ messageId }) => messageId)).size).toBe(20);
  expect(portico.smtp.connections).toBeLessThan(20);
});

test.each([
  ['asks to come back later for the recipient', { refuse: { at: 'rcpt', code: 451 }, times: 1 }],
  ['asks to come back later after the message', { refuse: { at: 'data', code: 452 }, times: 1 }],
  ['ends the connection in the middle of the message', { drop: true, times: 1 }],
] as const)(
  'a server that %s gets the same mail again',
  async (_, behaviour) => {
    portico.smtp.behave(behaviour);
    await add(sample('ada@nightfall.example'));
    await until('it failed once', () => logged('mail_deferred').length > 0);
    const { rows } = await portico.db.pool.query('select payload, last_error, attempts from graphile_worker._private_jobs');
    expect(rows[0].attempts).toBe(1);
    expect(JSON.stringify([rows[0].last_error, portico.logs])).not.toContain('ada@');
    // A server that hung up is left alone for a while.
    await until(
      'it went',
      async () => {
        await retryNow();
        return portico.smtp.mails.length > 0;
      },
      25_000,
    );
    await done();
    expect(portico.smtp.mails.map(({ messageId }) => messageId)).toEqual([`${rows[0].payload.id}@localhost`]);
  },
  40_000,
);

test('a recipient the server refuses for good ends the mail, and no log knows who it was', async () => {
  portico.smtp.behave({ refuse: { at: 'rcpt', code: 550, says: 'no such user ada@nightfall.example here' } });
  await add(sample('ada@nightfall.example'));
  await done();
  expect(logged('mail_refused')).toMatchObject([{ code: expect.stringContaining('550'), mailName: 'verify_email', brand: 'nightfall' }]);
  expect(portico.logs.join('')).not.toContain('ada@');
  expect(portico.smtp.recipients).toHaveLength(1);
});

test("a server that never says a word keeps nobody else's mail waiting, nor any page", async () => {
  const silent = await startSmtp({ behaviour: { hang: 'greeting' } });
  await own('nightfall', silent.url);
  const people = Array.from({ length: 12 }, (_, index) => `p${index}@nightfall.example`);
  await Promise.all(people.map((person) => add(sample(person))));
  await until('it hangs', () => silent.connections >= 2);
  await add(sample('ada@harbour.example'), harbour);
  await harbourSmtp.next('ada@harbour.example', 8_000);
  const pages = await Promise.all(Array.from({ length: 20 }, () => fetch(`${portico.issuer}/`)));
  expect(pages.map(({ status }) => status)).toEqual(Array(20).fill(200));
  // All of this while no connection to it was ever answered, and hardly any was tried.
  expect(silent.mails).toEqual([]);
  expect(silent.connections).toBeLessThanOrEqual(3);
  // The others come when it speaks again: nothing was lost.
  silent.behave({});
  await until(
    'all went',
    async () => {
      await retryNow();
      return silent.mails.length >= 12;
    },
    45_000,
  );
  expect(silent.mails.map(({ to }) => to[0]).sort()).toEqual(people.sort());
  await own('nightfall', null);
  await silent.stop();
}, 60_000);

test('a certificate nobody vouches for is not trusted', async () => {
  const shady = await startSmtp({ starttls: true });
  await own('harbour', shady.url);
  await add(sample('ada@nightfall.example'), harbour);
  await until('it was tried', () => logged('mail_deferred').length > 0);
  expect(shady.recipients).toEqual([]);
  await shady.stop();
  await own('harbour', harbourSmtp.url);
});

test('what waits in the queue can be read by us alone', async () => {
  portico.smtp.behave({ refuse: { at: 'mail', code: 451 } });
  await add(sample('ada@nightfall.example'));
  const { rows } = await portico.db.pool.query('select payload from graphile_worker._private_jobs');
  expect(JSON.stringify(rows)).not.toMatch(/ada@|048291|token/);
  expect(openMail(portico.services.keyring, rows[0].payload)).toMatchObject({ to: 'ada@nightfall.example', name: 'verify_email' });
  expect(() => openMail(portico.services.keyring, { ...rows[0].payload, brandId: harbour.id })).toThrow();
});
