// The development inbox: every mail can be read there, and nowhere where people are real.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Brand } from '../../src/domain/brands.ts';
import { createInbox } from '../../src/mail/inbox.ts';
import * as brands from '../../src/storage/brands.ts';
import * as outbox from '../../src/storage/outbox.ts';
import { Browser } from '../support/http-browser.ts';
import { mailSamples } from '../support/mail-samples.ts';
import { type RunningPortico, startPortico } from '../support/portico.ts';

const folder = mkdtempSync(join(tmpdir(), 'portico-inbox-'));
let portico: RunningPortico;
let brand: Brand;

beforeAll(async () => {
  portico = await startPortico({ mail: true, env: { MAIL_INBOX: 'on', PORTICO_DATA: folder } });
  brand = (await brands.findBySlug(portico.db, 'nightfall')) as Brand;
});
afterAll(async () => {
  await portico.stop();
  rmSync(folder, { recursive: true });
});

const browser = () => new Browser(portico.issuer);
const at = (path: string) => `${portico.issuer}${path}`;

test('an empty inbox says how to fill it', async () => {
  const page = await browser().get(at('/dev/mail'));
  expect(page.status).toBe(200);
  expect(page.text).toContain('Nothing has been sent yet');
});

test('a mail stands there with its code and its link, and is posted as well', async () => {
  const mail = mailSamples(portico.issuer, 'en', 'ada@nightfall.example').reset_password;
  await outbox.addMail(portico.db, portico.services.keyring, brand.id, mail);
  await portico.smtp.next('ada@nightfall.example');
  const visitor = browser();
  const list = await visitor.get(at('/dev/mail'));
  expect(list.text).toContain('ada@nightfall.example');
  expect(list.text).toContain('913482');
  const page = await visitor.get(list.link('Set a new password for Nightfall Records'));
  expect(page.text).toContain('913482');
  expect(page.link('Open the link')).toBe(mail.params.link);
  expect(page.text).toContain('Nightfall Records <no-reply@localhost.example>');
  expect(page.headers['content-security-policy']).toContain("frame-src 'self'");
  const src = /<iframe[^>]* src="([^"]*)"[^>]* sandbox="allow-top-navigation-by-user-activation"/.exec(page.body)?.[1] as string;
  const html = await visitor.get(at(src));
  expect(html.body).toContain('<base target="_top">');
  expect(html.headers['content-security-policy']).toBe(
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'; base-uri 'self'; sandbox allow-top-navigation-by-user-activation",
  );
  expect(html.headers['x-frame-options']).toBe('SAMEORIGIN');
});

test.each(['/dev/mail/none', '/dev/mail/..%2f..%2fsecret', '/dev/mail/none/html', '/dev/mail/%00'])('%s is not found', async (path) => {
  expect((await browser().get(at(path))).status).toBeGreaterThanOrEqual(400);
});

test('the last two hundred are kept, each whole, however many come at once', async () => {
  const inbox = createInbox(join(folder, 'many'));
  const kept = (index: number) => ({
    id: `id-${index}`,
    mail: 'verify_email',
    at: new Date(1_000_000 + index * 1000).toISOString(),
    brand: 'Nightfall',
    to: 'ada@nightfall.example',
    subject: String(index),
    html: '',
    text: '',
    headers: {},
    logo: undefined,
  });
  await Promise.all(Array.from({ length: 250 }, (_, index) => inbox.keep(kept(index))));
  await inbox.keep(kept(249));
  const subjects = (await inbox.list()).map(({ subject }) => Number(subject));
  expect(subjects).toEqual(Array.from({ length: 200 }, (_, index) => 249 - index));
  expect(readdirSync(join(folder, 'many'))).toHaveLength(200);
});

test('where it is not switched on the address does not exist', async () => {
  const plain = await startPortico();
  const page = await new Browser(plain.issuer).get(`${plain.issuer}/dev/mail`);
  expect(page.status).toBe(404);
  await plain.stop();
});

test('a page that waits for a mail leads to it while one develops, and never else', async () => {
  const ask = async (issuer: string) => {
    const visitor = new Browser(issuer);
    const signIn = await visitor.get(`${issuer}/account`);
    const first = await visitor.submit(
      signIn,
      { ...signIn.form('login'), fields: signIn.form('forgot').fields },
      { email: 'eve@nightfall.example' },
    );
    return visitor.submit(first, first.form('ask'));
  };
  const waiting = await ask(portico.issuer);
  expect(waiting.text).toContain('Development:');
  expect(waiting.link('Read it in the inbox')).toBe(at('/dev/mail'));
  const real = await startPortico();
  try {
    expect((await ask(real.issuer)).body).not.toContain('dev/mail');
  } finally {
    await real.stop();
  }
});
