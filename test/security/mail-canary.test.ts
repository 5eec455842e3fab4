// A day of two people through every flow that mails: what opens a door, and who they are, is where it belongs and nowhere else (security.md DC-1 to DC-3).
import { createHash } from 'node:crypto';
import { createApp } from '../../src/app.ts';
import { openMail, type SealedMail } from '../../src/domain/mails.ts';
import type { RunningJobs } from '../../src/jobs/runner.ts';
import { clientsOfTest } from '../support/clients.ts';
import { type WaitingMail, waitingMails } from '../support/mails.ts';
import { limits, type RunningPortico, startPortico, startTestJobs } from '../support/portico.ts';
import { letters, question, terms } from '../support/questions.ts';
import { startSmtp, type TestSmtp } from '../support/smtp.ts';
import { answerOf, live, phoneOf } from './mail-canary/day.ts';
import { type Canary, Watch } from './mail-canary/person.ts';

const people = [
  { mark: 'quillon', userAgent: 'Mozilla/5.0 (X11; Linux x86_64) CanaryAgent-quillon/1.0 Chrome/140.0.7339.81', ip: '203.0.113.77' },
  { mark: 'wexford', userAgent: 'Mozilla/5.0 (Macintosh) CanaryAgent-wexford/1.0 Safari/605.1.15', ip: '2001:db8:7:77:dddd:eeee:ffff:1' },
] as const;

let portico: RunningPortico;
let smtp: TestSmtp;
let jobs: RunningJobs | undefined;
let mails: WaitingMail[];
const watch = new Watch();
/** Every value that ever stood in a column, `schema.table.column`, also in the middle of things. */
const columns = new Map<string, Set<string>>();

beforeAll(async () => {
  smtp = await startSmtp();
  const crowd = { attempts: 10_000, seconds: 60 };
  const unlimited = Object.fromEntries(Object.keys(limits).map((name) => [name, crowd])) as unknown as typeof limits;
  const settings = (pages: 'before' | 'after') => ({ limits: unlimited, emailVerification: { pages } });
  portico = await startPortico({
    brands: [
      { slug: 'nightfall', name: 'Nightfall', clients: clientsOfTest, settings: settings('before') },
      { slug: 'harbour', name: 'Harbour', path: '/harbour', clients: clientsOfTest, settings: settings('after') },
      {
        ...{ slug: 'meadow', name: 'Meadow', path: '/meadow', clients: clientsOfTest, settings: settings('before') },
        consents: [terms(1), letters],
        fields: [question('club', { ask: 'registration', required: true }), question('size', { required: true })],
      },
    ],
    env: { LOG_LEVEL: 'trace', SMTP_URL: smtp.url, TRUSTED_PROXIES: '127.0.0.1,::1' },
  });
  watch.after = snapshot;
  for (const person of people) await live({ portico, watch, ...person });
  mails = await waitingMails(portico.services);
  for (const mail of mails.filter(({ to }) => to !== null)) {
    const token = new URL((mail.params as { link?: string }).link ?? 'https://none.example').searchParams.get('token');
    if (token) watch.keep(`token of ${mail.name}`, token, ownerOf(mail.to));
  }
  // Only now is anything posted: until here every mail stood in the queue, and in the dumps.
  jobs = await startTestJobs(portico.services, portico.db.pool, createApp(portico.services));
  const posted = mails.filter(({ to }) => to !== null).length;
  while (smtp.mails.length < posted) await new Promise((resolve) => setTimeout(resolve, 20));
  await snapshot();
}, 120_000);
afterAll(async () => {
  await jobs?.stop();
  await portico.stop();
  await smtp.stop();
});

function ownerOf(address: string | null): string {
  return people.find(({ mark }) => address?.includes(mark))?.mark ?? 'nobody';
}

async function snapshot(): Promise<void> {
  const { pool } = portico.db;
  const { rows: tables } = await pool.query<{ name: string }>(
    `select schemaname || '.' || tablename as name from pg_tables where schemaname in ('portico', 'graphile_worker')`,
  );
  for (const { name } of tables) {
    const { rows } = await pool.query<{ row: Record<string, unknown> }>(`select to_jsonb(t) as row from ${name} t`);
    for (const { row } of rows) for (const [column, value] of Object.entries(row)) record(`${name}.${column}`, value);
  }
}

/** As text; bytes in hexadecimal and as the text they might be. */
function record(column: string, value: unknown): void {
  const values = columns.get(column) ?? new Set();
  columns.set(column, values);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (values.has(text)) return;
  values.add(text);
  const hex = /^\\x([0-9a-f]+)$/.exec(text)?.[1];
  if (hex) for (const encoding of ['latin1', 'utf8', 'utf16le'] as const) values.add(Buffer.from(hex, 'hex').toString(encoding));
}

/** The dump, but for these columns. */
function dump(...except: string[]): string {
  return [...columns].flatMap(([column, values]) => (except.includes(column) ? [] : [...values])).join('\n');
}

/** As it is, and as it would stand in addresses, JSON, HTML, hexadecimal and base64, whatever comes before it. */
function spellings(value: string): string[] {
  const bytes = Buffer.from(value);
  const html = value.replaceAll('&', '&amp;').replaceAll("'", '&#39;').replaceAll('"', '&#34;');
  const shifted = [0, 1, 2].flatMap((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes]);
    const skip = Math.ceil((shift * 4) / 3);
    return (['base64', 'base64url'] as const).map((encoding) => whole.toString(encoding).replace(/=+$/, '').slice(skip, -2));
  });
  return [
    value,
    encodeURIComponent(value),
    value.replaceAll(' ', '+'),
    html,
    JSON.stringify(value).slice(1, -1),
    bytes.toString('hex'),
    ...shifted,
  ];
}

const standsIn = (text: string) => (value: string) => spellings(value).some((spelling) => text.includes(spelling));
const found = (text: string, canaries: readonly Canary[]) =>
  canaries.filter(({ value }) => standsIn(text)(value)).map(({ what, of }) => `${what} of ${of}`);

/** Both halves of a link's token: the first names the row, the second opens it. */
const halves = () =>
  watch.secrets
    .filter(({ what }) => what.startsWith('token'))
    .flatMap((one) => [0, 22].map((at) => ({ ...one, value: one.value.slice(at, at + 22) })));
const logs = () => portico.logs.join('');

test('the day was long enough', () => {
  expect(new Set(mails.map(({ name }) => name)).size).toBe(13);
  expect(watch.secrets.filter(({ what }) => what.startsWith('password')).length).toBe(2 * 16);
  expect(watch.secrets.filter(({ what }) => what.startsWith('token')).length).toBe(2 * 23);
  expect(mails.filter(({ name }) => name === 'confirm_consent')).toHaveLength(2 * 2);
  const cookies = new Set(watch.secrets.filter(({ what }) => what.startsWith('cookie')).map(({ what }) => what));
  expect([...cookies].toSorted()).toEqual(
    [
      'account',
      'account-sign-in',
      'change_email',
      'device',
      'interaction.sig',
      'keep_account',
      'link',
      'register',
      'reset_password',
      'session',
      'session.sig',
      'unlock',
      'verify_email',
    ].map((name) => `cookie ${name}`),
  );
  expect(watch.pages.length).toBeGreaterThan(160);
  expect([...columns.keys()].filter((name) => name.startsWith('portico.')).length).toBeGreaterThan(100);
  expect(columns.get('graphile_worker._private_jobs.payload')?.size).toBeGreaterThanOrEqual(mails.length);
});

test('no password, token or cookie is in the database, at no moment, in no spelling', () => {
  expect(found(dump(), [...watch.secrets, ...halves(), ...watch.names])).toEqual([]);
});

test('none is in the log, at any level', () => {
  expect(portico.logs.length).toBeGreaterThan(200);
  expect(found(logs(), [...watch.secrets, ...halves(), ...watch.names])).toEqual([]);
});

test('none is in an address a browser was sent to, nor on a page', () => {
  expect(found(watch.locations.join('\n'), [...watch.secrets, ...halves()])).toEqual([]);
  expect(found(watch.pages.map(({ body }) => body).join('\n'), [...watch.secrets, ...halves()])).toEqual([]);
});

/**
 * Six digits stand in a dump by chance: in a thousand numbers once in a thousand times. What leaks, leaks whoever is mailed; so each kind of
 * mail was sent to both people, and a leak is where every code of a kind stands as a word of its own. By chance that is one in many millions.
 */
function leaks(text: string): string[] {
  const clean = text.replace(/\d\d:\d\d:\d\d\.\d+/g, '');
  const kinds = Map.groupBy(
    mails.filter(({ params }) => 'digits' in params),
    ({ name }) => name,
  );
  return [...kinds].flatMap(([name, sent]) => {
    const codes = sent.map(({ params }) => (params as { digits: string }).digits);
    if (codes.length < 2) throw new Error(`${name} was mailed once`);
    return codes.every((code) => new RegExp(`(?<![0-9A-Za-z])${code}(?![0-9A-Za-z])`).test(clean)) ? [name] : [];
  });
}

test('no code is in the database, the log, an address or a page; nor a digest of one that anybody could make', () => {
  expect(new Set(mails.flatMap(({ name, params }) => ('digits' in params ? [name] : []))).size).toBe(4);
  for (const text of [dump(), logs(), watch.locations.join('\n'), watch.pages.map(({ body }) => body).join('\n')])
    expect(leaks(text)).toEqual([]);
  const digests = mails.flatMap(({ params }) =>
    'digits' in params ? ['md5', 'sha1', 'sha256', 'sha512'].map((name) => createHash(name).update(params.digits)) : [],
  );
  const stored = dump();
  for (const digest of digests) expect(stored).not.toContain(digest.digest('hex'));
  expect(leaks(mails.map(({ params }) => JSON.stringify(params)).join('\n'))).toHaveLength(4);
});

const addresses = () =>
  [...new Set(mails.flatMap(({ to }) => (to ? [to] : [])))].map((value) => ({ what: value, value, of: ownerOf(value) }));

test('an e-mail address stands in accounts.email, and in no other column, line or address', () => {
  expect(addresses().length).toBeGreaterThan(8);
  const at = (name: string) => [...(columns.get(name) ?? [])].join('\n');
  expect(found(at('portico.accounts.email'), addresses()).length).toBeGreaterThan(8);
  const where = [...columns.keys()].filter(
    (name) => /canary-|@nightfall\.example/.test(at(name)) || found(at(name), addresses()).length > 0,
  );
  expect(where).toEqual(['portico.accounts.email']);
  expect(found(logs(), addresses())).toEqual([]);
  expect(found(watch.locations.join('\n'), addresses())).toEqual([]);
  expect(logs() + watch.locations.join('\n')).not.toMatch(/canary|nightfall\.example/i);
});

test('a page shows an address to its own person only, and only where it is about it', () => {
  for (const { mark } of people) {
    const foreign = watch.pages.filter(
      ({ of, body }) => of === mark && people.some((other) => other.mark !== mark && body.includes(other.mark)),
    );
    expect(foreign.map(({ page }) => page)).toEqual([]);
  }
  const showing = new Set(watch.pages.filter(({ body }) => body.includes('@nightfall.example')).map(({ page }) => page));
  expect([...showing].toSorted()).toEqual([
    'account',
    'account-email',
    'account-password',
    'confirm-email',
    'file',
    'forgot-password',
    'forgot-password-sent',
    'login',
    'reset-password',
    'undo-email',
    'unlock-sent',
    'verify-email',
  ]);
});

test('names, telephone numbers and birthdays stand in accounts.claims alone', () => {
  const personal = people.flatMap(({ mark }) =>
    [`Canarygiven${mark}`, `Canaryfamily${mark}`, phoneOf(mark)].map((value) => ({ what: value, value, of: mark })),
  );
  const where = [...columns].filter(([, values]) => found([...values].join('\n'), personal).length > 0).map(([name]) => name);
  expect(where).toEqual(['portico.accounts.claims']);
  expect(found(logs() + watch.locations.join('\n'), personal)).toEqual([]);
  const showing = new Set(watch.pages.filter(({ body }) => personal.some(({ value }) => body.includes(value))).map(({ page }) => page));
  expect([...showing].toSorted()).toEqual(['account', 'account-profile', 'file']);
});

test('answers stand in accounts.answers alone, and on the pages that ask for them', () => {
  const answers = people.flatMap(({ mark }) =>
    ['club', 'size', 'other club'].map((what) => ({ what, value: answerOf(mark, what), of: mark })),
  );
  const where = [...columns].filter(([, values]) => found([...values].join('\n'), answers).length > 0).map(([name]) => name);
  expect(where).toEqual(['portico.accounts.answers']);
  expect(found(dump(), answers)).toHaveLength(answers.length);
  expect(found(logs() + watch.locations.join('\n') + smtp.mails.map(({ raw }) => raw).join('\n'), answers)).toEqual([]);
  const showing = new Set(watch.pages.filter(({ body }) => answers.some(({ value }) => body.includes(value))).map(({ page }) => page));
  expect([...showing].toSorted()).toEqual(['account-profile', 'file', 'login']);
});

test('what a browser says of itself is kept as proof of an agreement, in the ledger and in its owner’s download alone', () => {
  const agents = people.map(({ mark, userAgent }) => ({ what: 'browser', value: userAgent, of: mark }));
  const where = [...columns].filter(([, values]) => found([...values].join('\n'), agents).length > 0).map(([name]) => name);
  expect(where).toEqual(['portico.consents.user_agent']);
  const files = watch.pages.filter(({ body }) => body.includes('CanaryAgent'));
  expect(new Set(files.map(({ page }) => page))).toEqual(new Set(['file']));
  for (const { of, body } of files) expect(body.match(/CanaryAgent-\w+/g)?.every((agent) => agent === `CanaryAgent-${of}`)).toBe(true);
});

test('of a browser and its network only what a person recognises is kept elsewhere', () => {
  const traces = people.flatMap(({ mark, userAgent, ip }) =>
    [userAgent, `CanaryAgent-${mark}`, ip].map((value) => ({ what: value, value, of: mark })),
  );
  const elsewhere = dump('portico.consents.user_agent');
  for (const text of [elsewhere, logs(), watch.locations.join('\n')]) expect(found(text, traces)).toEqual([]);
  const pages = watch.pages.filter(({ page }) => page !== 'file');
  expect(found(pages.map(({ body }) => body).join('\n'), traces)).toEqual([]);
  expect(smtp.mails.filter(({ raw }) => found(raw, traces).length > 0)).toEqual([]);
  expect(dump()).toContain('203.0.113.0/24');
});

test('a mail holds its own code and link, and nobody else’s', () => {
  const sent = mails.filter(({ to }) => to !== null);
  const brandId = Math.min(...sent.map((mail) => mail.brandId));
  expect(smtp.mails).toHaveLength(sent.length);
  for (const mail of smtp.mails) {
    const own = sent.find(({ id }) => mail.messageId.startsWith(id)) as WaitingMail;
    expect(mail.to).toEqual([own.to]);
    const text = [mail.raw, mail.text, mail.html, JSON.stringify(mail.headers)].join('\n');
    const { digits, link } = own.params as { digits?: string; link?: string };
    const token = link?.split('token=')[1];
    const others = watch.secrets.filter(({ value }) => value !== token);
    expect([own.name, found(text, others)]).toEqual([own.name, []]);
    expect(
      found(
        text,
        addresses().filter(({ value }) => value !== own.to),
      ),
    ).toEqual([]);
    expect([own.name, mail.digits]).toEqual([own.name, digits ?? '']);
    if (link) expect(mail.links).toContain(link);
    const issuer = Object.values(portico.issuers)[own.brandId - brandId];
    const hrefs = [...mail.html.matchAll(/(?:href|src|action)="([^"]*)"/g)].map(([, href = '']) => href);
    const foreign = [...mail.links, ...hrefs].filter((href) => !href.startsWith(`${issuer}/`) && href !== 'https://nightfall.example/');
    expect([own.name, foreign]).toEqual([own.name, []]);
    // The subject stands on locked screens.
    expect([own.name, digits !== undefined && mail.subject.includes(digits)]).toEqual([own.name, false]);
  }
});

test('what waits in the queue is sealed, and opens for the brand and the row it was made for alone', async () => {
  const payloads = [...(columns.get('graphile_worker._private_jobs.payload') ?? [])]
    .map((text) => JSON.parse(text))
    .filter(({ sealed }) => sealed) as SealedMail[];
  const [one, two] = payloads as [SealedMail, SealedMail];
  const { keyring } = portico.services;
  expect(openMail(keyring, one).name).toBeDefined();
  for (const moved of [
    { ...one, id: two.id },
    { ...one, brandId: one.brandId + 1 },
    { ...one, sealed: two.sealed },
  ])
    expect(() => openMail(keyring, moved)).toThrow();
});

test('the search finds what is there', () => {
  const [secret] = watch.secrets as [Canary];
  for (const spelling of [...spellings(secret.value), Buffer.from(`xy${secret.value}z`).toString('base64')])
    expect(found(`{"a":"${spelling}"}`, [secret])).toHaveLength(1);
  record('nowhere.bytes', `\\x${Buffer.from(`..${secret.value}..`).toString('hex')}`);
  expect(found(dump(), [secret])).toHaveLength(1);
  columns.delete('nowhere.bytes');
});
