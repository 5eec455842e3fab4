// A newcomer's way through the mail: by its code, by its link in another browser, and what happens when somebody has been here before.
import { clientsOfTest, party } from '../support/clients.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { dump } from '../support/fingerprint.ts';
import { Browser, type Page } from '../support/http-browser.ts';
import { forgetMails, mailTo, waitingMails } from '../support/mails.ts';
import { newEmail, password } from '../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import type { BegunSignIn, RelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
let shop: RelyingParty;

beforeAll(async () => {
  portico = await startPortico({
    settings: { emailVerification: { pages: 'before' } },
    brands: [
      { ...demoBrand, clients: clientsOfTest },
      { slug: 'other', path: '/other' },
    ],
  });
  shop = await party(portico.issuer, 'shop');
});
afterAll(() => portico.stop());
beforeEach(async () => {
  await portico.db.pool.query('delete from portico.limits');
  await forgetMails(portico.services);
});

const newBrowser = () => new Browser(portico.issuer);

interface Waiting {
  email: string;
  browser: Browser;
  begun: BegunSignIn;
  page: Page;
}

/** "Create account" was pressed; the page waits for the code. */
async function joining(email = newEmail(), secret = password, browser = newBrowser()): Promise<Waiting> {
  const begun = await shop.begin();
  const page = await browser.get(begun.url);
  return { email, browser, begun, page: await browser.submit(page, page.form('register'), { email, password: secret }) };
}

const type = ({ browser }: Waiting, page: Page, code: string) => {
  const { action: _other, ...fields } = page.form().fields;
  return browser.submit(page, { ...page.form(), fields }, { code });
};
const press = ({ browser }: Waiting, page: Page, action: string) => browser.submit(page, page.form(action));
const mailed = async (email: string) => (await mailTo(portico.services, email, 'confirm_registration')).params;
const accountsOf = async (email: string) =>
  (await portico.db.pool.query('select id, email_verified from portico.accounts where lower(email) = lower($1)', [email])).rows;

test('a newcomer types the code with spaces and is back in the app with a verified address', async () => {
  const waiting = await joining();
  expect(waiting.page.url).toMatch(/\/interaction\/[\w-]+\/verify-email$/);
  expect(waiting.page.text).toContain(`We’ve sent an email to ${waiting.email}.`);
  expect(waiting.page.body).toMatch(/inputmode="numeric"[^>]*autocomplete="one-time-code"/);
  expect(await accountsOf(waiting.email)).toEqual([]);
  const { digits } = await mailed(waiting.email);
  const back = await type(waiting, waiting.page, ` ${digits.slice(0, 3)} ${digits.slice(3)} `);
  const tokens = await shop.finish(back.url, waiting.begun);
  expect(await shop.userinfo(tokens)).toMatchObject({ email: waiting.email, email_verified: true });
  expect(await accountsOf(waiting.email)).toEqual([{ id: tokens.claims()?.sub, email_verified: true }]);
});

test('the link confirms in another browser, which is signed in nowhere, and the first one carries on by its button', async () => {
  const waiting = await joining();
  const early = await press(waiting, waiting.page, 'carry-on');
  expect(early.status).toBe(422);
  expect(early.text).toContain('Your email isn’t confirmed yet.');

  const { link } = await mailed(waiting.email);
  const elsewhere = newBrowser();
  const asked = await elsewhere.get(link);
  expect(asked.url).not.toContain('token');
  expect(asked.text).toContain(waiting.email);
  expect(asked.text).toContain('127.0.0.*');
  expect(await accountsOf(waiting.email)).toEqual([]);
  const confirmed = await elsewhere.submit(asked, asked.form());
  expect(confirmed.text).toContain('Your email is confirmed');
  expect(confirmed.forms).toEqual([]);
  expect(await accountsOf(waiting.email)).toHaveLength(1);
  expect((await elsewhere.get((await shop.begin()).url)).text).toContain('Sign in or join');

  const back = await press(waiting, waiting.page, 'carry-on');
  expect((await shop.finish(back.url, waiting.begun)).claims()?.sub).toBe((await accountsOf(waiting.email))[0].id);
});

test('the link opened in the browser that began goes on there', async () => {
  const waiting = await joining();
  const { link } = await mailed(waiting.email);
  const asked = await waiting.browser.get(link);
  const confirmed = await waiting.browser.submit(asked, asked.form());
  const back = await waiting.browser.submit(confirmed, confirmed.form('carry-on'));
  expect((await shop.finish(back.url, waiting.begun)).claims()?.sub).toBeTruthy();
});

test('opening the link a hundred times, as scanners do, changes nothing', async () => {
  const waiting = await joining();
  const { link, digits } = await mailed(waiting.email);
  await Promise.all(Array.from({ length: 100 }, () => newBrowser().get(link)));
  expect(await accountsOf(waiting.email)).toEqual([]);
  expect((await type(waiting, waiting.page, digits)).url).toContain('/callback?code=');
});

test('somebody who has an account gets a mail that says so, and the page shows nothing of it', async () => {
  const first = await joining();
  await type(first, first.page, (await mailed(first.email)).digits);
  await portico.db.pool.query('delete from portico.limits');
  const again = await joining(first.email.toUpperCase());
  expect(again.page.text).toContain('Check your email');
  const mail = await mailTo(portico.services, first.email, 'account_exists');
  expect(mail.params.link).toBe(`${portico.issuer}/account`);
  expect((await press(again, again.page, 'carry-on')).text).toContain('Your email isn’t confirmed yet.');
  expect(await accountsOf(first.email)).toHaveLength(1);
});

test('five wrong codes end the code and a new one is sent; the link lives on', async () => {
  const waiting = await joining();
  const { digits, link } = await mailed(waiting.email);
  const wrong = digits === '000000' ? '000001' : '000000';
  for (let tries = 1; tries < 5; tries += 1) expect((await type(waiting, waiting.page, wrong)).text).toContain('That isn’t the code.');
  const last = await type(waiting, waiting.page, wrong);
  expect(last.text).toContain('That was five tries');
  expect((await type(waiting, waiting.page, digits)).text).toContain('That was five tries');

  const renewed = await press(waiting, last, 'again');
  expect(renewed.text).toContain('Another email is on its way.');
  const elsewhere = newBrowser();
  const asked = await elsewhere.get(link);
  expect((await elsewhere.submit(asked, asked.form())).text).toContain('Your email is confirmed');
  const back = await type(waiting, renewed, (await mailed(waiting.email)).digits);
  expect((await shop.finish(back.url, waiting.begun)).claims()?.sub).toBe((await accountsOf(waiting.email))[0].id);
});

test('a second press within half a minute sends no second mail, and the password typed last counts', async () => {
  const waiting = await joining();
  const before = (await waitingMails(portico.services)).length;
  const form = await waiting.browser.get(waiting.page.link('Use another address'));
  const again = await waiting.browser.submit(form, form.form('register'), { email: waiting.email, password: 'another cassette 48' });
  expect(again.text).toContain('Check your email');
  expect((await waitingMails(portico.services)).length).toBe(before);
  expect((await type(waiting, again, (await mailed(waiting.email)).digits)).url).toContain('/callback?code=');

  const elsewhere = newBrowser();
  const page = await elsewhere.get((await shop.begin()).url);
  const typed = { email: waiting.email, password: 'another cassette 48' };
  expect((await elsewhere.submit(page, page.form('login'), typed)).url).toContain('/callback?code=');
});

test('a mistyped address is left behind for another one', async () => {
  const waiting = await joining();
  const form = await waiting.browser.get(waiting.page.link('Use another address'));
  const email = newEmail();
  const again = await waiting.browser.submit(form, form.form('register'), { email, password });
  const back = await type(waiting, again, (await mailed(email)).digits);
  expect(await shop.userinfo(await shop.finish(back.url, waiting.begun))).toMatchObject({ email });
  expect(await accountsOf(waiting.email)).toEqual([]);
});

test('of two browsers with one address the first proof makes the account and the second is told, by code and by link', async () => {
  const [one, two] = [await joining(), await joining('x@nightfall.example')];
  const other = await joining(one.email);
  const mails = (await waitingMails(portico.services)).filter(({ to }) => to === one.email);
  const [first, second] = mails.map(({ params }) => params as { digits: string; link: string });
  expect((await type(one, one.page, first!.digits)).url).toContain('/callback?code=');
  const refused = await type(other, other.page, second!.digits);
  expect([refused.status, refused.text.includes('There’s already an account')]).toEqual([422, true]);
  const asked = await two.browser.get(second!.link);
  const taken = await two.browser.submit(asked, asked.form());
  expect([taken.status, taken.text.includes('There’s already an account')]).toEqual([422, true]);
  expect(await accountsOf(one.email)).toHaveLength(1);
});

test('a used link says that all is well; an expired, tampered, foreign or made-up one is a dead link with a way on', async () => {
  const waiting = await joining();
  const { link, digits } = await mailed(waiting.email);
  const token = new URL(link).searchParams.get('token') as string;
  const flipped = token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A');
  const swapped = (token.startsWith('A') ? 'B' : 'A') + token.slice(1);
  const base = link.slice(0, link.indexOf('?'));
  const dead = [
    `${base}?token=${flipped}`,
    `${base}?token=${swapped}`,
    `${base}?token=`,
    `${base}?token=x`,
    `${base}?token=${token}&token=${token}`,
    `${portico.issuers.other}/confirm-email?token=${token}`,
    `${portico.issuer}/confirm-email`,
  ];
  for (const url of dead) {
    const page = await newBrowser().get(url);
    expect([url, page.status, page.text.includes('This link no longer works')]).toEqual([url, 410, true]);
    expect(page.link('Go to sign-in')).toMatch(/\/account$/);
  }
  expect((await waiting.browser.get(dead[0] as string)).link('Get a new one')).toMatch(/\/interaction\/[\w-]+$/);
  await type(waiting, waiting.page, digits);
  expect((await newBrowser().get(link)).text).toContain('Your email is confirmed');
});

test('after a day code and link are dead, and the page starts again', async () => {
  const waiting = await joining();
  const { link, digits } = await mailed(waiting.email);
  await portico.db.pool.query("update portico.one_time_codes set expires_at = now() - interval '1 second'");
  for (const page of [await type(waiting, waiting.page, digits), await press(waiting, waiting.page, 'carry-on')]) {
    expect(page.text).toContain('This code has run out');
    expect((await waiting.browser.get(page.link('Start again'))).text).toContain('Sign in or join');
  }
  expect((await newBrowser().get(link)).status).toBe(410);
  expect(await accountsOf(waiting.email)).toEqual([]);
});

test('the page of another browser, or of one whose cookie is gone, knows nothing', async () => {
  const waiting = await joining();
  const stranger = await newBrowser().get(waiting.page.url);
  expect(stranger.text).not.toContain(waiting.email);
  const fresh = newBrowser();
  const page = await fresh.get((await shop.begin()).url);
  const direct = await fresh.get(`${page.url}/verify-email`);
  expect([direct.status, direct.text.includes('This code has run out')]).toEqual([410, true]);
  const { csrf = '' } = page.form('register').fields;
  for (const fields of [{}, { code: '123456' }, { action: 'carry-on' }, { action: 'again' }, { action: 'sesame' }]) {
    const posted = await fresh.get(`${page.url}/verify-email`, {
      method: 'POST',
      fields: { csrf, ...fields } as Record<string, string>,
      from: page.url,
    });
    expect([JSON.stringify(fields), posted.status, posted.text.includes('This code has run out')]).toEqual([
      JSON.stringify(fields),
      410,
      true,
    ]);
  }
});

test('forms that are not ours change nothing: neither on the page that waits nor behind the link', async () => {
  const waiting = await joining();
  const { link, digits } = await mailed(waiting.email);
  const forged = await waiting.browser.get(waiting.page.url, {
    method: 'POST',
    fields: { csrf: 'x'.repeat(32), code: digits },
    from: waiting.page.url,
  });
  expect(forged.status).toBe(403);
  const asked = await newBrowser().get(link);
  const stranger = newBrowser();
  await stranger.get(link);
  const { csrf: _none, ...without } = asked.form().fields;
  for (const fields of [without, { csrf: 'x'.repeat(32) }])
    expect((await stranger.get(asked.url, { method: 'POST', fields, from: asked.url })).status).toBe(403);
  expect((await stranger.get(asked.url, { method: 'POST', fields: asked.form().fields, from: 'https://evil.example/' })).status).toBe(403);
  expect(await accountsOf(waiting.email)).toEqual([]);
});

test('code, link and password stand in no row, no log and no address but the mail’s', async () => {
  const waiting = await joining(newEmail(), 'canary velvet trombone');
  const { link, digits } = await mailed(waiting.email);
  const token = new URL(link).searchParams.get('token') as string;
  const elsewhere = newBrowser();
  const asked = await elsewhere.get(link);
  const confirmed = await elsewhere.submit(asked, asked.form());
  await type(waiting, waiting.page, digits);
  const written = [...(await dump(portico)), ...portico.logs, ...asked.trail.slice(1), ...confirmed.trail, ...waiting.page.trail];
  for (const secret of [token, token.slice(22), token.slice(0, 22), 'canary velvet trombone'])
    expect(written.filter((line) => line.includes(secret))).toEqual([]);
});

test('who changed the password or was signed out everywhere since is not let in by an old waiting page', async () => {
  for (const change of [
    "update portico.passwords set hash = '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'",
    'update portico.accounts set signed_out_at = now()',
    'update portico.accounts set disabled_at = now()',
  ]) {
    const waiting = await joining();
    const elsewhere = newBrowser();
    const asked = await elsewhere.get((await mailed(waiting.email)).link);
    await elsewhere.submit(asked, asked.form());
    await portico.db.pool.query(change);
    const refused = await press(waiting, waiting.page, 'carry-on');
    expect([refused.status, refused.text.includes('used already')]).toEqual([422, true]);
  }
});

test('past the limit of mails the page is the same, nothing goes out, and the code before stays good', async () => {
  const waiting = await joining();
  let page = waiting.page;
  for (let mails = 0; mails < 3; mails += 1) page = await press(waiting, page, 'again');
  expect(page.text).toContain('Another email is on its way.');
  const mails = (await waitingMails(portico.services)).filter(({ name }) => name === 'confirm_registration');
  expect(mails.map(({ to }) => to)).toEqual([waiting.email, waiting.email, waiting.email, null]);
  expect((await type(waiting, page, (await mailed(waiting.email)).digits)).url).toContain('/callback?code=');
});

test('the code lives for a day and the sign-in for an hour: after that the link still makes the account', async () => {
  const waiting = await joining();
  const { link } = await mailed(waiting.email);
  await shiftClock(portico.database, 2 * 3600);
  try {
    expect((await press(waiting, waiting.page, 'carry-on')).text).toContain('This sign-in waited too long');
    const asked = await waiting.browser.get(link);
    expect(asked.text).toContain('2 hours ago');
    const confirmed = await waiting.browser.submit(asked, asked.form());
    expect(confirmed.text).toContain('Your email is confirmed');
    expect(confirmed.forms).toEqual([]);
  } finally {
    await resetClock(portico.database);
  }
});

test('twenty presses at once, of the code, the link and the button: one account, a way on for everybody, and nothing breaks', async () => {
  const waiting = await joining();
  const { link, digits } = await mailed(waiting.email);
  const others = await Promise.all(
    Array.from({ length: 7 }, async () => {
      const browser = newBrowser();
      return { browser, page: await browser.get(link) };
    }),
  );
  const pages = await Promise.all([
    ...others.map(({ browser, page }) => browser.submit(page, page.form())),
    ...Array.from({ length: 7 }, () => type(waiting, waiting.page, digits)),
    ...Array.from({ length: 6 }, () => press(waiting, waiting.page, 'carry-on')),
  ]);
  expect(pages.filter(({ status }) => status >= 500)).toEqual([]);
  for (const page of pages.slice(0, 7)) expect(page.text).toContain('Your email is confirmed');
  for (const page of pages.slice(7, 14)) expect(page.url).toContain('/callback?code=');
  expect(await accountsOf(waiting.email)).toHaveLength(1);
  expect(portico.logs.filter((line) => line.includes('"level":"error"'))).toEqual([]);
});
