// Joining tells nobody whether an address has an account: not by status, headers, cookies, bytes, statements, hashes or mails, at the first
// press nor at any later one on the page that waits (security.md PW-11). Times are printed; equality is what counts.
import { register } from '../../src/flows/register.ts';
import * as brands from '../../src/storage/brands.ts';
import { clientsOfTest, party } from '../support/clients.ts';
import { type Answer, postForm } from '../support/exchange.ts';
import { Browser } from '../support/http-browser.ts';
import { forgetMails, waitingMails } from '../support/mails.ts';
import { password } from '../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { letters, question, terms } from '../support/questions.ts';
import type { RelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
let shop: RelyingParty;
/** Of a brand where nobody joins without agreeing and answering. */
let meadow: RelyingParty;
const SAMPLES = 20;

beforeAll(async () => {
  portico = await startPortico({
    settings: { emailVerification: { pages: 'before' } },
    brands: [
      { ...demoBrand, clients: clientsOfTest },
      {
        ...{ slug: 'meadow', name: 'Meadow', path: '/meadow', clients: clientsOfTest },
        consents: [terms(1), letters],
        fields: [question('club', { ask: 'registration', required: true })],
      },
    ],
  });
  shop = await party(portico.issuer, 'shop');
  meadow = await party(portico.issuers.meadow as string, 'shop');
  for (const slug of ['nightfall', 'meadow']) {
    const brand = await brands.findBySlug(portico.db, slug);
    for (let index = 0; index < SAMPLES; index += 1)
      await register(portico.services, brand!, { email: emailOf('known', index), password, byOperator: true });
  }
});
afterAll(() => portico.stop());

type Kind = 'known' | 'fresh';
const emailOf = (kind: Kind, index: number) => `${kind}-${String(index).padStart(2, '0')}@nightfall.example`;

interface Press {
  /** All that anybody outside or inside can see, without what differs between any two visits. */
  seen: object;
  answer: Answer;
  milliseconds: number;
}

/** A browser that keeps its cookies and shows every answer as it is on the wire. */
async function visitor(email: string, app = shop) {
  const browser = new Browser(portico.issuer);
  const page = await browser.get((await app.begin()).url);
  const { csrf = '' } = page.form('register').fields;
  return async (where: '' | '/verify-email', fields: Record<string, string>): Promise<Press> => {
    const url = new URL(page.url + where);
    const cookie = browser.cookies.header(url);
    portico.statements.length = 0;
    const before = portico.services.hasher.count;
    const mails = (await waitingMails(portico.services)).length;
    portico.statements.length = 0;
    const answer = await postForm(url.href, { csrf, ...fields }, { cookie, accept: 'text/html' });
    // The look-out for changed brands runs by itself, every few seconds.
    const statements = portico.statements.filter((text) => !/from portico\.brands\s+where updated_at/.test(text));
    browser.cookies.take(url, answer.headers['set-cookie'] ?? []);
    const work = { hashes: portico.services.hasher.count - before, mails: (await waitingMails(portico.services)).length - mails };
    return { seen: { ...work, statements, ...visible(answer, email) }, answer, milliseconds: answer.milliseconds };
  };
}

function visible({ status, headers, body }: Answer, email: string) {
  const { date: _date, 'x-request-id': _id, 'set-cookie': cookies = [], ...rest } = headers;
  const mask = (text: string) => text.replaceAll(email, ':email').replace(/interaction\/[\w-]+/g, 'interaction/:uid');
  return {
    status,
    headers: { ...rest, location: mask(rest.location ?? '') },
    // Of a cookie's value the length, of its other parts everything but the moment.
    cookies: cookies.map((cookie) =>
      mask(cookie.replace(/^([^=]+)=([^;]*)/, (_, name, value) => `${name}=${value.length}`).replace(/expires=[^;]+/, 'expires')),
    ),
    body: mask(body).replace(/name="csrf" value="[^"]*"/g, 'csrf'),
  };
}

type Step = readonly [name: string, where: '' | '/verify-email', fields: (email: string) => Record<string, string>];

const presses: readonly Step[] = [
  ['create account', '', (email) => ({ action: 'register', email, password: 'another cassette 48' })],
  ['create account once more', '', (email) => ({ action: 'register', email, password: 'another cassette 49' })],
  ['no code', '/verify-email', () => ({ code: '' })],
  ['no code at all', '/verify-email', () => ({})],
  ['letters', '/verify-email', () => ({ code: 'abcdef' })],
  ['carry on', '/verify-email', () => ({ action: 'carry-on' })],
  ['wrong code', '/verify-email', () => ({ code: '000000' })],
  ['send it again', '/verify-email', () => ({ action: 'again' })],
  ...Array.from({ length: 6 }, (_, index): Step => [`wrong code ${index + 1}`, '/verify-email', () => ({ code: '111111' })]),
  ['carry on after five', '/verify-email', () => ({ action: 'carry-on' })],
  ['send it again after five', '/verify-email', () => ({ action: 'again' })],
  ['send it again past the limit', '/verify-email', () => ({ action: 'again' })],
  ['an unknown button', '/verify-email', () => ({ action: 'sesame' })],
];

async function walk(kind: Kind, index: number, steps: readonly Step[], app: RelyingParty): Promise<Press[]> {
  const email = emailOf(kind, index);
  const press = await visitor(email, app);
  const made: Press[] = [];
  for (const [, where, fields] of steps) made.push(await press(where, fields(email)));
  return made;
}

/** Interleaved, and equal in everything that can be seen. @returns the presses of each. */
async function walkAlike(samples: number, steps: readonly Step[], app: RelyingParty): Promise<Record<Kind, Press[][]>> {
  await walk('fresh', 99, steps, app);
  const walks: Record<Kind, Press[][]> = { known: [], fresh: [] };
  for (let index = 0; index < samples; index += 1) {
    await portico.db.pool.query('delete from portico.limits');
    const kinds = index % 2 ? (['known', 'fresh'] as const) : (['fresh', 'known'] as const);
    for (const kind of kinds) walks[kind].push(await walk(kind, index, steps, app));
  }
  for (const [at, [name]] of steps.entries()) {
    const pattern = { name, ...walks.fresh[0]?.[at]?.seen };
    for (const kind of ['known', 'fresh'] as const) for (const made of walks[kind]) expect({ name, ...made[at]?.seen }).toEqual(pattern);
  }
  return walks;
}

interface Seen {
  status: number;
  hashes: number;
  mails: number;
  cookies: string[];
}

const seenBy = (steps: readonly Step[], walks: Press[][]) => steps.map((_, at) => walks[0]?.[at]?.seen as Seen);

test(`a known and an unknown address are alike in every press, in ${SAMPLES} interleaved samples of each`, async () => {
  const walks = await walkAlike(SAMPLES, presses, shop);
  const [first, second] = seenBy(presses, walks.known);
  expect(first).toMatchObject({
    status: 303,
    hashes: 1,
    mails: 1,
    cookies: [expect.stringMatching(/^\d+\.register=\d+; path=\/interaction\/:uid/)],
  });
  expect(second).toMatchObject({ status: 303, hashes: 1, mails: 0 });
  const median = (kind: Kind, at: number) => walks[kind].map((made) => made[at]?.milliseconds ?? 0).sort((a, b) => a - b)[SAMPLES / 2];
  const times = presses.map(
    ([name], at) => `${name}: known ${median('known', at)?.toFixed(1)} ms, unknown ${median('fresh', at)?.toFixed(1)} ms`,
  );
  process.stdout.write(`${times.join('\n')}\n`);
}, 120_000);

const boxes = { consent_terms: 'yes', version_terms: '1', consent_letters: 'yes', version_letters: '1' };
const whole = { ...boxes, club: 'Friends of vinyl' };
const joins = (more: Record<string, string>) => (email: string) => ({
  action: 'register',
  email,
  password: 'another cassette 48',
  ...more,
});

const asking: readonly Step[] = [
  ['without boxes and answers', '', joins({})],
  ['without boxes', '', joins({ club: whole.club })],
  ['with a box of another version', '', joins({ ...whole, version_terms: '2' })],
  ['without an answer', '', joins(boxes)],
  ['with an answer that is none', '', joins({ ...boxes, club: 'x'.repeat(4_000) })],
  ['without a password', '', (email) => ({ action: 'register', email, ...whole })],
  ['another language', '', (email) => ({ action: 'language', lang: 'de', form: 'register', email, refused: 'consent_required', ...whole })],
  ['create account', '', joins(whole)],
  ['create account once more', '', joins({ ...whole, consent_letters: '', club: 'The Night Owls' })],
  ['wrong code', '/verify-email', () => ({ code: '000000' })],
  ['send it again', '/verify-email', () => ({ action: 'again' })],
  ['carry on', '/verify-email', () => ({ action: 'carry-on' })],
];

test('nor do boxes and answers tell them apart, where nobody joins without: not when they are missing, not when they are there', async () => {
  const walks = await walkAlike(SAMPLES / 2, asking, meadow);
  const work = seenBy(asking, walks.known).map(({ status, hashes, mails }) => [status, hashes, mails].join(' '));
  const names = asking.map(([name], at) => `${name}: ${work[at]}`);
  expect(names).toEqual([
    'without boxes and answers: 422 0 0',
    'without boxes: 422 0 0',
    'with a box of another version: 422 0 0',
    'without an answer: 422 0 0',
    'with an answer that is none: 422 0 0',
    'without a password: 422 0 0',
    'another language: 200 0 0',
    'create account: 303 1 1',
    'create account once more: 303 1 0',
    'wrong code: 422 0 0',
    'send it again: 303 0 1',
    'carry on: 422 0 0',
  ]);
  const { rows } = await portico.db.pool.query('select 1 from portico.consents');
  expect(rows).toEqual([]);
}, 120_000);

test('the right password of a known address signs nobody in through “Create account”', async () => {
  await portico.db.pool.query('delete from portico.limits');
  const press = await visitor(emailOf('known', 0));
  const { answer } = await press('', { action: 'register', email: emailOf('known', 0), password });
  expect([answer.status, answer.headers.location]).toEqual([303, expect.stringMatching(/\/verify-email$/)]);
  expect((await press('/verify-email', { action: 'carry-on' })).answer.status).toBe(422);
});

test('what everybody is told at once tells nothing: rules of addresses and passwords, and the limit of a network', async () => {
  await forgetMails(portico.services);
  for (const [fields, status] of [
    [{ email: 'known-00@nightfall.example', password: 'short' }, 422],
    [{ email: 'fresh-77@nightfall.example', password: 'short' }, 422],
    [{ email: 'no address', password }, 422],
  ] as const) {
    const press = await visitor(fields.email);
    const { seen, answer } = await press('', { action: 'register', ...fields });
    expect(answer.status).toBe(status);
    expect(seen).toMatchObject({ hashes: 0, mails: 0, cookies: [] });
  }
});

const hostile = [
  'ada@nightfall.example\r\nBcc: everybody@nightfall.example',
  'ada@nightfall.example\nBcc: everybody@nightfall.example',
  'Ada <ada@nightfall.example>',
  '"Ada" <ada@nightfall.example>',
  'friends: ada@nightfall.example, bob@nightfall.example;',
  'ada@nightfall.example,bob@nightfall.example',
  'ada@nightfall.example;bob@nightfall.example',
  '"ada lovelace"@nightfall.example',
  '"ada@evil.example"@nightfall.example',
  'ada(comment)@nightfall.example',
  'ada@nightfall.example(comment)',
  'ada@[127.0.0.1]',
  'ada@127.0.0.1',
  'ada@localhost',
  'ada@night\u200bfall.example',
  'a\u200bda@nightfall.example',
  'ad\u0430@nightfall.example',
  'ada@nightfall.e\uff58ample',
  '\u202eada@nightfall.example',
  'ada@nightfall..example',
  '.ada@nightfall.example',
  'ada@@nightfall.example',
  'ada@nightfall.example@evil.example',
  '=?utf-8?q?ada=40evil.example=3e=20?=@nightfall.example',
  `${'a'.repeat(65)}@nightfall.example`,
  `ada@${'a.'.repeat(200)}example`,
  `${'a'.repeat(40_000)}@nightfall.example`,
];

test('hostile addresses are refused before anything is counted, hashed, written or mailed', async () => {
  await portico.db.pool.query('delete from portico.limits');
  await forgetMails(portico.services);
  for (const email of hostile) {
    const press = await visitor(email);
    const { seen, answer } = await press('', { action: 'register', email, password });
    expect([email.slice(0, 80), answer.status]).toEqual([email.slice(0, 80), 422]);
    expect(seen).toMatchObject({ hashes: 0, mails: 0, cookies: [] });
  }
  const press = await visitor('long');
  const { answer } = await press('', { action: 'register', email: `${'a'.repeat(1_048_576)}@nightfall.example`, password });
  expect(answer.status).toBe(413);
  const { rows } = await portico.db.pool.query(
    'select (select count(*)::int from portico.limits) as limits, (select count(*)::int from portico.audit_events where event <> $1) as events',
    ['account_registered'],
  );
  expect(rows[0].limits).toBe(0);
});
