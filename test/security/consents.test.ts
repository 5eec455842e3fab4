// Nobody gets past what they have to agree to or to answer, nobody is brought into a mailing by somebody else, and nobody's mailbox is
// filled with questions (security.md PW-10, SE-7).
import { defaultSettings } from '../../src/domain/brands.ts';
import { confirmEmailChange, requestEmailChange } from '../../src/flows/change-email.ts';
import * as brands from '../../src/storage/brands.ts';
import { enterAccount } from '../support/account-pages.ts';
import { clientsOfTest, party } from '../support/clients.ts';
import { postForm } from '../support/exchange.ts';
import { Browser, type Page } from '../support/http-browser.ts';
import { mailTo, waitingMails } from '../support/mails.ts';
import { newEmail } from '../support/people.ts';
import { type BrandOfTest, type RunningPortico, startPortico } from '../support/portico.ts';
import { createAccount, enter, password } from '../support/protocol.ts';
import { consentDocument, consentVersion, letters, news, question, terms } from '../support/questions.ts';

let portico: RunningPortico;
afterEach(() => portico.stop());

async function start(brand: Partial<BrandOfTest>, options: Parameters<typeof startPortico>[0] = {}): Promise<void> {
  portico = await startPortico({ brands: [{ slug: 'meadow', name: 'Meadow', clients: clientsOfTest, ...brand }], ...options });
}

const begin = async () => (await (await party(portico.issuer, 'shop')).begin()).url;
const source = { ip: '127.0.0.1', locale: 'en' };

/** Signs in at the app; the page that comes then. */
async function signIn(email: string, headers: Record<string, string> = {}): Promise<{ browser: Browser; page: Page }> {
  const browser = new Travelling(headers, portico.issuer);
  return { browser, page: await enter(browser, await browser.get(await begin()), { email }) };
}

/** Sends these headers with everything. */
class Travelling extends Browser {
  readonly #headers: Record<string, string>;
  constructor(headers: Record<string, string>, ...visits: string[]) {
    super(...visits);
    this.#headers = headers;
  }
  override get(url: string, navigation: Parameters<Browser['get']>[1] = {}): Promise<Page> {
    return super.get(url, { ...navigation, headers: this.#headers });
  }
  override submit(page: Page, { action, fields }: Page['forms'][number], typed: Record<string, string> = {}): Promise<Page> {
    const sent = { method: 'POST', fields: { ...fields, ...typed }, from: page.url } as const;
    return this.get(new URL(action, page.url).href, sent);
  }
}

test('a question that has to be answered stands in the way, whatever a form says was asked', async () => {
  await start({ fields: [question('club', { required: true }), question('colour')] });
  const email = newEmail();
  await createAccount(portico, { email });
  const { browser, page } = await signIn(email);
  const { csrf = '' } = page.form('save').fields;
  let url = new URL(page.url);
  const forged = [undefined, '', ' ', 'colour', 'colour colour', 'Club', 'club,colour', '__proto__', 'given_name', 'x '.repeat(80)];
  for (const asked of forged) {
    for (const action of ['save', 'skip']) {
      const fields = { csrf, action, colour: 'violet', ...(asked !== undefined && { asked }) };
      const answer = await postForm(url.href, fields, { cookie: browser.cookies.header(url), accept: 'text/html' });
      browser.cookies.take(url, answer.headers['set-cookie'] ?? []);
      const next = await browser.get(await begin());
      expect([asked, action, next.status, /name="club"[^>]*required/.test(next.body)]).toEqual([asked, action, 200, true]);
      url = new URL(page.url);
    }
  }
  const stopped = await browser.get(await begin());
  const on = await browser.submit(stopped, stopped.form('save'), { club: 'Night Owls' });
  expect(new URL(on.url).searchParams.get('code')).toBeTruthy();
});

test('terms stand in the way of every app and every silent request, until they are accepted, and again when they are taken back', async () => {
  await start({ consents: [terms(1), news] });
  const email = newEmail();
  await createAccount(portico, { email });
  const { browser, page } = await signIn(email);
  const silent = async (client: 'shop' | 'radio') =>
    new URL((await browser.get((await (await party(portico.issuer, client)).begin({ prompt: 'none' })).url)).url).searchParams;
  const expectStopped = async () => {
    for (const client of ['shop', 'radio'] as const) expect((await silent(client)).get('error')).toBe('interaction_required');
    const uid = new URL(page.url).pathname.split('/').at(-1);
    const back = await browser.get(`${portico.issuer}/auth/${uid}?${new URLSearchParams({ accept_terms: '{}', consent: '{}' })}`);
    expect(back.url).not.toContain('code=');
  };
  await expectStopped();
  const stopped = await browser.get(await begin());
  const on = await browser.submit(stopped, stopped.form('accept'), { consent_terms: 'yes' });
  expect(on.status).toBe(0);
  expect((await silent('radio')).get('code')).toBeTruthy();
  const mine = await browser.get(`${portico.issuer}/account/consents`);
  await browser.submit(mine, mine.form('withdraw'));
  await expectStopped();
});

test('who lives where a document is asked for cannot say otherwise by a header of their own', async () => {
  const german = consentDocument('german', consentVersion(1, { countries: ['DE'] }));
  await start({ consents: [german] }, { env: { COUNTRY_HEADER: 'CF-IPCountry' } });
  const lies = { 'x-portico-country': 'US', 'cf-ipcountry': 'US', 'x-forwarded-for': '198.51.100.7', 'x-country': 'US' };
  for (const headers of [{}, lies]) {
    const email = newEmail();
    await createAccount(portico, { email });
    const { page } = await signIn(email, { 'accept-language': 'de-DE,de', ...headers });
    expect([page.status, page.body.includes('name="consent_german"')]).toEqual([200, true]);
    const joining = new Travelling({ 'accept-language': 'de-DE,de', ...headers }, portico.issuer);
    const form = await joining.get(await begin());
    expect(form.body).toContain('name="consent_german"');
    const refused = await joining.submit(form, form.form('register'), { email: newEmail(), password });
    expect([refused.status, refused.body.includes('id="register-consent_german-refusal"')]).toEqual([422, true]);
  }
});

test('a proxy that is trusted says the country, and its word counts before the browser’s', async () => {
  const german = consentDocument('german', consentVersion(1, { countries: ['DE'] }));
  await start({ consents: [german] }, { env: { COUNTRY_HEADER: 'CF-IPCountry', TRUSTED_PROXIES: '127.0.0.1,::1' } });
  const asks = async (headers: Record<string, string>) => {
    const email = newEmail();
    await createAccount(portico, { email });
    return (await signIn(email, headers)).page.status === 200;
  };
  expect(await asks({ 'accept-language': 'en-US', 'cf-ipcountry': 'DE', 'x-portico-country': 'US' })).toBe(true);
  expect(await asks({ 'accept-language': 'de-DE', 'cf-ipcountry': 'US', 'x-portico-country': 'DE' })).toBe(false);
});

const optIns = async (to?: string) =>
  (await waitingMails(portico.services)).filter((mail) => mail.name === 'confirm_consent' && mail.to !== null && (!to || mail.to === to));

const ledger = async () => (await portico.db.pool.query('select document, answer from portico.consents order by account_id, number')).rows;

/** A person at their agreements who has ticked the mailing. */
async function ticked() {
  const { browser, page, ...person } = await enterAccount(portico, { path: '/consents' });
  const mailed = await browser.submit(page, page.form('accept'));
  return { ...person, browser, page: mailed, link: (await mailTo(portico.services, person.email, 'confirm_consent')).params.link };
}

async function press(link: string): Promise<Page> {
  const browser = new Browser(portico.issuer);
  const page = await browser.get(link);
  return page.forms.some(({ fields }) => fields.csrf) ? browser.submit(page, page.form()) : page;
}

test('a mailing is confirmed from the inbox of the account’s address alone: a link that went to another one is dead', async () => {
  await start({ consents: [letters] });
  const { id, link } = await ticked();
  const brand = await brands.findBySlug(portico.db, 'meadow');
  const moved = { accountId: id, email: newEmail('moved'), password, source };
  const { handle } = await requestEmailChange(portico.services, brand!, moved);
  const { digits } = (await mailTo(portico.services, moved.email, 'change_email')).params;
  await confirmEmailChange(portico.services, brand!, { shown: { handle, typed: digits }, source });
  expect((await press(link)).status).toBe(410);
  expect(await ledger()).toEqual([]);
});

test('who takes a tick back before they press is not brought in by any of its links, not even who had said no before', async () => {
  await start({ consents: [letters] });
  for (const before of [false, true]) {
    const { browser, page, link, email } = await ticked();
    if (before) {
      await press(link);
      const accepted = await browser.get(page.url);
      await browser.submit(accepted, accepted.form('withdraw'));
      const again = await browser.get(page.url);
      await browser.submit(again, again.form('accept'));
    }
    const links = (await optIns(email)).map(({ params }) => (params as { link: string }).link);
    const waiting = await browser.get(`${portico.issuer}/account/consents`);
    await browser.submit(waiting, waiting.form('withdraw'));
    const { rows: lines } = await portico.db.pool.query('select count(*)::int as count from portico.consents');
    for (const one of links) await press(one);
    const { rows: after } = await portico.db.pool.query(
      `select count(*)::int as count, count(*) filter (where consents -> 'current' -> 'letters' ->> 'answer' = 'accepted')::int as in
       from portico.accounts, (select count(*) from portico.consents) lines group by lines.count`,
    );
    expect([before, after[0]?.in]).toEqual([before, 0]);
    expect((await portico.db.pool.query('select count(*)::int as count from portico.consents')).rows).toEqual(lines);
  }
});

const most = defaultSettings.limits.mailPerIdentifier.attempts;

test('however often a mailing is ticked, and in however many tabs, its address gets as many mails as any other page would send', async () => {
  await start({ consents: [letters] });
  const { browser, page, email } = await ticked();
  const waiting = await browser.get(page.url);
  const url = new URL(waiting.forms.find(({ fields }) => fields.document === 'letters')?.action ?? '', waiting.url);
  const fields = waiting.form('accept').fields;
  const tick = () => postForm(url.href, fields, { cookie: browser.cookies.header(url), accept: 'text/html' });
  const answers = await Promise.all(Array.from({ length: 20 }, tick));
  for (let turn = 0; turn < 5; turn += 1) answers.push(await tick());
  expect([...new Set(answers.map(({ status }) => status))]).toEqual([303]);
  expect(await optIns()).toHaveLength(most);
  expect(await optIns(email)).toHaveLength(most);
  // Taking it back and ticking it again is no way around.
  for (let turn = 0; turn < 5; turn += 1) {
    for (const action of ['withdraw', 'accept']) {
      const current = await browser.get(page.url);
      await browser.submit(current, current.form(action));
    }
  }
  expect(await optIns()).toHaveLength(most);
}, 60_000);

test('what was mailed last still counts when it was asked for once more than is mailed', async () => {
  await start({ consents: [letters] });
  const { browser, page, email } = await ticked();
  for (let turn = 0; turn < most + 2; turn += 1) {
    const waiting = await browser.get(page.url);
    await browser.submit(waiting, waiting.form('accept'));
  }
  const mailed = (await optIns(email)).map(({ params }) => (params as { link: string }).link);
  expect(mailed).toHaveLength(most);
  expect((await press(mailed.at(-1) as string)).status).toBe(200);
  expect(await ledger()).toEqual([{ document: 'letters', answer: 'accepted' }]);
});

test.each(['before', 'after', 'off'] as const)(
  'strangers who register one address over and over, every box ticked, fill no mailbox: addresses proved %s',
  async (pages) => {
    const crowd = { attempts: 10_000, seconds: 60 };
    const limits = { ...defaultSettings.limits, registerPerNetwork: crowd, loginPerNetwork: crowd, loginPerIdentifier: crowd };
    await start({ consents: [terms(1), letters] }, { settings: { emailVerification: { pages }, limits } });
    const email = newEmail('victim');
    const typed = { email, consent_terms: 'yes', consent_letters: 'yes' };
    for (let turn = 0; turn < 12; turn += 1) {
      const browser = new Browser(portico.issuer);
      const page = await browser.get(await begin());
      await browser.submit(page, page.form('register'), { ...typed, password: `another cassette ${turn}` });
    }
    const mails = (await waitingMails(portico.services)).filter(({ to }) => to !== null);
    expect(mails.length).toBeGreaterThan(0);
    expect(mails.length).toBeLessThanOrEqual(most);
    expect(mails.every(({ to }) => to === email)).toBe(true);
  },
  60_000,
);

test('nor do many mailings on one form, all of them ticked: each of their mails counts', async () => {
  await start({ consents: ['first', 'second', 'third', 'fourth', 'fifth'].map((name) => ({ ...letters, name })) });
  const browser = new Browser(portico.issuer);
  const page = await browser.get(await begin());
  const boxes = Object.fromEntries(['first', 'second', 'third', 'fourth', 'fifth'].map((name) => [`consent_${name}`, 'yes']));
  expect((await browser.submit(page, page.form('register'), { email: newEmail('victim'), password, ...boxes })).status).toBe(0);
  const mails = await optIns();
  expect(mails.length).toBeGreaterThan(0);
  expect(mails.length).toBeLessThanOrEqual(most);
});

test('nor does one network mail many strangers by ticking for each of them', async () => {
  const crowd = { attempts: 10_000, seconds: 60 };
  const few = { attempts: 5, seconds: 3_600 };
  const limits = { ...defaultSettings.limits, registerPerNetwork: crowd, mailPerNetwork: few };
  await start({ consents: [letters] }, { settings: { emailVerification: { pages: 'off' }, limits } });
  for (let turn = 0; turn < 12; turn += 1) {
    const browser = new Browser(portico.issuer);
    const page = await browser.get(await begin());
    await browser.submit(page, page.form('register'), { email: newEmail('stranger'), password, consent_letters: 'yes' });
  }
  expect(await optIns()).toHaveLength(few.attempts);
});
