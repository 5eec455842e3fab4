// Whoever does not know the password learns nothing about whose it is: not from the status, the bytes, the work or the limits (security.md PW-11).

import { defaultSettings } from '../../src/domain/brands.ts';
import { register } from '../../src/flows/register.ts';
import * as brands from '../../src/storage/brands.ts';
import { clientsOfTest, party } from '../support/clients.ts';
import { type Answer, postForm } from '../support/exchange.ts';
import { Browser, type Page } from '../support/http-browser.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';

let portico: RunningPortico;
const password = 'tremolo cassette 47';
const limits = { ...defaultSettings.limits, loginPerNetwork: { attempts: 100_000, seconds: 60 } };

beforeAll(async () => {
  portico = await startPortico({ settings: { limits }, brands: [{ ...demoBrand, clients: clientsOfTest }] });
  const brand = await brands.findBySlug(portico.db, 'nightfall');
  for (const email of ['known@nightfall.example', 'disabled@nightfall.example'])
    await register(portico.services, brand!, { email, password, byOperator: true });
  await portico.db.pool.query("update portico.accounts set disabled_at = now() where email = 'disabled@nightfall.example'");
});
afterAll(() => portico.stop());

/** A fresh browser with the sign-in page open. */
async function opened(): Promise<{ page: Page; cookie: string }> {
  const browser = new Browser(portico.issuer);
  const page = await browser.get((await (await party(portico.issuer, 'shop')).begin()).url);
  return { page, cookie: browser.cookies.header(new URL(page.url)) };
}

async function signIn(email: string, secret: string): Promise<{ answer: Answer; statements: string[]; hashes: number }> {
  const { page, cookie } = await opened();
  const form = page.form('login');
  portico.statements.length = 0;
  const before = portico.services.hasher.count;
  const answer = await postForm(page.url, { ...form.fields, email, password: secret }, { cookie, accept: 'text/html' });
  return { answer, statements: [...portico.statements], hashes: portico.services.hasher.count - before };
}

/** The answer without what differs between any two visits. */
function masked({ status, headers, body }: Answer, email: string) {
  const { date: _date, 'x-request-id': _id, 'content-length': _length, ...rest } = headers;
  const clean = body
    .replaceAll(email, ':email')
    .replace(/interaction\/[\w-]+/g, 'interaction/:uid')
    .replace(/name="csrf" value="[^"]*"/g, 'csrf');
  return { status, headers: rest, body: clean };
}

const refusals: [says: string, email: string, password: string][] = [
  ['an unknown account', 'nobody@nightfall.example', password],
  ['an unknown account and a wrong password', 'no-one@nightfall.example', 'something else 99'],
  ['a disabled account', 'disabled@nightfall.example', password],
  ['a disabled account and a wrong password', 'disabled@nightfall.example', 'something else 99'],
  ['an unknown account of another domain', 'someone@elsewhere.example', password],
];

test.each(refusals)('%s gets the answer, the statements and the hash of a wrong password', async (_, email, secret) => {
  await signIn('known@nightfall.example', 'warm-up, caches filled');
  const wrong = await signIn('known@nightfall.example', 'something else 99');
  const other = await signIn(email, secret);
  expect(wrong.answer.status).toBe(422);
  expect(wrong.answer.body).toContain('email and password don’t match');
  expect(masked(other.answer, email)).toEqual(masked(wrong.answer, 'known@nightfall.example'));
  expect(other.statements).toEqual(wrong.statements);
  expect([wrong.hashes, other.hashes]).toEqual([1, 1]);
});

test('too many attempts look the same for an account and for none', async () => {
  const answers: Record<string, unknown> = {};
  for (const email of ['known@nightfall.example', 'nobody-else@nightfall.example']) {
    await portico.db.pool.query('delete from portico.limits');
    const statuses: number[] = [];
    let last: Answer | undefined;
    for (let tries = 0; tries < 12; tries += 1) {
      const { answer } = await signIn(email, 'something else 99');
      statuses.push(answer.status);
      last = answer;
    }
    expect(statuses).toEqual([...Array(10).fill(422), 429, 429]);
    const { headers, ...rest } = masked(last as Answer, email);
    expect(Number(headers['retry-after'])).toBeGreaterThan(800);
    answers[email] = rest;
  }
  const [one, other] = Object.values(answers);
  expect(other).toEqual(one);
});

test('the right password after too many attempts is not told apart from a wrong one', async () => {
  await portico.db.pool.query('delete from portico.limits');
  for (let tries = 0; tries < 10; tries += 1) await signIn('known@nightfall.example', 'something else 99');
  const wrong = await signIn('known@nightfall.example', 'something else 99');
  const right = await signIn('known@nightfall.example', password);
  expect(right.answer.status).toBe(429);
  expect({ ...masked(right.answer, 'known@nightfall.example'), headers: {} }).toEqual({
    ...masked(wrong.answer, 'known@nightfall.example'),
    headers: {},
  });
  expect([wrong.hashes, right.hashes]).toEqual([0, 0]);
});

test('creating an account for a known address costs the hash and the statements of a new one up to the claim', async () => {
  await portico.db.pool.query('delete from portico.limits');
  const create = async (email: string) => {
    const { page, cookie } = await opened();
    portico.statements.length = 0;
    const before = portico.services.hasher.count;
    const answer = await postForm(page.url, { ...page.form('register').fields, email, password: 'another cassette 48' }, { cookie });
    return { answer, hashes: portico.services.hasher.count - before };
  };
  const known = await create('known@nightfall.example');
  expect(known.answer.status).toBe(422);
  expect(known.answer.headers['set-cookie']).toBeUndefined();
  // One to make the account and one to see whether the password opens the account that is there.
  expect(known.hashes).toBe(2);
  expect((await create('fresh@nightfall.example')).answer.status).toBe(303);
});
