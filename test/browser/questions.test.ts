// Documents and questions in a real browser, with JavaScript and without: a newcomer's form, the pages after a sign-in, and the way back.
import type { Browser, Page } from 'playwright-core';
import { overflowOf, violationsOn } from '../support/accessibility.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { type CallbackServer, startCallbackServer } from '../support/callback-server.ts';
import { mailTo } from '../support/mails.ts';
import { newEmail, password } from '../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { consentDocument, consentVersion, define, letters, question, terms } from '../support/questions.ts';

let browser: Browser;
let portico: RunningPortico;
let app: CallbackServer;

beforeAll(async () => {
  [browser, app] = await Promise.all([launchBrowser(), startCallbackServer()]);
}, 60_000);
beforeEach(async () => {
  const metadata = {
    client_id: 'shop',
    client_name: 'Shop',
    redirect_uris: [`${app.url}/callback`],
    token_endpoint_auth_method: 'none' as const,
  };
  portico = await startPortico({
    brands: [
      {
        ...demoBrand,
        clients: [{ kind: 'spa', metadata }],
        consents: [terms(1), letters],
        fields: [question('name', { type: 'name', required: true, ask: 'registration', label: undefined })],
      },
    ],
  });
});
afterEach(() => portico.stop());
afterAll(async () => {
  await browser?.close();
  await app?.close();
});

function begin(): string {
  const request = { client_id: 'shop', redirect_uri: `${app.url}/callback`, response_type: 'code', scope: 'openid', state: 'x' };
  const challenge = { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' };
  return `${portico.issuer}/auth?${new URLSearchParams({ ...request, ...challenge })}`;
}

async function expectFit(page: Page, javaScriptEnabled: boolean): Promise<void> {
  if (javaScriptEnabled) expect([page.url(), await overflowOf(page), await violationsOn(page)]).toEqual([page.url(), 0, []]);
}

for (const javaScriptEnabled of [true, false]) {
  test(`${javaScriptEnabled ? 'with' : 'without'} JavaScript: join, be asked for more, answer with a mistake or two, and be back in the app`, async () => {
    const { page, context, complaints } = await openPage(browser, { javaScriptEnabled, viewport: { width: 390, height: 844 } });
    const email = newEmail();
    const child = (row: number) => page.locator(`main [name="children.${row}.first_name"]`);
    await page.goto(begin());
    const form = page.getByRole('form', { name: 'I’m new here' });
    await form.getByLabel('Email', { exact: true }).fill(email);
    await form.getByLabel('Password', { exact: true }).fill(password);
    await form.getByLabel('First name').fill('Ada');
    await form.getByRole('checkbox', { name: 'Send me letters.' }).check();
    await form.getByRole('button', { name: 'Create account' }).click();
    // The last name and the terms are missing: both are told, and what was typed and ticked is there.
    const summary = page.getByRole('alert');
    expect(await summary.getByRole('link').count()).toBe(2);
    await expectFit(page, javaScriptEnabled);
    expect(await form.getByLabel('First name').inputValue()).toBe('Ada');
    expect(await form.getByRole('checkbox', { name: 'Send me letters.' }).isChecked()).toBe(true);
    await summary.getByRole('link').first().click();
    await page.keyboard.type('Lovelace');
    await form.getByRole('checkbox', { name: 'I agree to version 1' }).check();
    await form.getByLabel('Password', { exact: true }).fill(password);
    await form.getByRole('button', { name: 'Create account' }).click();
    await page.getByRole('heading', { name: 'Back at the app' }).waitFor();

    const { link } = (await mailTo(portico.services, email, 'confirm_consent')).params;
    const tab = await context.newPage();
    await tab.goto(link);
    await expectFit(tab, javaScriptEnabled);
    await tab.getByRole('button').first().click();
    await expectFit(tab, javaScriptEnabled);
    expect((await answers()).toSorted()).toEqual(['letters accepted', 'terms accepted']);

    const options = ['light', 'dark'].map((value) => ({ value, label: { en: `${value} one` } }));
    const item = question('first_name', { label: { en: 'Child' }, required: true });
    await define(portico, {
      consents: [consentDocument('terms', consentVersion(2))],
      fields: [
        question('roast', { type: 'radio', options, required: true, label: { en: 'Which roast?' } }),
        question('since', { type: 'date', label: { en: 'Customer since' } }),
        question('children', { type: 'group', items: [item], label: { en: 'Children' } }),
      ],
    });
    await page.goto(begin());
    await expectFit(page, javaScriptEnabled);
    await page.getByRole('checkbox').check();
    await page.locator('button[value=accept]').click();
    await page.getByRole('radiogroup', { name: 'Which roast?' }).waitFor();
    await expectFit(page, javaScriptEnabled);
    await page.getByLabel('Customer since').fill('2020-02-29');
    await child(0).fill('Byron');
    await page.locator('button[name=add]').click();
    await child(1).fill('Anne');
    await page.getByRole('button', { name: 'Save and continue' }).click();
    await page.getByRole('alert').waitFor();
    await expectFit(page, javaScriptEnabled);
    expect(await page.getByLabel('Customer since').inputValue()).toBe('2020-02-29');
    expect(await child(1).inputValue()).toBe('Anne');
    await page.getByLabel('dark one').check();
    await page.getByRole('button', { name: 'Save and continue' }).click();
    await page.getByRole('heading', { name: 'Back at the app' }).waitFor();
    expect(app.received.at(-1)?.parameters.get('code')).toBeTruthy();
    const { rows } = await portico.db.pool.query('select answers, claims from portico.accounts');
    expect(rows[0].claims).toMatchObject({ name: 'Ada Lovelace' });
    expect(rows[0].answers).toMatchObject({
      ...{ roast: { value: 'dark' }, since: { value: '2020-02-29' } },
      children: { value: [{ first_name: 'Byron' }, { first_name: 'Anne' }] },
    });
    expect(complaints).toEqual([]);
    await context.close();
  }, 60_000);
}

async function answers(): Promise<string[]> {
  return (await portico.db.pool.query('select document, answer from portico.consents')).rows.map(
    ({ document, answer }) => `${document} ${answer}`,
  );
}

test('too young: a page that says so, no account, and the way to mend a mistyped date', async () => {
  await define(portico, {
    fields: [
      question('birthdate', { type: 'birth_date', required: true, minimumAge: 16, keep: 'age', ask: 'registration', label: undefined }),
    ],
  });
  const { page, context } = await openPage(browser);
  await page.goto(begin());
  const form = page.getByRole('form', { name: 'I’m new here' });
  const fill = async (birthdate: string) => {
    await form.getByLabel('Email', { exact: true }).fill(newEmail());
    await form.getByLabel('Password', { exact: true }).fill(password);
    await form.getByLabel('First name').fill('Ada');
    await form.getByLabel('Last name').fill('Lovelace');
    await form.getByLabel('Date of birth').fill(birthdate);
    await form.getByRole('checkbox', { name: 'I agree to version 1' }).check();
    await form.getByRole('button', { name: 'Create account' }).click();
  };
  await fill(`${new Date().getUTCFullYear() - 12}-06-24`);
  await page.getByRole('heading', { name: '16' }).waitFor();
  await expectFit(page, true);
  expect((await portico.db.pool.query('select 1 from portico.accounts')).rows).toEqual([]);
  await page.locator('.aside a').click();
  await fill('1990-06-24');
  await page.getByRole('heading', { name: 'Back at the app' }).waitFor();
  const { rows } = await portico.db.pool.query('select answers, claims from portico.accounts');
  expect([rows[0].claims.birthdate, rows[0].answers.birthdate.value]).toEqual([undefined, { minimum_age: 16 }]);
  await context.close();
}, 60_000);
