// Whatever a stranger, an app or a brand's owner wrote is text on a page: it makes no element, no attribute and no address (security.md FE-4).
import type { FieldType } from '../../src/domain/profile-fields.ts';
import { register } from '../../src/flows/register.ts';
import * as brands from '../../src/storage/brands.ts';
import { type Answer, exchange, postForm } from '../support/exchange.ts';
import { Browser, type Page } from '../support/http-browser.ts';
import { mailTo } from '../support/mails.ts';
import { type RunningPortico, startPortico } from '../support/portico.ts';
import { consentDocument, consentVersion, question } from '../support/questions.ts';

const canary = `"'><img src=x onerror=alert(1)>{{7*7}}<%= 7*7 %>\${7*7}</title></script><script>alert(1)</script>&lt;b&gt;`;
const [email, password] = ['ada@nightfall.example', 'tremolo cassette 47'];
const callback = 'https://shop.example/callback';
const odd = `https://shop.example/callback?from="'<b>`;

/** Words of a definition, each as hostile as can be; of links only safe ones are links. */
const words = { en: canary };
const statement = {
  en: `${canary} [${canary}](https://nightfall.example/"'><img%20src=x%20onerror=alert{1}>) [x](javascript:alert(1)) [y](https://x.example/"onmouseover="z)`,
};
const options = ['light', 'dark'].map((value) => ({ value, label: words }));
const plainTypes: FieldType[] = ['text', 'number', 'date', 'phone', 'email', 'url', 'country', 'currency', 'locale', 'company'];
const shapes: FieldType[] = ['checkbox', 'address', 'name', 'birth_date'];
const hostile = { label: words, help: words, ask: 'registration' } as const;
const asks = {
  consents: [
    consentDocument('terms', consentVersion(1, { texts: statement })),
    consentDocument('privacy', consentVersion(1, { texts: words, url: `https://nightfall.example/"'><b>` })),
    consentDocument('letters', consentVersion(1, { kind: 'optional', doubleOptIn: true, texts: statement })),
  ],
  fields: [
    ...[...plainTypes, ...shapes].map((type) => question(`a_${type}`, { ...hostile, type })),
    ...(['select', 'radio', 'multi_select'] as const).map((type) => question(`a_${type}`, { ...hostile, type, options })),
    question('a_mask', { ...hostile, rules: { mask: `A"'><b>9` } }),
    question('a_group', {
      ...hostile,
      type: 'group',
      most: 3,
      items: [question('title', hostile), question('mood', { ...hostile, type: 'select', options })],
    }),
    question('birthdate', { type: 'birth_date', label: words, required: true, minimumAge: 16 }),
  ],
};

let portico: RunningPortico;
beforeAll(async () => {
  const metadata = { client_id: 'shop', client_name: canary, redirect_uris: [callback, odd], token_endpoint_auth_method: 'none' as const };
  const partner = { ...metadata, client_id: 'partner', first_party: false };
  const clients = [
    { kind: 'web' as const, metadata },
    { kind: 'web' as const, metadata: partner },
    { kind: 'native' as const, metadata: { client_id: 'phone', client_name: canary, redirect_uris: ['com.example.app:/callback'] } },
  ];
  const brand = { slug: 'nightfall', name: canary, clients };
  const meadow = { slug: 'meadow', name: canary, path: '/meadow', clients, ...asks };
  portico = await startPortico({ settings: { deviceFlow: true }, brands: [brand, meadow] });
  const stored = await brands.findBySlug(portico.db, 'nightfall');
  await register(portico.services, stored!, { email, password, byOperator: true, claims: { name: canary, given_name: canary } });
});
afterAll(() => portico.stop());

const usual = {
  client_id: 'shop',
  response_type: 'code',
  scope: 'openid',
  redirect_uri: callback,
  code_challenge: 'a'.repeat(43),
  code_challenge_method: 'S256',
};
const authorize = (more: Record<string, string> = {}, at = '') =>
  `${portico.issuer}${at}/auth?${new URLSearchParams({ ...usual, ...more })}`;

const known = new Set(
  'a bdi blockquote body button div fieldset footer form h1 h2 head header html img input label legend li link main meta nav noscript ol option p progress script section select small span strong style svg path circle title ul details summary output use time em b br hr dl dt dd'.split(
    ' ',
  ),
);
const dangerous = /^(on|srcdoc|style$)/;
/** "Add another" comes back to its own group of its own page. */
const own = /^"(\/meadow)?\/(interaction|account)\/[\w-]+#[\w.-]+"$/;

/** Reads the page as a browser would, far enough to see what an unescaped value would have become. */
function faultsOf(html: string): string[] {
  const faults: string[] = [];
  for (const [tag, name = '', attributes = ''] of html.matchAll(/<([a-zA-Z%][^\s/>]*)((?:"[^"]*"|'[^']*'|[^'">])*)>/g)) {
    if (!known.has(name.toLowerCase())) faults.push(`element ${tag.slice(0, 100)}`);
    if (name === 'img' && /\bsrc="?x\b/.test(attributes)) faults.push(`element ${tag}`);
    if (name === 'script' && !/\ssrc="(\/meadow)?\/assets\//.test(attributes)) faults.push(`script ${tag}`);
    for (const [, attribute = '', , value = ''] of attributes.matchAll(/([^\s"'=<>/]+)(\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?/g)) {
      if (dangerous.test(attribute.toLowerCase())) faults.push(`attribute ${attribute} in ${tag.slice(0, 100)}`);
      if (attribute.toLowerCase() === 'formaction' && !own.test(value)) faults.push(`attribute ${attribute} in ${tag.slice(0, 100)}`);
      if (!/^[a-z][a-z-]*$/.test(attribute)) faults.push(`attribute ${attribute} in ${tag.slice(0, 100)}`);
      if (/^["']?\s*(javascript|data:text|vbscript)/i.test(value)) faults.push(`address ${value} in ${tag.slice(0, 100)}`);
    }
  }
  if ((html.match(/<title>/g) ?? []).length !== 1 || (html.match(/<\/html>/g) ?? []).length !== 1) faults.push('the page ends early');
  const between = html.replace(/<!doctype html>/i, '').replace(/<\/?[a-zA-Z%][^\s/>]*(?:"[^"]*"|'[^']*'|[^'">])*>/g, '');
  if (/[<>]/.test(between)) faults.push('a tag that does not end');
  if (/\b49\b/.test(html.replace(/content="[^"]*"/g, ''))) faults.push('an expression was computed');
  return faults;
}

function expectHarmless({ status, headers, body }: Pick<Answer, 'status' | 'body'> & { headers: Record<string, unknown> }): string {
  expect(status).toBeLessThan(500);
  if (String(headers['content-type']).startsWith('text/html')) {
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(faultsOf(body)).toEqual([]);
  } else expect(body.startsWith('<')).toBe(false);
  return body;
}

test('the reader of this test sees what is wrong', () => {
  const page = (text: string) => `<html><head><title>x</title></head><body>${text}</body></html>`;
  expect(faultsOf(page('<p class="a" id=b>fine</p>'))).toEqual([]);
  for (const wrong of [
    `<p>${canary}</p>`,
    '<p title="x"onmouseover="y">',
    '<custom-x>',
    '<a href="javascript:x">',
    '<button formaction="https://evil.example/">',
    '<p>49</p>',
    '<script>x</script>',
    "<p '>",
  ])
    expect(faultsOf(page(wrong))).not.toEqual([]);
});

const wishes: [says: string, parameters: Record<string, string>][] = [
  ['nothing special', {}],
  ['a login_hint', { login_hint: canary }],
  ['ui_locales', { ui_locales: canary }],
  ['a state', { state: canary, nonce: canary }],
  ['a prompt', { prompt: canary }],
  ['a scope', { scope: `openid ${canary.replaceAll(' ', '')}` }],
  ['a claims parameter', { claims: JSON.stringify({ id_token: { [canary]: null } }) }],
  ['an unknown parameter', { [canary]: canary }],
  ['a display', { display: canary }],
  ['a redirect URI with quotes', { redirect_uri: odd }],
  ['an unknown client', { client_id: canary }],
  ['a foreign redirect URI', { redirect_uri: `https://evil.example/${canary}` }],
  ['a response type', { response_type: canary }],
  ['a response mode', { response_mode: canary }],
  ['form_post with a state', { prompt: 'none', response_mode: 'form_post', state: canary }],
  ['form_post back to an odd address', { prompt: 'none', response_mode: 'form_post', redirect_uri: odd, state: canary }],
  ['a request object', { request: canary }],
  ['an id_token_hint', { id_token_hint: canary }],
  ['a resource', { resource: canary }],
];

test.each(wishes)('the pages of an authorization request with %s', async (_, parameters) => {
  for (const client_id of ['shop', 'partner', 'phone']) {
    const redirect = client_id === 'phone' ? { redirect_uri: 'com.example.app:/callback' } : {};
    const browser = new Browser(portico.issuer);
    const page = await browser.get(authorize({ client_id, ...redirect, ...parameters }));
    expectHarmless({ ...page, headers: page.headers });
    const login = page.forms.find(({ fields }) => fields.action === 'login');
    if (!login) continue;
    expectHarmless(await browser.submit(page, login, { email: canary, password: 'x' }));
    const next = await browser.submit(page, login, { email, password });
    expectHarmless(next.status === 0 ? { ...next, headers: {} } : next);
    if (next.status === 200) expectHarmless(await browser.submit(next, next.form(), { action: canary }));
  }
});

test.each(['email', 'action', 'remember', 'csrf', 'password'])('the sign-in page gives back what was typed as %s', async (name) => {
  const browser = new Browser(portico.issuer);
  const page = await browser.get(authorize());
  for (const action of ['login', 'register']) {
    const answer = await browser.submit(page, page.form(action), { email, password: 'short', [name]: canary });
    const body = expectHarmless(answer);
    if (name === 'email') expect(body).toContain('value="&#34;&#39;&gt;&lt;img src=x onerror=alert(1)&gt;{{7*7}}');
    for (const [tag] of body.matchAll(/<input[^>]*type="password"[^>]*>/g)) expect(tag).not.toContain('value=');
  }
});

test('the pages of the account show names, addresses and what was typed as text', async () => {
  const browser = new Browser(portico.issuer);
  const page = await browser.get(authorize({ client_id: 'partner', scope: 'openid email' }));
  const asked = await browser.submit(page, page.form('login'), { email, password });
  await browser.submit(asked, asked.form('allow'));
  for (const path of [
    '',
    '/profile',
    '/email',
    '/password',
    '/sessions',
    '/apps',
    '/data',
    '/delete',
    `?done=${encodeURIComponent(canary)}`,
  ])
    expectHarmless(await browser.get(`${portico.issuer}/account${path}`));
  expect((await browser.get(`${portico.issuer}/account/apps`)).body).toContain('&lt;img src=x onerror=alert(1)&gt;');
  const profile = await browser.get(`${portico.issuer}/account/profile`);
  for (const name of ['given_name', 'family_name', 'birthdate', 'phone_number', 'locale'])
    expectHarmless(await browser.submit(profile, profile.form(), { phone_number: 'x', [name]: canary }));
  for (const query of ['code', 'state', 'iss', 'error', 'error_description'])
    expectHarmless(await browser.get(`${portico.issuer}/account/callback?${query}=${encodeURIComponent(canary)}`));
});

const shown = '&lt;img src=x onerror=alert(1)&gt;{{7*7}}&lt;%= 7*7 %&gt;';
const boxes = { consent_terms: 'yes', consent_privacy: 'yes', consent_letters: 'yes' };

/** Each input of a form in turn with the canary in it. */
async function typeEverywhere(browser: Browser, page: Page, action: string, more: Record<string, string> = {}): Promise<void> {
  const form = page.form(action);
  for (const name of [...Object.keys(form.fields), 'a_radio', 'a_multi_select.light', 'a_checkbox', 'consent_terms', 'add', canary]) {
    if (['csrf', 'action', 'asked', 'email', 'password'].includes(name)) continue;
    const answer = await browser.submit(page, form, { ...more, [name]: canary });
    const body = expectHarmless(answer);
    expect(body).toContain(shown);
    for (const [tag] of body.matchAll(/<a\b[^>]*>/g)) expect(tag).not.toMatch(/javascript|onmouseover=(?!&#34;)|alert\(1\)(?!&gt;)/);
  }
}

test('labels, help, options and statements of a brand are text, on every page that asks, and so is what was typed there', async () => {
  const browser = new Browser(portico.issuer);
  const page = await browser.get(authorize({}, '/meadow'));
  expect(expectHarmless(page).split(shown).length).toBeGreaterThan(40);
  // Only what is a safe address is a link.
  expect(page.body).toContain('href="https://nightfall.example/&#34;&#39;&gt;&lt;img%20src=x%20onerror=alert{1}&gt;"');
  expect(page.body).not.toMatch(/<a[^>]*javascript/);
  await typeEverywhere(browser, page, 'register', { email: 'new@nightfall.example', password: 'short' });

  const joined = await browser.submit(page, page.form('register'), { email: 'new@nightfall.example', password, ...boxes });
  expectHarmless(joined);
  await typeEverywhere(browser, joined, 'save', { birthdate: '' });
  const young = await browser.submit(joined, joined.form('save'), { birthdate: `${new Date().getUTCFullYear() - 3}-01-01` });
  expect(expectHarmless(young)).toContain('page-under-age');
  expect(young.body).toContain(shown);
  expect((await browser.submit(joined, joined.form('save'), { birthdate: '1990-06-24' })).status).toBe(0);

  const { link } = (await mailTo(portico.services, 'new@nightfall.example', 'confirm_consent')).params;
  const opened = await browser.get(link);
  expect(expectHarmless(opened)).toContain(shown);
  expect(expectHarmless(await browser.submit(opened, opened.form()))).toContain(shown);

  for (const path of ['/account', '/account/consents', '/account/profile', '/account/data'])
    expectHarmless(await browser.get(`${portico.issuer}/meadow${path}`));
  const profile = await browser.get(`${portico.issuer}/meadow/account/profile`);
  for (const name of Object.keys(profile.form().fields).filter((one) => one !== 'csrf'))
    expect(expectHarmless(await browser.submit(profile, profile.form(), { [name]: canary, a_number: 'none' }))).toContain(shown);
  const mine = await browser.get(`${portico.issuer}/meadow/account/consents`);
  expect(mine.body).toContain(shown);
  for (const name of ['document', 'version', 'action'])
    expectHarmless(await browser.submit(mine, mine.form('withdraw'), { [name]: canary }));
  expectHarmless(await browser.submit(mine, mine.form('withdraw')));

  const again = await browser.get(authorize({}, '/meadow'));
  expect(expectHarmless(again)).toContain('page-accept-terms');
  await typeEverywhere(browser, again, 'accept', { consent_terms: '' });
}, 60_000);

test('the name of the brand and of the app are shown as they are written', async () => {
  const page = await new Browser(portico.issuer).get(authorize());
  expect(page.body).toContain('&lt;img src=x onerror=alert(1)&gt;{{7*7}}&lt;%= 7*7 %&gt;');
});

const addresses = ['/', '/nowhere', '/interaction/x', '/auth', '/session/end', '/session/end/success', '/device', '/auth/x', '/reg/x'];
test.each(addresses)('%s with the canary in every place of the address', async (path) => {
  const encoded = encodeURIComponent(canary);
  const names = [
    'lang',
    'ui_locales',
    'client_id',
    'error',
    'error_description',
    'state',
    'user_code',
    'post_logout_redirect_uri',
    'id_token_hint',
    'logout_hint',
    'login_hint',
  ];
  for (const name of names) {
    expectHarmless(await exchange(`${portico.issuer}${path}?${name}=${encoded}`, { headers: { accept: 'text/html' } }));
    expectHarmless(await exchange(`${portico.issuer}${path}?${name}=${encoded}`, { headers: { accept: '*/*' } }));
  }
  expectHarmless(await exchange(`${portico.issuer}${path}/${encoded}`, { headers: { accept: 'text/html' } }));
  expectHarmless(
    await exchange(`${portico.issuer}${path}`, {
      headers: { accept: 'text/html', 'accept-language': canary, cookie: `1.lang=${encoded}`, 'user-agent': canary },
    }),
  );
});

test('the page for a user code gives back what was typed', async () => {
  const browser = new Browser(portico.issuer);
  const entry = await browser.get(`${portico.issuer}/device`);
  expectHarmless(await browser.submit(entry, entry.form(), { user_code: canary }));
});

test('an OAuth error in JSON stays JSON', async () => {
  for (const path of ['/token', '/request', '/token/introspection', '/token/revocation', '/device/auth', '/userinfo']) {
    const answer = await postForm(
      portico.issuer + path,
      { client_id: canary, grant_type: canary, token: canary, scope: canary },
      { accept: 'application/json' },
    );
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(JSON.parse(answer.body)).toMatchObject({ error: expect.stringMatching(/^[a-z_]+$/) });
    expectHarmless(
      await postForm(portico.issuer + path, { client_id: canary, grant_type: canary, token: canary }, { accept: 'text/html' }),
    );
  }
});
