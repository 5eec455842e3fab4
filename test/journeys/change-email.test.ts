// A person's day with another address and another password, over HTTP, and a thief's day that ends badly for the thief.
import { clientsOfTest, party } from '../support/clients.ts';
import { resetClock, shiftClock } from '../support/database.ts';
import { Browser, type Page } from '../support/http-browser.ts';
import { mailTo, waitingMails } from '../support/mails.ts';
import { enter, newEmail, passThrough, password } from '../support/people.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { createAccount } from '../support/protocol.ts';
import type { RelyingParty } from '../support/relying-party.ts';

let portico: RunningPortico;
let shop: RelyingParty;
let radio: RelyingParty;

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
  [shop, radio] = await Promise.all([party(portico.issuer, 'shop'), party(portico.issuer, 'radio')]);
});
afterEach(() => resetClock(portico.database));
afterAll(() => portico.stop());

const next = 'harmonica lighthouse 12';

interface Person {
  browser: Browser;
  email: string;
  sub: string;
}

async function person(): Promise<Person> {
  const email = newEmail();
  const sub = await createAccount(portico, { email });
  return { browser: new Browser(portico.issuer), email, sub };
}

/** Opens a page of the account; who is not signed in, or not freshly, signs in on the way. */
async function open({ browser, email }: Pick<Person, 'browser' | 'email'>, segment: string, secret = password): Promise<Page> {
  const page = await browser.get(`${portico.issuer}/account/${segment}`);
  if (!page.url.includes('/interaction/')) return page;
  return browser.submit(page, page.form('login'), { email, password: secret });
}

async function askFor(of: Person, email: string): Promise<Page> {
  const page = await open(of, 'email');
  return of.browser.submit(page, page.form('ask'), { email, password });
}

/** The form with the field for the code. */
const codeForm = (page: Page) => page.forms.find((form) => form.action.endsWith('/account/email') && 'code' in form.fields) ?? page.form();

async function changeEmail(of: Person, email: string): Promise<Page> {
  const page = await askFor(of, email);
  const { params } = await mailTo(portico.services, email, 'change_email');
  return of.browser.submit(page, codeForm(page), { code: params.digits });
}

async function canSignIn(email: string, secret: string): Promise<boolean> {
  const begun = await shop.begin();
  const browser = new Browser(portico.issuer);
  const page = await browser.get(begun.url);
  const back = await browser.submit(page, page.form('login'), { email, password: secret });
  return back.url.startsWith('https://shop.example/');
}

async function openLink(browser: Browser, link: string): Promise<Page> {
  const page = await browser.get(link);
  expect(page.url).not.toContain('token');
  return page;
}

test('a new address: asked for with the password, proved by the code, told to the apps and to the old mailbox', async () => {
  const ada = await person();
  const elsewhere = new Browser(portico.issuer);
  const { tokens } = await enter(elsewhere, radio, 'login', { email: ada.email });
  await enter(ada.browser, shop, 'login', { email: ada.email });
  const email = newEmail('countess');
  const waiting = await askFor(ada, email);
  expect(waiting.url).toBe(`${portico.issuer}/account/email`);
  expect(waiting.text).toContain(`We’ve sent an email to ${email}`);
  expect(waiting.text).toContain('When you type the code, you’re signed out everywhere but here.');
  const { params } = await mailTo(portico.services, email, 'change_email');
  const wrong = await ada.browser.submit(waiting, codeForm(waiting), { code: params.digits === '000000' ? '000001' : '000000' });
  expect([wrong.status, wrong.text]).toEqual([422, expect.stringContaining('That isn’t the code.')]);
  const done = await ada.browser.submit(wrong, codeForm(wrong), { code: params.digits });
  expect(done.url).toBe(`${portico.issuer}/account?done=email_typed`);
  expect(done.text).toContain('Your email address is changed. You’re signed out everywhere but here.');
  expect(done.text).toContain(email);
  await expect(radio.userinfo(tokens)).rejects.toThrow();
  const mine = await passThrough(ada.browser, shop);
  expect(await shop.userinfo(mine)).toEqual({ sub: ada.sub, email, email_verified: true });
  expect([await canSignIn(ada.email, password), await canSignIn(email, password)]).toEqual([false, true]);
  expect((await mailTo(portico.services, ada.email, 'email_changed')).params.link).toContain(`${portico.issuer}/undo-email?token=`);
});

test('the link of the mail, opened in another browser, confirms the address, and the page that waits goes on', async () => {
  const ada = await person();
  const email = newEmail();
  await askFor(ada, email);
  const phone = new Browser(portico.issuer);
  const { params } = await mailTo(portico.services, email, 'change_email');
  for (const _ of [1, 2, 3]) expect((await openLink(phone, params.link)).text).toContain(email);
  const page = await openLink(phone, params.link);
  expect((await phone.submit(page, page.form())).text).toContain('confirmed');
  const goesOn = await ada.browser.get(`${portico.issuer}/account/email`);
  expect([goesOn.url, goesOn.text]).toEqual([`${portico.issuer}/account?done=email`, expect.stringContaining(email)]);
  expect(goesOn.text).not.toContain('signed out');
});

test('what was typed survives a "no", the password does not, and the sentence stands at its field', async () => {
  const ada = await person();
  const page = await open(ada, 'email');
  const refused = async (typed: Record<string, string>) => {
    const answer = await ada.browser.submit(page, page.form('ask'), typed);
    expect(answer.status).toBe(422);
    expect(answer.body).not.toContain('not my password');
    return answer;
  };
  const wrong = await refused({ email: 'new@nightfall.example', password: 'not my password' });
  expect(wrong.text).toContain('That isn’t your current password.');
  expect(wrong.body).toMatch(/id="change-password"[^>]*aria-invalid="true"/);
  expect(wrong.form('ask').fields.email).toBe('new@nightfall.example');
  expect((await refused({ email: ada.email, password })).text).toContain('That’s your email already.');
  expect((await refused({ email: '<script>', password })).form('ask').fields.email).toBe('<script>');
  expect((await waitingMails(portico.services)).filter(({ to }) => to === 'new@nightfall.example')).toEqual([]);
});

test("somebody's address gets the same page, and the code that nobody was sent is wrong", async () => {
  const [eve, ada] = [await person(), await person()];
  const free = newEmail();
  const plain = (page: Page, address: string) => page.text.replaceAll(address, '…');
  const forFree = await askFor(eve, free);
  const other = await eve.browser.submit(forFree, forFree.form('another'));
  expect(other.form('ask')).toBeDefined();
  const forTaken = await askFor(eve, ada.email);
  expect([forTaken.status, plain(forTaken, ada.email)]).toEqual([forFree.status, plain(forFree, free)]);
  const guess = await eve.browser.submit(forTaken, codeForm(forTaken), { code: '123456' });
  expect(guess.text).toContain('That isn’t the code.');
  await mailTo(portico.services, ada.email, 'address_taken');
});

test('sent again, given up, and begun again', async () => {
  const ada = await person();
  const email = newEmail();
  const waiting = await askFor(ada, email);
  const again = await ada.browser.submit(waiting, waiting.form('again'));
  expect(again.text).toContain('Another email is on its way.');
  const { params } = await mailTo(portico.services, email, 'change_email');
  const given = await ada.browser.submit(again, again.form('cancel'));
  expect(given.url).toBe(`${portico.issuer}/account`);
  expect((await open(ada, 'email')).form('ask')).toBeDefined();
  expect((await openLink(new Browser(portico.issuer), params.link)).status).toBe(200);
});

test('asking needs a fresh sign-in; typing the code that came does not', async () => {
  const ada = await person();
  await open(ada, 'profile');
  await shiftClock(portico.database, 301);
  const stale = await ada.browser.get(`${portico.issuer}/account/email`);
  expect(stale.url).toContain('/interaction/');
  const email = newEmail();
  const waiting = await askFor(ada, email);
  await shiftClock(portico.database, 301);
  const { params } = await mailTo(portico.services, email, 'change_email');
  const done = await ada.browser.submit(waiting, codeForm(waiting), { code: params.digits });
  expect(done.url).toBe(`${portico.issuer}/account?done=email_typed`);
});

test('a code belongs to who asked: signed in as somebody else, the same browser waits for nothing', async () => {
  const [ada, eve] = [await person(), await person()];
  const email = newEmail();
  const waiting = await askFor(ada, email);
  const { params } = await mailTo(portico.services, email, 'change_email');
  const overview = await ada.browser.get(`${portico.issuer}/account`);
  await ada.browser.submit(overview, overview.form('sign_out'));
  const page = await open({ browser: ada.browser, email: eve.email }, 'email');
  expect(page.form('ask')).toBeDefined();
  const stale = await ada.browser.submit(waiting, codeForm(waiting), { code: params.digits });
  expect(stale.status).toBe(403);
  const forged = { ...codeForm(waiting), fields: { csrf: page.form('ask').fields.csrf as string } };
  await ada.browser.submit(page, forged, { code: params.digits });
  expect([await canSignIn(eve.email, password), await canSignIn(ada.email, password)]).toEqual([true, true]);
});

test('a thief with the password changes the address twice; the owner takes the account back from the first mail', async () => {
  const ada = await person();
  const thief = { ...ada, browser: new Browser(portico.issuer) };
  const { tokens } = await enter(thief.browser, radio, 'login', { email: ada.email });
  const [first, second] = [newEmail('thief'), newEmail('thief')];
  await changeEmail(thief, first);
  await shiftClock(portico.database, 60);
  expect((await changeEmail({ ...thief, email: first }, second)).url).toContain('done=email');
  const thiefsUndo = (await mailTo(portico.services, first, 'email_changed')).params.link;
  await shiftClock(portico.database, 60);

  const { params } = await mailTo(portico.services, ada.email, 'email_changed');
  const page = await openLink(ada.browser, params.link);
  expect(page.text).toContain('Take your email back?');
  expect(page.text).not.toContain(first);
  expect(await canSignIn(second, password)).toBe(true);
  const reset = await ada.browser.submit(page, page.form());
  expect(reset.url).toBe(`${portico.issuer}/reset-password?after=undone`);
  expect(reset.text).toContain('Your address is back. Now choose a new password.');
  expect(reset.trail.join()).not.toMatch(/token/);
  for (const address of [ada.email, first, second]) expect(await canSignIn(address, password)).toBe(false);
  await expect(radio.userinfo(tokens)).rejects.toThrow();
  const changed = await ada.browser.submit(reset, reset.form(), { password: next });
  expect(changed.status).toBe(200);
  expect([await canSignIn(ada.email, next), await canSignIn(second, next)]).toEqual([true, false]);

  const dead = await openLink(thief.browser, thiefsUndo);
  expect([dead.status, dead.forms.length]).toEqual([410, 0]);
  const back = await openLink(ada.browser, params.link);
  expect(back.status).toBe(410);
});

test('a new password: this browser and its apps go on, others are out, and "this was not me" shuts everyone out', async () => {
  const ada = await person();
  const { tokens: mine } = await enter(ada.browser, shop, 'login', { email: ada.email });
  const elsewhere = new Browser(portico.issuer);
  const { tokens: theirs } = await enter(elsewhere, radio, 'login', { email: ada.email });
  const page = await open(ada, 'password');
  const refused = await ada.browser.submit(page, page.form(), { password: 'not my password', new_password: next });
  expect([refused.status, refused.text]).toEqual([422, expect.stringContaining('That isn’t your current password.')]);
  expect(refused.body).not.toContain(next);
  const empty = await ada.browser.submit(page, page.form(), { password, new_password: '' });
  expect(empty.text).toContain('Choose a new password.');
  const done = await ada.browser.submit(page, page.form(), { password, new_password: next });
  expect([done.url, done.text]).toEqual([
    `${portico.issuer}/account/password?done=password`,
    expect.stringContaining('Your password is changed.'),
  ]);
  expect(await shop.userinfo(mine)).toMatchObject({ sub: ada.sub });
  expect((await shop.refresh(mine.refresh_token ?? '')).access_token).toBeDefined();
  expect((await passThrough(ada.browser, shop)).claims()?.sub).toBe(ada.sub);
  expect((await passThrough(ada.browser, radio)).claims()?.sub).toBe(ada.sub);
  await expect(radio.userinfo(theirs)).rejects.toThrow();
  await expect(radio.refresh(theirs.refresh_token ?? '')).rejects.toThrow();
  const begun = await radio.begin();
  expect((await elsewhere.get(begun.url)).url).toContain('/interaction/');
  expect([await canSignIn(ada.email, password), await canSignIn(ada.email, next)]).toEqual([false, true]);

  const owner = new Browser(portico.issuer);
  const { params } = await mailTo(portico.services, ada.email, 'password_changed');
  const link = await openLink(owner, params.link);
  const reset = await owner.submit(link, link.form());
  expect(reset.url).toBe(`${portico.issuer}/reset-password?after=secured`);
  expect(reset.text).toContain('Everyone is signed out. Now choose a new password.');
  const made = await owner.get(`${portico.issuer}/reset-password?after=%3Cb%3Ehacked`);
  expect([made.status, made.body.includes('hacked</h'), made.body.includes('class="notice"')]).toEqual([200, false, false]);
  expect(await canSignIn(ada.email, next)).toBe(false);
  expect((await ada.browser.get(`${portico.issuer}/account/password`)).url).toContain('/interaction/');
  await owner.submit(reset, reset.form(), { password: 'another lighthouse 99' });
  expect(await canSignIn(ada.email, 'another lighthouse 99')).toBe(true);
});

test('a sign-in that was answered before the password changed does not arrive after it', async () => {
  const ada = await person();
  const [thief, begun] = [new Browser(portico.issuer), await shop.begin()];
  const login = await thief.get(begun.url);
  const way = await pausedAfterLogin(thief, login, { email: ada.email, password });
  const page = await open(ada, 'password');
  await ada.browser.submit(page, page.form(), { password, new_password: next });
  await shiftClock(portico.database, 5);
  const arrived = await thief.get(way);
  expect(arrived.url).toContain('/interaction/');
  expect(arrived.form('login')).toBeDefined();
});

/** Answers the page, and stops before the way back is taken. @returns where it leads. */
async function pausedAfterLogin(browser: Browser, page: Page, typed: Record<string, string>): Promise<string> {
  const form = page.form('login');
  const url = new URL(form.action, page.url);
  const answer = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: url.origin, 'sec-fetch-site': 'same-origin', cookie: browser.cookies.header(url, false) ?? '' },
    body: new URLSearchParams({ ...form.fields, ...typed }),
  });
  browser.cookies.take(url, answer.headers.getSetCookie());
  return new URL(answer.headers.get('location') ?? '', url).href;
}

test('links of mails are for one thing, one brand and one press, and a form of somebody else is refused', async () => {
  const ada = await person();
  await changeEmail(ada, newEmail());
  const { params } = await mailTo(portico.services, ada.email, 'email_changed');
  const token = new URL(params.link).searchParams.get('token') as string;
  const browser = new Browser(portico.issuer);
  for (const wrong of ['secure-account', 'reset-password', 'confirm-email', 'keep-account']) {
    expect((await openLink(browser, `${portico.issuer}/${wrong}?token=${token}`)).status).toBe(410);
  }
  for (const made of ['', 'x', `${token}x`, '../../etc', '%00', 'x'.repeat(5_000)]) {
    expect((await openLink(browser, `${portico.issuer}/undo-email?token=${encodeURIComponent(made)}`)).status).toBe(410);
  }
  const page = await openLink(browser, params.link);
  const foreign = await browser.submit(page, { ...page.form(), fields: { csrf: 'made up' } });
  expect(foreign.status).toBe(403);
  const anew = await browser.get(foreign.link('Carry on'));
  expect([anew.url, anew.form().fields]).toEqual([page.url, page.form().fields]);
  expect((await openLink(browser, params.link)).status).toBe(200);
});
