// Forms that are not ours, or not from this browser, or not at this step, change nothing (security.md SE-6, SE-7, SE-8).
import { register } from '../../src/flows/register.ts';
import * as brands from '../../src/storage/brands.ts';
import { clientsOfTest, party } from '../support/clients.ts';
import { type Answer, exchange, postForm } from '../support/exchange.ts';
import { fingerprint } from '../support/fingerprint.ts';
import { Browser, type Page } from '../support/http-browser.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { question, terms } from '../support/questions.ts';

let portico: RunningPortico;
const [email, password] = ['ada@nightfall.example', 'tremolo cassette 47'];

beforeAll(async () => {
  portico = await startPortico({
    brands: [
      { ...demoBrand, clients: clientsOfTest },
      { slug: 'harbour', name: 'Harbour', path: '/harbour', clients: clientsOfTest },
      { slug: 'meadow', name: 'Meadow', path: '/meadow', clients: clientsOfTest, consents: [terms(1)] },
      { slug: 'garden', name: 'Garden', path: '/garden', clients: clientsOfTest, fields: [question('club', { required: true })] },
    ],
  });
  for (const slug of ['nightfall', 'meadow', 'garden']) {
    const brand = await brands.findBySlug(portico.db, slug);
    await register(portico.services, brand!, { email, password, byOperator: true });
  }
});
afterAll(() => portico.stop());

interface Opened {
  browser: Browser;
  page: Page;
  cookie: string;
  fields: Record<string, string>;
}

/** A fresh browser that stands at the page of a prompt. */
async function open(client: 'shop' | 'radio' | 'partner' = 'shop', browser = new Browser(portico.issuer)): Promise<Opened> {
  const page = await browser.get((await (await party(portico.issuer, client)).begin()).url);
  expect(page.status).toBe(200);
  return { browser, page, cookie: browser.cookies.header(new URL(page.url)), fields: page.forms[0]?.fields ?? {} };
}

const credentials = { action: 'login', email, password };

async function atConsent(): Promise<Opened> {
  const browser = new Browser(portico.issuer);
  const { page } = await open('partner', browser);
  const consent = await browser.submit(page, page.form('login'), { email, password });
  expect(consent.form('allow').fields.action).toBe('allow');
  return { browser, page: consent, cookie: browser.cookies.header(new URL(consent.url)), fields: consent.form('allow').fields };
}

/** Meadow asks everybody to agree, and garden has a question. */
async function stopped(brand: 'meadow' | 'garden', button: 'accept' | 'save'): Promise<Opened> {
  const browser = new Browser(portico.issuer);
  const login = await browser.get((await (await party(`${portico.issuer}/${brand}`, 'shop')).begin()).url);
  const page = await browser.submit(login, login.form('login'), { email, password });
  return { browser, page, cookie: browser.cookies.header(new URL(page.url)), fields: page.form(button).fields };
}

async function expectNoChange(answer: () => Promise<Answer>, statuses: number[]): Promise<Answer> {
  const before = await fingerprint(portico);
  const hashes = portico.services.hasher.count;
  const refused = await answer();
  expect([refused.status, statuses.includes(refused.status)]).toEqual([refused.status, true]);
  expect(await fingerprint(portico)).toEqual(before);
  expect(portico.services.hasher.count).toBe(hashes);
  // A signature that does not fit may be taken back; nothing new is given.
  expect((refused.headers['set-cookie'] ?? []).filter((line) => !line.includes('=;'))).toEqual([]);
  return refused;
}

const prompts = {
  login: () => open(),
  accept_terms: () => stopped('meadow', 'accept'),
  complete_account: () => stopped('garden', 'save'),
  consent: atConsent,
};
const right = {
  login: credentials,
  accept_terms: { action: 'accept', consent_terms: 'yes' },
  complete_account: { action: 'save', club: 'Friends of vinyl' },
  consent: { action: 'allow' },
};

describe.each(['login', 'accept_terms', 'complete_account', 'consent'] as const)('at %s', (prompt) => {
  let opened: Opened;
  beforeAll(async () => {
    opened = await prompts[prompt]();
  });

  const post = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    postForm(opened.page.url, fields, { cookie: opened.cookie, ...headers });
  const whole = (): Record<string, string> => ({ ...opened.fields, ...right[prompt] });

  test('a form without its token is refused', async () => {
    const { csrf: _csrf, ...rest } = whole();
    await expectNoChange(() => post(rest), [403]);
    await expectNoChange(() => post({ ...rest, csrf: '' }), [403]);
  });

  test('a form with the token of another request, another brand, or a changed one is refused', async () => {
    const other = await open('radio');
    const foreign = await new Browser(portico.issuer).get((await (await party(`${portico.issuer}/harbour`, 'shop')).begin()).url);
    const own = whole().csrf as string;
    for (const csrf of [
      other.fields.csrf,
      foreign.forms[0]?.fields.csrf,
      own.toUpperCase(),
      `${own}x`,
      own.slice(1),
      ' ',
      'undefined',
      '__proto__',
    ])
      await expectNoChange(() => post({ ...whole(), csrf: String(csrf) }), [403]);
  });

  test.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling domain', { 'sec-fetch-site': 'same-site' }],
    ['nowhere, as if typed', { 'sec-fetch-site': 'none' }],
    ['a value nobody knows', { 'sec-fetch-site': 'evil' }],
    ['a foreign origin', { origin: 'https://evil.example' }],
    ['the origin null', { origin: 'null' }],
    ['the own origin on another port', { origin: 'http://localhost:1' }],
    ['the own origin with another scheme', { origin: 'https://localhost' }],
    ['an origin that begins like ours', { origin: `ISSUER.evil.example` }],
    ['a foreign origin with a friendly site', { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' }],
    ['a friendly origin with a foreign site', { origin: 'ISSUER', 'sec-fetch-site': 'cross-site' }],
  ] as [string, Record<string, string>][])('a form from %s is refused', async (_, headers) => {
    const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace('ISSUER', portico.issuer)]));
    await expectNoChange(() => post(whole(), named), [403]);
  });

  test.each(['text/plain', 'application/json', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded-not', ''])(
    'a body of type "%s" is refused',
    async (type) => {
      const body = type === 'application/json' ? JSON.stringify(whole()) : new URLSearchParams(whole()).toString();
      await expectNoChange(
        () => exchange(opened.page.url, { method: 'POST', body, headers: { cookie: opened.cookie, 'content-type': type } }),
        [415],
      );
    },
  );

  test('the token alone, without the cookie, is another browser', async () => {
    const refused = await expectNoChange(() => postForm(opened.page.url, whole()), [410]);
    expect(refused.body).toContain('This sign-in began somewhere else');
    expect(refused.body).not.toContain('name="password"');
  });

  test("with another browser's cookie it is another browser too", async () => {
    const other = await open('radio');
    await expectNoChange(() => postForm(opened.page.url, whole(), { cookie: other.cookie }), [410]);
    const refused = await exchange(opened.page.url, { headers: { cookie: other.cookie } });
    expect(refused.status).toBe(410);
    expect(refused.body).not.toContain('name="csrf"');
  });

  test('cookies whose signature is missing, foreign or older than their value are no cookies', async () => {
    const name = /(\d+\.interaction)=([^;]+)/.exec(opened.cookie);
    const other = /\d+\.interaction\.sig=([^;]+)/.exec((await open('radio')).cookie);
    for (const cookie of [
      `${name?.[0]}`,
      `${name?.[0]}; ${name?.[1]}.sig=${other?.[1]}`,
      `${name?.[1]}=${name?.[2]}x; ${name?.[1]}.sig=${other?.[1]}`,
    ])
      await expectNoChange(() => postForm(opened.page.url, whole(), { cookie }), [410]);
  });

  test('GET and HEAD change nothing, even with everything a form would send', async () => {
    const query = new URLSearchParams(whole());
    for (const method of ['GET', 'HEAD']) {
      await expectNoChange(() => exchange(`${opened.page.url}?${query}`, { method, headers: { cookie: opened.cookie } }), [200]);
      for (let visits = 0; visits < 3; visits += 1)
        await expectNoChange(() => exchange(opened.page.url, { method, headers: { cookie: opened.cookie } }), [200]);
    }
  });

  test('a method hidden in a header or a field is not taken for a POST', async () => {
    const headers = { cookie: opened.cookie, 'x-http-method-override': 'POST', 'x-method-override': 'POST' };
    await expectNoChange(() => exchange(`${opened.page.url}?_method=POST&${new URLSearchParams(whole())}`, { headers }), [200]);
  });

  /** Every action any page knows, and some none does. */
  const actions = [
    ...['', 'login', 'register', 'allow', 'deny', 'continue', 'switch', 'logout', 'verify', 'true', '__proto__', 'constructor'],
    ...['accept', 'later', 'save', 'skip', 'withdraw', 'again', 'carry-on'],
  ];
  const taken: Record<string, string[]> = {
    login: [],
    accept_terms: ['deny', 'switch'],
    complete_account: ['save', 'skip', 'deny', 'switch'],
    consent: ['allow', 'continue', 'deny', 'switch'],
  };
  test.each(actions)('the action "%s" with nothing else does what this step offers, or nothing', async (action) => {
    const { csrf = '' } = opened.fields;
    if (taken[prompt]?.includes(action)) return;
    await expectNoChange(() => post({ csrf, action }), [403, 422]);
  });

  test('an empty form is refused', async () => {
    const { csrf = '' } = opened.fields;
    await expectNoChange(() => post({}), [403]);
    await expectNoChange(() => post({ csrf }), [403, 422]);
  });

  test('a step cannot be reported from outside: the way back to the app leads to the same page', async () => {
    const uid = opened.page.url.split('/').at(-1);
    const forged = new URLSearchParams({ login: '{"accountId":"x"}', 'login[accountId]': 'x', consent: '{}', result: '{"login":{}}' });
    const back = await exchange(`${portico.issuer}/auth/${uid}?${forged}`, { headers: { cookie: opened.cookie } });
    expect([303, 400]).toContain(back.status);
    expect(back.headers.location ?? `${portico.issuer}/interaction/`).toContain(`${portico.issuer}/interaction/`);
    expect(back.headers.location ?? '').not.toContain('code=');
  });
});

test('what stands at login cannot be answered as consent, and the other way round', async () => {
  const [login, consent] = [await open(), await atConsent()];
  await expectNoChange(() => postForm(login.page.url, { ...login.fields, action: 'allow' }, { cookie: login.cookie }), [422]);
  await expectNoChange(() => postForm(consent.page.url, { ...consent.fields, ...credentials }, { cookie: consent.cookie }), [403]);
  await expectNoChange(
    () => postForm(consent.page.url, { ...consent.fields, ...credentials, action: 'register' }, { cookie: consent.cookie }),
    [403],
  );
});

test('terms cannot be answered as questions, nor questions as terms, and neither as consent or by signing in', async () => {
  const [asked, due] = [await prompts.accept_terms(), await prompts.complete_account()];
  for (const action of ['save', 'skip', 'allow', 'continue', 'login', 'register']) {
    const fields = { ...asked.fields, ...credentials, asked: 'club', club: 'x', consent_terms: 'yes', action };
    await expectNoChange(() => postForm(asked.page.url, fields, { cookie: asked.cookie }), [403]);
  }
  for (const action of ['accept', 'later', 'allow', 'continue', 'login', 'register']) {
    const fields = { ...due.fields, ...credentials, consent_terms: 'yes', version_terms: '1', club: 'x', action };
    await expectNoChange(() => postForm(due.page.url, fields, { cookie: due.cookie }), [403]);
  }
});

test('a second tab does not disturb the first: each finishes with its own client', async () => {
  const browser = new Browser(portico.issuer);
  const [first, second] = [await open('shop', browser), await open('radio', browser)];
  const radio = await browser.submit(second.page, second.page.form('login'), { email, password });
  const shop = await browser.submit(first.page, first.page.form('login'), { email, password });
  expect(radio.url).toMatch(/^https:\/\/radio\.example\/callback\?code=/);
  expect(shop.url).toMatch(/^https:\/\/shop\.example\/callback\?code=/);
});

describe('login CSRF', () => {
  /** The attacker began a sign-in and knows a right password: their own. */
  const attacker = { email: 'mallory@nightfall.example', password: 'attackers own words 1' };
  let theirs: Opened;
  let victim: Opened;
  beforeAll(async () => {
    const brand = await brands.findBySlug(portico.db, 'nightfall');
    await register(portico.services, brand!, { ...attacker, byOperator: true });
    [theirs, victim] = [await open(), await open('radio')];
  });

  const signedInAs = async ({ browser }: Opened) => {
    const silent = await browser.get((await (await party(portico.issuer, 'shop')).begin({ prompt: 'none' })).url);
    return new URL(silent.url).searchParams.get('error') ?? 'someone';
  };

  test("the attacker's form, posted in the victim's browser, signs nobody in", async () => {
    const page = { ...theirs.page, url: 'https://evil.example/' };
    const answer = await victim.browser.submit(page, { ...theirs.page.form('login'), action: theirs.page.url }, attacker);
    expect(answer.status).toBe(403);
    expect(await signedInAs(victim)).toBe('login_required');
  });

  test('not even when it comes without an origin, as old browsers send it', async () => {
    await expectNoChange(
      () => postForm(theirs.page.url, { ...theirs.fields, ...credentials, ...attacker }, { cookie: victim.cookie }),
      [410],
    );
  });

  test("the attacker's token does not fit the victim's own request", async () => {
    await expectNoChange(
      () =>
        postForm(
          victim.page.url,
          { ...victim.fields, ...attacker, action: 'login', csrf: theirs.fields.csrf ?? '' },
          { cookie: victim.cookie },
        ),
      [403],
    );
  });

  test("the end of the attacker's sign-in, opened by the victim, gives the victim neither session nor code", async () => {
    const uid = theirs.page.url.split('/').at(-1);
    const done = await postForm(theirs.page.url, { ...theirs.fields, action: 'login', ...attacker }, { cookie: theirs.cookie });
    expect(done.status).toBe(303);
    const opened = await victim.browser.get(done.headers.location ?? '', { headers: {} });
    expect(opened.url).not.toContain('code=');
    expect(opened.status).toBeGreaterThanOrEqual(400);
    expect((await victim.browser.get(`${portico.issuer}/interaction/${uid}`)).text).not.toContain(attacker.email);
    expect(await signedInAs(victim)).toBe('login_required');
  });
});

test('a sign-out needs the token of its own page', async () => {
  const browser = new Browser(portico.issuer);
  const { page } = await open('shop', browser);
  await browser.submit(page, page.form('login'), { email, password });
  const asked = await browser.get(`${portico.issuer}/session/end`);
  const cookie = browser.cookies.header(new URL(asked.url));
  const { action, fields } = asked.form('logout');
  const target = new URL(action, asked.url).href;
  for (const xsrf of ['', 'x', String(fields.xsrf).toUpperCase(), String(fields.xsrf).slice(1)])
    expect((await postForm(target, { ...fields, xsrf }, { cookie })).status).toBe(400);
  expect((await postForm(target, fields)).status).toBe(400);
  const silent = await browser.get((await (await party(portico.issuer, 'radio')).begin({ prompt: 'none' })).url);
  expect(silent.url).toContain('code=');
});

test('no cookie of ours is usable from another site', async () => {
  const { headers } = await exchange((await (await party(portico.issuer, 'shop')).begin()).url);
  for (const line of headers['set-cookie'] ?? []) expect(line).toMatch(/samesite=lax/i);
});
