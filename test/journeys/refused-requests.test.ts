// What is sent wrongly is answered by a page that says what was wrong and leads on, in the person's language.
import { clientsOfTest, party } from '../support/clients.ts';
import { Browser } from '../support/http-browser.ts';
import { newEmail, password } from '../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { send } from '../support/protocol.ts';

let portico: RunningPortico;

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
});
afterAll(() => portico.stop());

const form = 'application/x-www-form-urlencoded';
const post = async (body: string, type: string, language: string) => {
  const headers = { 'content-type': type, accept: 'text/html', 'accept-language': language };
  const answer = await fetch(`${portico.issuer}/interaction/some-sign-in`, { method: 'POST', body, headers });
  return { status: answer.status, text: await answer.text() };
};

test.each([
  [400, 'a=%00', form, 'We couldn’t read that', 'Das konnten wir nicht lesen'],
  [400, 'a=1&a=2', form, 'We couldn’t read that', 'Das konnten wir nicht lesen'],
  [413, `a=${'x'.repeat(60_000)}`, form, 'That was more than we can take', 'Das war mehr, als wir annehmen'],
  [415, '{}', 'application/json', 'We couldn’t read that', 'Das konnten wir nicht lesen'],
])('%s is said in a sentence of its own, without technicalities', async (status, body, type, english, german) => {
  const page = await post(body, type, 'en');
  expect([page.status, page.text]).toEqual([status, expect.stringContaining(english)]);
  const seite = await post(body, type, 'de');
  expect([seite.status, seite.text]).toEqual([status, expect.stringContaining(german)]);
  for (const { text } of [page, seite]) expect(text).not.toMatch(/open too long|zu lange offen|The form|The body|must be/);
});

test('an address that cannot be read is not called a page that was open too long', async () => {
  const answer = await send(`${portico.issuer}/auth?state=%00`, { headers: { accept: 'text/html', 'accept-language': 'de' } });
  expect(answer.status).toBe(400);
  expect(answer.text).toContain('Das konnten wir nicht lesen');
});

test('programs still get the detail', async () => {
  const answer = await send(`${portico.issuer}/interaction/x`, { json: {}, headers: { accept: 'application/json' } });
  expect(answer.json).toEqual({ error: 'invalid_request', error_description: 'The body must be a form.' });
});

test('a form that was open too long leads back to its own page', async () => {
  const shop = await party(portico.issuer, 'shop');
  const browser = new Browser(portico.issuer);
  const begun = await shop.begin();
  const page = await browser.get(begun.url);
  const stale = { ...page.form('register'), fields: { ...page.form('register').fields, csrf: 'of-another-day' } };
  const refused = await browser.submit(page, stale, { email: newEmail(), password });
  expect(refused.status).toBe(403);
  expect(refused.text).toContain('That page had been open too long');
  const again = await browser.get(refused.link('Carry on'));
  expect(again.url).toBe(page.url);
  const end = await browser.submit(again, again.form('register'), { email: newEmail(), password });
  await expect(shop.finish(end.url, begun)).resolves.toBeDefined();
});
