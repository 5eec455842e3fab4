// Somebody has forgotten a password, from "Forgot password?" to signed in again, in every way there is.
import { register } from '../../src/flows/register.ts';
import * as brands from '../../src/storage/brands.ts';
import { clientsOfTest, party } from '../support/clients.ts';
import { Browser, type Page } from '../support/http-browser.ts';
import { forgetMails, mailTo, waitingMails } from '../support/mails.ts';
import { enter, newEmail, password } from '../support/people.ts';
import { demoBrand, limits, type RunningPortico, startPortico } from '../support/portico.ts';
import { type BegunSignIn, createRelyingParty, type RelyingParty } from '../support/relying-party.ts';

const chosen = 'violet kettle on a roof 9';
let portico: RunningPortico;
let shop: RelyingParty;

beforeAll(async () => {
  const custom = {
    kind: 'web' as const,
    metadata: {
      client_id: 'custom',
      redirect_uris: ['https://custom.example/cb'],
      reset_urls: ['https://custom.example/?u=edit-password'],
    },
  };
  const more = (['before', 'after'] as const).map((pages) => ({
    slug: pages,
    path: `/${pages}`,
    clients: clientsOfTest,
    settings: { limits, emailVerification: { pages } },
  }));
  portico = await startPortico({
    brands: [{ ...demoBrand, clients: [...clientsOfTest, { ...custom, secret: 'the secret of custom' }] }, ...more],
  });
  shop = await party(portico.issuer, 'shop');
});
afterEach(() => forgetMails(portico.services));
afterAll(() => portico.stop());

const newBrowser = () => new Browser(portico.issuer);

async function customer(): Promise<string> {
  const email = newEmail('forgetful');
  const brand = await brands.findBySlug(portico.db, 'nightfall');
  await register(portico.services, brand!, { email, password, byOperator: true });
  return email;
}

/** At the page "Check your email". */
async function asked(
  email: string,
  browser = newBrowser(),
  app = shop,
): Promise<{ browser: Browser; begun: BegunSignIn; first: Page; page: Page }> {
  const begun = await app.begin();
  const signIn = await browser.get(begun.url);
  const first = await browser.submit(signIn, { ...signIn.form('login'), fields: signIn.form('forgot').fields }, { email });
  const page = await browser.submit(first, first.form('ask'));
  return { browser, begun, first, page };
}

test('by the code: ask, type it with a new password, and sign in with the address filled in', async () => {
  const email = await customer();
  const { browser, begun, first, page } = await asked(email);
  expect(first.url).toMatch(/\/interaction\/[\w-]+\/forgot-password$/);
  expect(first.form('ask').fields.email).toBe(email);
  expect(page.url).toBe(first.url);
  expect(page.text).toContain(`If there’s an account for ${email}, we’ve sent it a code and a link.`);
  expect(page.text).toContain('At least 8 characters');
  expect(page.body).toContain('autocomplete="one-time-code"');
  const { digits } = (await mailTo(portico.services, email, 'reset_password')).params;
  const signIn = await browser.submit(page, page.form('reset'), { code: digits, password: chosen });
  expect(signIn.url).toMatch(/\/interaction\/[\w-]+\?notice=password_changed$/);
  expect(signIn.text).toContain('Your password is changed.');
  expect(browser.cookies.list().some(({ name }) => name.endsWith('.device'))).toBe(true);
  expect(signIn.form('login').fields).toMatchObject({ email, password: '' });
  const back = await browser.submit(signIn, signIn.form('login'), { password: chosen });
  const tokens = await shop.finish(back.url, begun);
  expect(await shop.userinfo(tokens)).toMatchObject({ email, email_verified: true });
  expect((await waitingMails(portico.services)).map(({ name }) => name)).toEqual(['reset_password', 'password_changed']);
});

test('by the link in the same browser: looked at as often as one likes, and back in the same sign-in', async () => {
  const email = await customer();
  const { browser, begun } = await asked(email);
  const { link } = (await mailTo(portico.services, email, 'reset_password')).params;
  for (let scans = 0; scans < 5; scans += 1) await newBrowser().get(link);
  const page = await browser.get(link);
  expect(page.url).toBe(link.split('?')[0]);
  expect(page.headers['referrer-policy']).toBe('same-origin');
  const refused = await browser.submit(page, page.form(), { password: 'short' });
  expect(refused.status).toBe(422);
  expect(refused.body).toContain('<title>Error: New password');
  expect(refused.text).toContain('Use at least 8 characters.');
  const signIn = await browser.submit(refused, refused.form(), { password: chosen });
  expect(signIn.url).toMatch(/\/interaction\/[\w-]+\?notice=password_changed$/);
  expect(signIn.form('login').fields.email).toBe(email);
  const back = await browser.submit(signIn, signIn.form('login'), { password: chosen });
  expect((await shop.finish(back.url, begun)).claims()?.sub).toBeDefined();
});

test('by the link on a phone: the page says that it is done, and the app is one press away', async () => {
  const email = await customer();
  await asked(email);
  const { link } = (await mailTo(portico.services, email, 'reset_password')).params;
  const phone = newBrowser();
  const page = await phone.get(link);
  const done = await phone.submit(page, page.form(), { password: chosen });
  expect(done.url).toMatch(/\/reset-password\?done$/);
  expect(done.text).toContain('Your password is changed');
  expect(done.link('Back to Nightfall Shop')).toBe('https://shop.example/');
  expect(done.headers['set-cookie'] ?? []).toEqual([]);
  await expect(enter(newBrowser(), shop, 'login', { email, password: chosen })).resolves.toBeDefined();
  const again = await phone.get(link);
  expect([again.status, again.text.includes('This link no longer works')]).toEqual([410, true]);
});

test('a used link leads back to asking, in the sign-in that is still open, and to the account elsewhere', async () => {
  const email = await customer();
  const { browser, first } = await asked(email);
  const { link } = (await mailTo(portico.services, email, 'reset_password')).params;
  const page = await browser.get(link);
  await browser.submit(page, page.form(), { password: chosen });
  const dead = await browser.get(link);
  expect(dead.status).toBe(410);
  expect(dead.link('Get a new one')).toBe(first.url);
  const elsewhere = await newBrowser().get(link);
  expect(elsewhere.link('Go to sign-in')).toBe(`${portico.issuer}/account`);
  expect(elsewhere.text).toContain('choose “Forgot password?” there');
  expect(dead.text).not.toContain('Forgot password?');
  const late = await browser.submit(page, page.form(), { password: 'another kettle on a roof' });
  expect(late.status).toBe(410);
});

test('wrong codes keep what was typed, and after five a new one is offered, whoever the address belongs to', async () => {
  const email = await customer();
  for (const address of [email, newEmail('nobody')]) {
    const { browser, page: start } = await asked(address);
    let page = start;
    for (let tries = 1; tries < 5; tries += 1) {
      page = await browser.submit(page, page.form('reset'), { code: '00 00 00', password: chosen });
      expect([page.status, page.form('reset').fields.code]).toEqual([422, '00 00 00']);
      expect(page.text).toContain('That isn’t the code');
    }
    const last = page.form('reset');
    for (let tries = 5; tries <= 6; tries += 1) {
      page = await browser.submit(page, last, { code: '00 00 00', password: chosen });
      expect([page.status, page.body.includes('reset-code')]).toEqual([422, false]);
      expect(page.text).toContain('That was five tries');
    }
    const again = await browser.submit(page, page.form('again'));
    expect(again.text).toContain('Sent again.');
    const fresh = await browser.submit(again, again.form('reset'), { code: '000000', password: chosen });
    expect(fresh.text).toContain('That isn’t the code');
  }
  const { browser, page } = await asked(email);
  const { digits } = (await mailTo(portico.services, email, 'reset_password')).params;
  expect((await browser.submit(page, page.form('reset'), { code: digits, password: chosen })).url).toContain('notice=password_changed');
});

test('another address can be used, an empty one is asked for, and the way back keeps what was typed', async () => {
  const email = await customer();
  const { browser, page } = await asked('typo@nightfall.example');
  const first = await browser.submit(page, page.form('another'));
  expect(first.form('ask').fields.email).toBe('typo@nightfall.example');
  const refused = await browser.submit(first, first.form('ask'), { email: '' });
  expect([refused.status, refused.text.includes('Enter your email address.')]).toEqual([422, true]);
  const sent = await browser.submit(refused, refused.form('ask'), { email });
  expect(sent.text).toContain(email);
  const signIn = await browser.get(sent.link('Back to sign-in'));
  expect(signIn.form('login').fields.email).toBe(email);
});

test('a second press of the same form lands in the same place', async () => {
  const email = await customer();
  const { browser, page } = await asked(email);
  const { digits } = (await mailTo(portico.services, email, 'reset_password')).params;
  const presses = await Promise.all([1, 2].map(() => browser.submit(page, page.form('reset'), { code: digits, password: chosen })));
  expect(presses.map(({ url }) => url.split('?')[1])).toEqual(['notice=password_changed', 'notice=password_changed']);
  expect((await waitingMails(portico.services)).filter(({ name }) => name === 'password_changed')).toHaveLength(1);
});

test('somebody who is signed in and asked again sets a new password and begins the same sign-in again', async () => {
  const email = await customer();
  const browser = newBrowser();
  await enter(browser, shop, 'login', { email });
  const begun = await shop.begin({ prompt: 'login' });
  const signIn = await browser.get(begun.url);
  const first = await browser.submit(signIn, { ...signIn.form('login'), fields: signIn.form('forgot').fields }, { email });
  const page = await browser.submit(first, first.form('ask'));
  const { digits } = (await mailTo(portico.services, email, 'reset_password')).params;
  const anew = await browser.submit(page, page.form('reset'), { code: digits, password: chosen });
  const back = await browser.submit(anew, anew.form('login'), { email, password: chosen });
  expect((await shop.finish(back.url, begun)).claims()?.sub).toBeDefined();
});

test('a client with a page of its own gets the person there, and the code still works where it was asked for', async () => {
  const email = await customer();
  const app = await createRelyingParty({
    issuer: portico.issuer,
    clientId: 'custom',
    clientSecret: 'the secret of custom',
    redirectUri: 'https://custom.example/cb',
  });
  const { browser, page } = await asked(email, newBrowser(), app);
  const { link, digits } = (await mailTo(portico.services, email, 'reset_password')).params;
  expect(link).toMatch(/^https:\/\/custom\.example\/\?u=edit-password&email=.*&resetPasswordToken=[\w-]{44}&publisherId=\d+$/);
  expect((await browser.submit(page, page.form('reset'), { code: digits, password: chosen })).url).toContain('notice=password_changed');
});

test('too many tries: a link by mail lets this browser in, the stranger stays out', async () => {
  const email = await customer();
  const stranger = newBrowser();
  let theirs = await stranger.get((await shop.begin()).url);
  for (let tries = 0; tries < 11; tries += 1)
    theirs = await stranger.submit(theirs, theirs.form('login'), { email, password: 'a guess of a stranger' });
  expect(theirs.status).toBe(429);

  const owner = newBrowser();
  const begun = await shop.begin();
  const start = await owner.get(begun.url);
  const refused = await owner.submit(start, start.form('login'), { email, password });
  expect(refused.status).toBe(429);
  expect(refused.text).toContain('Wait a few minutes and try again, or let us email you a link to get in.');
  const sent = await owner.submit(refused, { ...refused.form('login'), fields: refused.form('unlock').fields }, { email });
  expect(sent.url).toMatch(/\/interaction\/[\w-]+\/ask-unlock$/);
  expect(sent.text).toContain(`If there’s an account for ${email}, we’ve sent it a link to get in.`);
  const page = await owner.get((await mailTo(portico.services, email, 'unlock')).params.link);
  expect(page.text).toContain('Let this browser try again');
  const signIn = await owner.submit(page, page.form());
  expect(signIn.url).toMatch(/\?notice=unlocked$/);
  const used = await owner.get((await mailTo(portico.services, email, 'unlock')).params.link);
  expect(used.link('Get a new one')).toBe(sent.url);
  expect(signIn.form('login').fields.email).toBe(email);
  const back = await owner.submit(signIn, signIn.form('login'), { password });
  expect((await shop.finish(back.url, begun)).claims()?.sub).toBeDefined();
  expect((await stranger.submit(theirs, theirs.form('login'), { email, password })).status).toBe(429);
});

test('the unlock link opened elsewhere lets that browser in and says where to go', async () => {
  const email = await customer();
  const browser = newBrowser();
  const start = await browser.get((await shop.begin()).url);
  const sent = await browser.submit(start, start.form('login'), { email, unlock: 'yes' });
  expect(sent.text).toContain('Check your email');
  const again = await browser.submit(sent, sent.form('ask'));
  expect(again.text).toContain('Sent again.');
  const phone = newBrowser();
  const link = (await mailTo(portico.services, email, 'unlock')).params.link;
  const page = await phone.get(link);
  const done = await phone.submit(page, page.form());
  expect(done.url).toMatch(/\/unlock\?done$/);
  expect(done.text).toContain('Go back to Nightfall Shop and sign in');
  expect(phone.cookies.list().some(({ name }) => name.endsWith('.device'))).toBe(true);
  expect((await phone.get(link)).status).toBe(410);
});

test.each(['before', 'after'] as const)('a brand that proves addresses %s registration recovers alike', async (pages) => {
  const email = newEmail('unverified');
  const brand = await brands.findBySlug(portico.db, pages);
  await register(portico.services, brand!, { email, password, byOperator: true });
  const app = await party(portico.issuers[pages] ?? '', 'shop');
  const { browser, begun, page } = await asked(email, newBrowser(), app);
  const { digits, link } = (await mailTo(portico.services, email, 'reset_password')).params;
  expect(link.startsWith(`${portico.issuers[pages]}/interaction/`)).toBe(true);
  const signIn = await browser.submit(page, page.form('reset'), { code: digits, password: chosen });
  const back = await browser.submit(signIn, signIn.form('login'), { password: chosen });
  expect(await app.userinfo(await app.finish(back.url, begun))).toMatchObject({ email, email_verified: true });
});

test('every form in a state it was not made for leads somewhere sensible and mails nothing', async () => {
  const email = await customer();
  const browser = newBrowser();
  const signIn = await browser.get((await shop.begin()).url);
  const first = await browser.get(`${signIn.url}/forgot-password`);
  const { csrf = '' } = first.form('ask').fields;
  const post = (step: string, fields: Record<string, string>) =>
    browser.submit(signIn, { action: `${signIn.url}/${step}`, method: 'POST', fields: { csrf, ...fields }, buttons: [] });
  const early = await post('forgot-password', { action: 'reset', code: '123456', password: chosen, email });
  expect([early.url, early.form('ask').fields.email]).toEqual([first.url, email]);
  const again = await post('forgot-password', { action: 'reset', code: '123456', password: chosen });
  expect(again.form('ask').fields.email).toBe('');
  expect((await post('forgot-password', {})).text).toContain('Enter your email address.');
  expect((await post('forgot-password', { action: 'another' })).url).toBe(first.url);
  expect((await browser.get(`${signIn.url}/ask-unlock`)).url).toBe(signIn.url);
  expect((await post('ask-unlock', {})).status).toBe(422);
  expect(await waitingMails(portico.services)).toEqual([]);
  for (const address of [
    `${portico.issuer}/unlock`,
    `${portico.issuer}/reset-password`,
    `${signIn.url}/unlock`,
    `${signIn.url}/reset-password`,
  ])
    expect((await browser.get(address)).status).toBe(410);
  const stranger = newBrowser();
  expect((await stranger.get(first.url)).status).toBe(410);
  expect((await stranger.submit(first, first.form('ask'), { email })).status).toBe(410);
});
