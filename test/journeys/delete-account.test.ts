// A person takes their data with them and leaves: from the page, through the mail, and back after all.
import type { DataExport } from '../../src/domain/data-export.ts';
import { eraseAccounts } from '../../src/jobs/erase-accounts.ts';
import { clientsOfTest, party } from '../support/clients.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { Browser, type Page } from '../support/http-browser.ts';
import { forgetMails, mailTo, waitingMails } from '../support/mails.ts';
import { newEmail, password } from '../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { createAccount, enter, obtainTokens } from '../support/protocol.ts';

const DAY = 86_400;
let portico: RunningPortico;
let issuer: string;
let email: string;
let sub: string;
let browser: Browser;

beforeAll(async () => {
  portico = await startPortico({
    brands: [
      { ...demoBrand, clients: clientsOfTest },
      { slug: 'harbour', path: '/harbour' },
    ],
  });
  issuer = portico.issuer;
});
beforeEach(async () => {
  email = newEmail('leo');
  sub = await createAccount(portico, { email });
  browser = new Browser(issuer);
  await forgetMails(portico.services);
});
afterEach(() => resetClock(portico.database));
afterAll(() => portico.stop());

/** A page of the account, signing in where that is asked for. */
async function open(path: string, visitor = browser): Promise<Page> {
  const page = await visitor.get(`${issuer}/account${path}`);
  return page.url.includes('/interaction/') ? enter(visitor, page, { email }) : page;
}

async function askForDeletion(): Promise<Page> {
  const page = await open('/delete');
  return browser.submit(page, page.form('delete'), { confirm: 'yes' });
}

const link = async () => (await mailTo(portico.services, email, 'deletion_requested')).params.link;
const dateOf = (at: Date) => new Intl.DateTimeFormat('en', { dateStyle: 'long', timeZone: 'UTC' }).format(at);
const inDays = (days: number) => dateOf(new Date(Date.now() + days * DAY * 1_000));

test('the data comes as a file with a name of its own, for the person alone', async () => {
  const page = await open('/data');
  const file = await browser.submit(page, page.form());
  expect(file.status).toBe(200);
  expect(file.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(file.headers['content-disposition']).toMatch(/^attachment; filename="portico-nightfall-\d{4}-\d\d-\d\d\.json"$/);
  expect(file.headers['cache-control']).toContain('no-store');
  const document = JSON.parse(file.body) as DataExport;
  expect(document.account).toMatchObject({ sub, email });
  expect(document.signed_in).toHaveLength(1);
  expect(document.history[0]).toMatchObject({ event: 'data_exported', by: 'end_user' });
  expect((await mailTo(portico.services, email, 'data_exported')).params.link).toContain(`${issuer}/secure-account?token=`);
});

test('data and deletion need a fresh sign-in, also for the form itself', async () => {
  for (const path of ['/data', '/delete']) {
    const page = await open(path);
    await shiftClock(portico.database, 310);
    const again = await browser.submit(page, page.form(), { confirm: 'yes' });
    expect(again.trail.some((url) => url.includes('max_age=300'))).toBe(true);
    expect(again.form('login')).toBeDefined();
    const back = await enter(browser, again, { email });
    expect(back.url).toBe(`${issuer}/account${path}`);
  }
  expect(await waitingMails(portico.services)).toEqual([]);
});

test('without a tick nothing happens, and the page says why', async () => {
  const page = await open('/delete');
  expect(page.body).not.toMatch(/name="confirm"[^>]*checked/);
  const refused = await browser.submit(page, page.form('delete'));
  expect([refused.status, refused.text]).toEqual([422, expect.stringContaining('Tick the box if you mean it.')]);
  expect(await waitingMails(portico.services)).toEqual([]);
});

test('leaving: told what goes and what stays, signed out everywhere, and told until when', async () => {
  const shop = await party(issuer, 'shop');
  const { tokens } = await obtainTokens(shop, { email, browser });
  const page = await open('/delete');
  for (const words of ['What goes', 'What stays', inDays(14)]) expect(page.text).toContain(words);
  const left = await browser.submit(page, page.form('delete'), { confirm: 'yes' });
  expect([left.status, left.url]).toEqual([200, `${issuer}/keep-account`]);
  expect(left.text).toContain(`We’ll erase your account on ${inDays(14)}`);
  await expect(shop.refresh(tokens.refresh_token as string)).rejects.toMatchObject({ error: 'invalid_grant' });
  await expect(shop.userinfo(tokens)).rejects.toBeDefined();
  expect((await browser.get(`${issuer}/account`)).form('login')).toBeDefined();
  // A reload says the same; another browser knows nothing of it.
  expect((await browser.get(`${issuer}/keep-account`)).text).toContain(inDays(14));
  expect((await new Browser(issuer).get(`${issuer}/keep-account`)).status).toBe(410);
});

test('a second press, and the form of a page from before, change nothing more', async () => {
  const page = await open('/delete');
  const presses = await Promise.all([1, 2, 3].map(() => browser.submit(page, page.form('delete'), { confirm: 'yes' })));
  expect(presses.every(({ status }) => status < 500)).toBe(true);
  expect(await waitingMails(portico.services)).toHaveLength(1);
});

test('back on the account’s page: the banner keeps it, without another sign-in', async () => {
  await askForDeletion();
  await open('');
  await shiftClock(portico.database, 600);
  const page = await browser.get(`${issuer}/account`);
  expect(page.text).toContain(`Your account will be deleted on ${inDays(14)}`);
  expect(page.text).toContain(`Delete account On ${inDays(14)}`);
  const kept = await browser.submit(page, page.form('keep'));
  expect(kept.url).toBe(`${issuer}/account?done=kept`);
  expect(kept.text).toContain('Your account stays. Nothing will be deleted.');
  expect(kept.text).not.toContain('will be deleted on');
  expect((await browser.get(`${issuer}/keep-account`)).status).toBe(410);
  await shiftClock(portico.database, 15 * DAY);
  await eraseAccounts(portico.services);
  expect((await open('', new Browser(issuer))).url).toBe(`${issuer}/account`);
});

test('the page of the deletion says that it was asked for already, and keeps it too', async () => {
  await askForDeletion();
  const page = await open('/delete');
  expect(page.forms.some(({ fields }) => 'confirm' in fields)).toBe(false);
  expect((await browser.submit(page, page.form('keep'))).url).toBe(`${issuer}/account?done=kept`);
});

test('the link of the mail: opened by a scanner five times, kept by a press anywhere, and dead afterwards', async () => {
  await askForDeletion();
  const url = await link();
  for (let time = 0; time < 5; time += 1) await new Browser(issuer).get(url);
  const elsewhere = new Browser(issuer);
  const page = await elsewhere.get(url);
  expect([page.url, page.status]).toEqual([`${issuer}/keep-account`, 200]);
  expect(page.text).toContain(inDays(14));
  const kept = await elsewhere.submit(page, page.form());
  expect([kept.url, kept.status]).toEqual([`${issuer}/keep-account?done`, 200]);
  expect(kept.text).toContain('Your account stays');
  // The link signs nobody in.
  expect((await elsewhere.get(`${issuer}/account`)).form('login')).toBeDefined();
  const dead = await new Browser(issuer).get(url);
  expect([dead.status, dead.text]).toEqual([410, expect.stringContaining('This link no longer works')]);
  expect((await elsewhere.submit(page, page.form())).status).toBeGreaterThanOrEqual(400);
});

test('a link that is made up, or of another brand, opens nothing', async () => {
  await askForDeletion();
  const token = new URL(await link()).searchParams.get('token') as string;
  const urls = [`${issuer}/harbour/keep-account?token=${token}`, `${issuer}/secure-account?token=${token}`];
  for (const url of [
    ...urls,
    `${issuer}/keep-account?token=${'A'.repeat(44)}`,
    `${issuer}/keep-account?token=`,
    `${issuer}/keep-account?token=a&token=b`,
  ])
    expect((await new Browser(issuer).get(url)).status).toBe(410);
  expect((await new Browser(issuer).get(await link())).status).toBe(200);
});

test('after the time is over it is erased: the link is dead, the address is free, and the newcomer is somebody else', async () => {
  await askForDeletion();
  const url = await link();
  await shiftClock(portico.database, 14 * DAY + 60);
  await eraseAccounts(portico.services);
  const gone = await new Browser(issuer).get(url);
  expect([gone.status, gone.text]).toEqual([410, expect.stringContaining('nobody can bring it back')]);
  const page = await browser.get(`${issuer}/account`);
  const refused = await enter(browser, page, { email });
  expect(refused.text).toContain('don’t match');
  const back = await browser.submit(refused, refused.form('register'), { email, password });
  expect(back.url).toBe(`${issuer}/account`);
  const { rows } = await portico.db.pool.query('select id from portico.accounts where email = $1', [email]);
  expect(rows).toHaveLength(1);
  expect(rows[0].id).not.toBe(sub);
});
