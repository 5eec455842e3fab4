// A person's year with one brand: joins with the least there is, is asked for more when there is more to ask, once, wherever they come from.
import { clientsOfTest, party } from '../support/clients.ts';
import { Browser, type Page } from '../support/http-browser.ts';
import { mailedDigits, typeCode } from '../support/mails.ts';
import { newEmail, password } from '../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { answerIn, enter } from '../support/protocol.ts';
import { consentDocument, consentVersion, define, news, question, terms } from '../support/questions.ts';
import type { RelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
let shop: RelyingParty;
let phone: RelyingParty;

beforeEach(async () => {
  portico = await startPortico({
    brands: [
      {
        ...demoBrand,
        clients: clientsOfTest,
        consents: [terms(1), news],
        fields: [question('club', { ask: 'registration', required: true })],
      },
    ],
    settings: { emailVerification: { pages: 'before' } },
  });
  shop = await party(portico.issuer, 'shop', undefined, 'openid email consents profile_fields');
  phone = await party(portico.issuer, 'phone', 'http://127.0.0.1:49152/callback');
});
afterEach(() => portico.stop());

const rows = async (statement: string) => (await portico.db.pool.query(statement)).rows;
const ledger = () => rows('select number, document, version, answer, channel from portico.consents order by number');

async function join(
  browser: Browser,
  typed: Record<string, string>,
): Promise<{ page: Page; email: string; begun: Awaited<ReturnType<RelyingParty['begin']>> }> {
  const email = newEmail();
  const begun = await shop.begin();
  const page = await browser.get(begun.url);
  return { email, begun, page: await browser.submit(page, page.form('register'), { email, password, ...typed }) };
}

test('nobody joins without the required document and the required answer, and nothing typed is lost', async () => {
  const browser = new Browser(portico.issuer);
  const opened = await browser.get((await shop.begin()).url);
  expect(opened.body).not.toMatch(/type="checkbox"[^>]*name="consent_[^>]*checked/);
  expect(opened.text).toMatch(/I agree to version 1 of this ?\. \(required\)/);
  expect(opened.body).toContain('href="https://nightfall.example/terms" target="_blank" rel="noopener"');

  const { page } = await join(browser, { consent_news: 'yes', club: '' });
  expect(page.status).toBe(422);
  expect(page.text).toContain('Tick this box to go on.');
  expect(page.text).toContain('We need an answer here.');
  expect(page.body).toMatch(/name="consent_news"[^>]*checked/);
  expect(page.body).not.toMatch(/name="consent_terms"[^>]*checked/);
  expect(await rows('select 1 from portico.one_time_codes')).toEqual([]);
});

test('joins with the least, is asked for more once, and is in: from the web app and from the phone', async () => {
  const browser = new Browser(portico.issuer);
  const { page, email, begun } = await join(browser, { consent_terms: 'yes', club: 'Friends of vinyl' });
  expect(page.text).toContain('Check your email');
  const back = await typeCode(browser, page, await mailedDigits(portico.services, email));
  const info = await shop.userinfo(await shop.finish(back.url, begun));
  expect(info).toMatchObject({
    consents: { terms: { state: 'accepted', version: 1, needs_update: false }, news: { state: 'declined', version: 1 } },
    profile_fields: { club: 'Friends of vinyl' },
  });
  expect(info).not.toHaveProperty('profile');
  expect(await ledger()).toEqual([
    { number: 1, document: 'terms', version: 1, answer: 'accepted', channel: 'page' },
    { number: 2, document: 'news', version: 1, answer: 'declined', channel: 'page' },
  ]);

  await define(portico, { consents: [terms(1, 2), news], fields: [question('size', { required: true }), question('colour')] });

  // The live session is asked too, and an app that cannot show a page is told so.
  const silent = await browser.get((await shop.begin({ prompt: 'none' })).url);
  expect(answerIn(silent.url).error).toBe('interaction_required');
  const again = await shop.begin();
  const changed = await browser.get(again.url);
  expect(changed.text).toContain('There’s a new version of what you agreed to.');
  const refused = await browser.submit(changed, changed.form('accept'));
  expect([refused.status, refused.text.includes('Tick this box to go on.')]).toEqual([422, true]);
  expect((await browser.submit(refused, refused.form('language'), { lang: 'de' })).text).toContain('Setz dieses Häkchen');
  const english = await browser.submit(refused, refused.form('language'), { lang: 'en' });
  expect(english.text).toContain('Tick this box to go on.');
  const asked = await browser.submit(english, english.form('accept'), { consent_terms: 'yes' });
  expect(asked.text).toContain('1 of 3 answered');
  expect(asked.body.indexOf('name="size"')).toBeLessThan(asked.body.indexOf('name="colour"'));
  const half = await browser.submit(asked, asked.form('save'), { colour: 'violet' });
  expect([half.status, half.text.includes('We need an answer here.')]).toEqual([422, true]);
  expect(half.body).toMatch(/name="colour"[^>]*value="violet"/);
  const german = await browser.submit(half, half.form('language'), { lang: 'de' });
  expect(german.text).toContain('Hier brauchen wir eine Antwort.');
  const inEnglish = await browser.submit(german, german.form('language'), { lang: 'en' });
  expect(inEnglish.body).toMatch(/name="colour"[^>]*value="violet"/);
  const done = await browser.submit(inEnglish, inEnglish.form('save'), { size: 'large' });
  const tokens = await shop.finish(done.url, again);
  expect(await shop.userinfo(tokens)).toMatchObject({
    consents: { terms: { state: 'accepted', version: 2 } },
    profile_fields: { club: 'Friends of vinyl', size: 'large', colour: 'violet' },
  });

  // Another device, another app: nothing is asked twice.
  const pocket = new Browser(portico.issuer);
  const call = await phone.begin();
  const signIn = await pocket.get(call.url);
  const home = await enter(pocket, signIn, { email });
  expect(home.url.startsWith('http://127.0.0.1:49152/callback')).toBe(true);
  expect((await phone.finish(home.url, call)).claims()?.sub).toBe(tokens.claims()?.sub);
  expect((await ledger()).map(({ document, version }) => `${document} ${version}`)).toEqual(['terms 1', 'news 1', 'terms 2']);
});

test('the phone is asked as well, and then the web app is not', async () => {
  const browser = new Browser(portico.issuer);
  const { page, email, begun } = await join(browser, { consent_terms: 'yes', club: 'Friends of vinyl' });
  await shop.finish((await typeCode(browser, page, await mailedDigits(portico.services, email))).url, begun);
  await define(portico, { consents: [terms(1, 2), news], fields: [question('size', { required: true })] });

  const pocket = new Browser(portico.issuer);
  const call = await phone.begin();
  const changed = await enter(pocket, await pocket.get(call.url), { email });
  const asked = await pocket.submit(changed, changed.form('accept'), { consent_terms: 'yes' });
  const home = await pocket.submit(asked, asked.form('save'), { size: 'small' });
  await phone.finish(home.url, call);

  const later = await shop.begin();
  await shop.finish((await browser.get(later.url)).url, later);
});

test('a tick that was set for another version is none for the new words', async () => {
  const browser = new Browser(portico.issuer);
  const { page, email, begun } = await join(browser, { consent_terms: 'yes', club: 'Friends of vinyl' });
  await shop.finish((await typeCode(browser, page, await mailedDigits(portico.services, email))).url, begun);
  await define(portico, { consents: [terms(1, 2), news] });
  const again = await shop.begin();
  const second = await browser.get(again.url);
  await define(portico, { consents: [terms(1, 2, 3), news] });
  const third = await browser.submit(second, second.form('accept'), { consent_terms: 'yes' });
  expect([third.status, third.text.includes('This has changed since you opened the page.')]).toEqual([422, true]);
  expect(third.text).toContain('I agree to version 3');
  expect(third.body).not.toMatch(/name="consent_terms"[^>]*checked/);
  const german = await browser.submit(third, third.form('language'), { lang: 'de' });
  expect(german.body).not.toMatch(/name="consent_terms"[^>]*checked/);
  await shop.finish((await browser.submit(german, german.form('accept'), { consent_terms: 'yes' })).url, again);
  expect((await ledger()).map(({ document, version }) => `${document} ${version}`)).toEqual(['terms 1', 'news 1', 'terms 3']);
});

test('two tabs answer the same page: both land, one set of lines', async () => {
  const browser = new Browser(portico.issuer);
  const { page, email, begun } = await join(browser, { consent_terms: 'yes', club: 'Friends of vinyl' });
  await shop.finish((await typeCode(browser, page, await mailedDigits(portico.services, email))).url, begun);
  await define(portico, { consents: [terms(1, 2), news] });
  const [one, two] = [await shop.begin(), await shop.begin()];
  const [first, second] = [await browser.get(one.url), await browser.get(two.url)];
  const backs = await Promise.all([first, second].map((tab) => browser.submit(tab, tab.form('accept'), { consent_terms: 'yes' })));
  for (const [index, tab] of [one, two].entries()) expect((await shop.finish(backs[index]!.url, tab)).claims()?.sub).toBeTruthy();
  expect((await ledger()).map(({ document, version }) => `${document} ${version}`)).toEqual(['terms 1', 'news 1', 'terms 2']);
});

test('who does not accept goes back to the app with a no, and can still reach their own account', async () => {
  const browser = new Browser(portico.issuer);
  const { page, email, begun } = await join(browser, { consent_terms: 'yes', club: 'Friends of vinyl' });
  await shop.finish((await typeCode(browser, page, await mailedDigits(portico.services, email))).url, begun);
  await define(portico, { consents: [terms(1, 2), news] });
  const changed = await browser.get((await shop.begin()).url);
  const away = await browser.submit(changed, changed.form('deny'));
  expect(answerIn(away.url)).toMatchObject({ error: 'access_denied' });
  const account = await browser.get(`${portico.issuer}/account/delete`);
  expect(account.url).toContain('/account/delete');
  expect(account.status).toBe(200);
});

test('a new version may be put off for its days of grace, by those who agreed to the one before', async () => {
  const browser = new Browser(portico.issuer);
  const { page, email, begun } = await join(browser, { consent_terms: 'yes', club: 'Friends of vinyl' });
  await shop.finish((await typeCode(browser, page, await mailedDigits(portico.services, email))).url, begun);
  const today = `${new Date().toISOString().slice(0, 19)}Z`;
  const renewed = consentDocument('terms', consentVersion(1), consentVersion(2, { effectiveAt: today, graceDays: 30 }));
  await define(portico, { consents: [renewed, news] });
  // Nobody is stopped by it who cannot see a page.
  expect(answerIn((await browser.get((await shop.begin({ prompt: 'none' })).url)).url)).toHaveProperty('code');
  const asked = await shop.begin();
  const changed = await browser.get(asked.url);
  const on = await browser.submit(changed, changed.form('later'));
  await shop.finish(on.url, asked);
  const again = await shop.begin();
  await shop.finish((await browser.get(again.url)).url, again);
  expect((await ledger()).filter(({ version }) => version === 2)).toEqual([]);
});
