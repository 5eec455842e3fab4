import { enterAccount } from '../../../support/account-pages.ts';
import { Browser } from '../../../support/http-browser.ts';
import { mailTo } from '../../../support/mails.ts';
import { type RunningPortico, startPortico } from '../../../support/portico.ts';
import { define, letters, news, terms } from '../../../support/questions.ts';

let portico: RunningPortico;
beforeEach(async () => {
  portico = await startPortico();
});
afterEach(() => portico.stop());

const answers = async () =>
  (await portico.db.pool.query('select document, version, answer from portico.consents order by number')).rows.map(
    ({ document, version, answer }) => `${document} ${version} ${answer}`,
  );

function formOf(page: Awaited<ReturnType<Browser['get']>>, document: string) {
  const form = page.forms.find(({ fields }) => fields.document === document);
  if (!form) throw new Error(`no form for ${document}: ${page.text}`);
  return form;
}

test('where nobody is asked anything there is no such page in the navigation', async () => {
  const { page } = await enterAccount(portico);
  expect(page.text).not.toContain('Agreements');
});

test('what was agreed to is shown with its day, taken back, given again, and all of it stands in the history', async () => {
  await define(portico, { consents: [terms(1), news] });
  const { browser, page } = await enterAccount(portico, { path: '/consents' });
  expect(page.text).toContain('Not answered');
  const given = await browser.submit(page, { ...formOf(page, 'news') }, { action: 'accept' });
  expect(given.url).toBe(`${portico.issuer}/account/consents?done=consent_given`);
  expect(given.text).toContain('Agreed, version 1');
  const taken = await browser.submit(given, formOf(given, 'news'), { action: 'withdraw' });
  expect(taken.text).toContain('Withdrawn. It no longer counts.');
  expect(taken.text).toContain('Withdrawn, version 1');
  await browser.submit(taken, formOf(taken, 'news'), { action: 'accept' });
  expect(await answers()).toEqual(['news 1 accepted', 'news 1 withdrawn', 'news 1 accepted']);
  expect((await browser.get(`${portico.issuer}/account`)).text).toContain('Agreed to 1');
});

test('a version that changed while the page was open is not agreed to by accident', async () => {
  await define(portico, { consents: [terms(1)] });
  const { browser, page } = await enterAccount(portico, { path: '/consents' });
  await define(portico, { consents: [terms(1, 2)] });
  const refused = await browser.submit(page, formOf(page, 'terms'), { action: 'accept' });
  expect([refused.status, refused.text.includes('This has changed since you opened the page.')]).toEqual([422, true]);
  expect(await answers()).toEqual([]);
});

test('a mailing waits for the button in its mail, says so, and can be taken back while it waits', async () => {
  await define(portico, { consents: [letters] });
  const { browser, page, email } = await enterAccount(portico, { path: '/consents' });
  const waiting = await browser.submit(page, formOf(page, 'letters'), { action: 'accept' });
  expect(waiting.text).toContain('Check your email: your agreement counts once you press the button there.');
  expect(waiting.text).toContain('Not confirmed yet');
  const { link } = (await mailTo(portico.services, email, 'confirm_consent')).params;

  // Opened elsewhere, as mail programs do: looking changes nothing.
  const elsewhere = new Browser(portico.issuer);
  const asked = await elsewhere.get(link);
  expect(asked.url).not.toContain('token');
  expect(asked.text).toContain('Send me letters.');
  expect(await answers()).toEqual([]);
  const confirmed = await elsewhere.submit(asked, asked.form());
  expect(confirmed.text).toContain('It’s noted.');
  expect(await answers()).toEqual(['letters 1 accepted']);
  expect((await elsewhere.get(link)).text).toContain('Confirmed');

  const later = await browser.get(`${portico.issuer}/account/consents`);
  await browser.submit(later, formOf(later, 'letters'), { action: 'withdraw' });
  expect(await answers()).toEqual(['letters 1 accepted', 'letters 1 withdrawn']);
});

test('a link whose tick was taken back is dead', async () => {
  await define(portico, { consents: [letters] });
  const { browser, page, email } = await enterAccount(portico, { path: '/consents' });
  const waiting = await browser.submit(page, formOf(page, 'letters'), { action: 'accept' });
  const { link } = (await mailTo(portico.services, email, 'confirm_consent')).params;
  await browser.submit(waiting, formOf(waiting, 'letters'), { action: 'withdraw' });
  expect((await new Browser(portico.issuer).get(link)).status).toBe(410);
  expect(await answers()).toEqual(['letters 1 declined']);
});

test('a brand’s own questions stand on the profile page, and a group grows by its button without losing what was typed', async () => {
  const { fieldDefaults } = await import('../../../../src/domain/profile-fields.ts');
  const item = { ...fieldDefaults, key: 'first_name', type: 'text' as const, label: { en: 'First name' } };
  await define(portico, {
    fields: [
      { ...fieldDefaults, key: 'children', type: 'group', label: { en: 'Children' }, items: [item], most: 2, ask: 'account' },
      { ...fieldDefaults, key: 'off', type: 'text', label: { en: 'Nobody’s business' }, enabled: false },
    ],
  });
  const { browser, page, id } = await enterAccount(portico, { path: '/profile' });
  expect(page.text).not.toContain('Nobody’s business');
  const grown = await browser.submit(page, page.form(), { given_name: 'Ada', 'children.0.first_name': 'Byron', add: 'children' });
  expect(grown.body).toContain('name="children.1.first_name"');
  expect(grown.body).not.toContain('name="children.2.first_name"');
  expect(grown.body).toMatch(/name="children.0.first_name"[^>]*value="Byron"/);
  const saved = await browser.submit(grown, grown.form(), { given_name: 'Ada', 'children.1.first_name': 'Anne' });
  expect(saved.text).toContain('Your profile is saved.');
  const { rows } = await portico.db.pool.query('select answers from portico.accounts where id = $1', [id]);
  expect(rows[0].answers.children.value).toEqual([{ first_name: 'Byron' }, { first_name: 'Anne' }]);
});
