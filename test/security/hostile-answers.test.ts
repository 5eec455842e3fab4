// Boxes, answers and the names around them as nobody means them: refused where they stand, never a fault, nothing written, and of what
// was typed nothing lost but passwords (security.md FE-4).
import fc from 'fast-check';
import { readConsentFile } from '../../src/consent-files.ts';
import { fieldTypes, type ProfileField } from '../../src/domain/profile-fields.ts';
import { OperatorError, refusals } from '../../src/errors.ts';
import { answerConsents } from '../../src/flows/answer-consents.ts';
import { readProfileFile } from '../../src/profile-files.ts';
import * as brands from '../../src/storage/brands.ts';
import { enterAccount } from '../support/account-pages.ts';
import { clientsOfTest, party } from '../support/clients.ts';
import { type Answer, postForm } from '../support/exchange.ts';
import { fingerprint } from '../support/fingerprint.ts';
import { attributesOf, formsOf } from '../support/html.ts';
import { Browser, type Page } from '../support/http-browser.ts';
import { type RunningPortico, startPortico } from '../support/portico.ts';
import { createAccount, enter, password } from '../support/protocol.ts';
import { consentDocument, consentVersion, letters, question, terms } from '../support/questions.ts';

const options = ['light', 'dark'].map((value) => ({ value, label: { en: value } }));
const chosen = ['select', 'radio', 'multi_select'];
/** A question of every type; one has to be answered. */
const fields: ProfileField[] = [
  question('club', { ask: 'registration', required: true, rules: { maxLength: 50 } }),
  ...fieldTypes
    .filter((type) => type !== 'group')
    .map((type) => question(`a_${type}`, { type, ask: 'registration', ...(chosen.includes(type) && { options }) })),
  question('a_mask', { ask: 'registration', rules: { mask: 'AA-9999' } }),
  question('phone_number', { type: 'phone', label: undefined, ask: 'registration' }),
  question('records', {
    ...{ type: 'group', ask: 'registration', most: 3 },
    items: [question('title'), question('year', { type: 'number' }), question('mood', { type: 'multi_select', options })],
  }),
];
const largest = JSON.stringify([
  {
    ...{ key: 'records', type: 'group', label: { en: 'Records' }, most: 20, ask: 'account' },
    items: Array.from({ length: 10 }, (_, at) => ({ key: `part${at}`, label: { en: `Part ${at}` } })),
  },
]);

let portico: RunningPortico;
beforeAll(async () => {
  const privacy = consentDocument('privacy', consentVersion(1, { kind: 'optional', texts: { en: 'Keep my answers.' } }));
  portico = await startPortico({
    settings: { emailVerification: { pages: 'before' }, questionsAtOnce: 50 },
    brands: [{ slug: 'meadow', name: 'Meadow', clients: clientsOfTest, consents: [terms(1), privacy, letters], fields }],
    env: { LOG_LEVEL: 'error' },
  });
});
afterAll(() => portico.stop());

interface Place {
  browser: Browser;
  page: Page;
  /** Refused as they are, whatever stands beside them. */
  refused: Record<string, string>;
}

const keys = fields.map(({ key }) => key).join(' ');
const source = { ip: '127.0.0.1', locale: 'en' };

async function newcomer(): Promise<Place> {
  const browser = new Browser(portico.issuer);
  const page = await browser.get((await (await party(portico.issuer, 'shop')).begin()).url);
  return { browser, page, refused: { action: 'register', email: 'new@meadow.example', password } };
}

async function stopped(email: string): Promise<Pick<Place, 'browser' | 'page'>> {
  const { browser, page } = await newcomer();
  return { browser, page: await enter(browser, page, { email }) };
}

let count = 0;
async function person(agrees: boolean): Promise<{ id: string; email: string }> {
  count += 1;
  const email = `person-${count}@meadow.example`;
  const id = await createAccount(portico, { email });
  const brand = await brands.findBySlug(portico.db, 'meadow');
  const given = { terms: { version: '1', accepted: true } };
  if (agrees) await answerConsents(portico.services, brand!, { accountId: id, given, channel: 'page', source, at: 'sign_in' });
  return { id, email };
}

const places: Record<string, () => Promise<Place>> = {
  'the form of a newcomer': newcomer,
  'the page of terms': async () => ({ ...(await stopped((await person(false)).email)), refused: { action: 'accept' } }),
  'the page of questions': async () => {
    return { ...(await stopped((await person(true)).email)), refused: { action: 'save', asked: keys, club: '' } };
  },
  'the profile': async () => {
    const { browser, page } = await enterAccount(portico, { path: '/profile', ...(await person(true)) });
    return { browser, page, refused: { asked: page.form().fields.asked ?? '', phone_number: 'none' } };
  },
  'the page of agreements': async () => {
    const { browser, page } = await enterAccount(portico, { path: '/consents', ...(await person(true)) });
    return { browser, page, refused: { action: 'accept', document: 'terms', version: '9' } };
  },
};
const names = Object.keys(places);
const asking = names.slice(0, 4);

let before: Record<string, string>;

/** Sends it to the page's own address. Whatever comes back is ours, and nothing was written. */
async function send({ browser, page }: Place, typed: Record<string, string> | string): Promise<Answer> {
  const { csrf = '' } = page.forms.find((form) => form.fields.csrf)?.fields ?? {};
  const url = new URL(page.url.split('?')[0] as string);
  const body = typeof typed === 'string' ? `csrf=${csrf}&${typed}` : { csrf, ...typed };
  const answer = await postForm(url.href, body, { cookie: browser.cookies.header(url), accept: 'text/html' });
  const said = `${JSON.stringify(typed).slice(0, 200)} -> ${answer.status}`;
  expect([said, answer.status < 500, answer.milliseconds < 2_000]).toEqual([said, true, true]);
  expect([said, await fingerprint(portico)]).toEqual([said, before]);
  if (typeof typed === 'object' && typed.password) expect(answer.body).not.toContain(typed.password);
  return answer;
}

async function stand(name: string): Promise<Place> {
  const place = await (places[name] as () => Promise<Place>)();
  before = await fingerprint(portico);
  return place;
}

/** Inputs that show any text at all. */
function textInputs(body: string): string[] {
  const inputs = [...body.matchAll(/<input\b([^>]*)>/g)].map(([, tag = '']) => attributesOf(tag));
  return inputs.flatMap(({ name, type = 'text' }) => (name && !/^(hidden|checkbox|radio|password)$/.test(type) ? [name] : []));
}

/** What the page would send if it were sent once more. */
const kept = ({ body }: Answer) => Object.assign({}, ...formsOf(body).map((form) => form.fields)) as Record<string, string>;

const values: Record<string, string> = {
  '4,001 characters': 'x'.repeat(4_001),
  'characters of four bytes': '\u{1F600}'.repeat(300),
  'a control character': 'a\u0007b',
  'a line break': 'a\r\nBcc: everybody@meadow.example',
  'a line separator': 'a\u2028b',
  'text that runs backwards': '\u202Egpj.exe',
  'nothing that can be seen': '\u200B\u2060\uFEFF',
  'combining marks': `a${'\u0301'.repeat(900)}`,
  markup: `"'><img src=x onerror=alert(1)></select></fieldset>`,
  'a template': '<%= process.exit(1) %>{{7*7}}#{7*7}',
  SQL: `'; delete from portico.accounts; --`,
  'a prototype': '__proto__',
  'a constructor': 'constructor',
  'an object': '[object Object]',
  'no number': 'NaN',
  'an endless number': '1e999',
  'a number of another base': '0x10',
  'a negative nothing': '-0',
  'digits of another script': '١٩٩٠-٠٦-٢٤',
  'a day that is none': '2026-02-30',
  'a day beyond time': '9999-99-99',
  'the first year': '0000-01-01',
  'a script': 'javascript:alert(1)',
  'a path': '../../../../etc/passwd',
  'another file': 'file:///etc/passwd',
};

describe.each(asking)('%s', (name) => {
  test('takes whatever stands in any of its inputs, and gives every text back', async () => {
    const place = await stand(name);
    const all = [...new Set([...textInputs(place.page.body), ...Object.keys(kept({ body: place.page.body } as Answer))])];
    const typing = all.filter((one) => !['csrf', 'action', 'asked', 'email', ...Object.keys(place.refused)].includes(one));
    expect(typing.length).toBeGreaterThan(name === 'the page of terms' ? 2 : 20);
    for (const [says, value] of Object.entries(values)) {
      // As many as fit into the longest form there is.
      const fit = Math.floor(45_000 / encodeURIComponent(value).length);
      const share = typing.filter((_, at) => at % Math.ceil(typing.length / fit) === 0);
      const answer = await send(place, { ...Object.fromEntries(share.map((one) => [one, value])), ...place.refused });
      expect([says, answer.status]).toEqual([says, 422]);
      const again = kept(answer);
      const lost = textInputs(answer.body).filter((one) => share.includes(one) && again[one] !== value);
      expect([says, lost]).toEqual([says, []]);
    }
  }, 60_000);

  const odd = [
    ...['__proto__', '__proto__.x', '__proto__[x]', 'constructor', 'constructor.prototype', 'prototype', 'toString', 'hasOwnProperty'],
    ...['consent_', 'consent___proto__', 'consent_constructor', 'consent_nothing', 'consent_terms.x', 'consent_terms[]'],
    ...['version_', 'version___proto__', 'version_constructor', 'version_toString', 'version_nothing', 'version_terms.x'],
    ...['records', 'records.', 'records.0', 'records..title', 'records.0.', 'records.0.title.x', 'records.-1.title', 'records.1e9.title'],
    ...['records.999999999999999999999.title', 'records.NaN.title', 'records.Infinity.title', 'records.0x10.title', 'records. 1.title'],
    ...['records.__proto__.title', 'records.0.__proto__', 'records.0.constructor', 'records.0.mood.__proto__', 'records.3.title'],
    ...['a_multi_select', 'a_multi_select.', 'a_multi_select.nothing', 'a_multi_select.__proto__', 'a_multi_select.constructor'],
    ...['a_name', 'a_name.', 'a_name.__proto__', 'a_name.constructor', 'a_address.constructor', 'a_address.formatted', 'a_checkbox.x'],
    ...['sub', 'email_verified', 'updated_at', 'phone_number_verified', 'answers', 'consents', 'claims', 'sign_ins', 'accountId'],
    ...['document', 'version', 'settings', 'client', 'delimiter', 'view options', 'outputFunctionName', 'x'.repeat(5_000)],
  ];
  test('takes names it never wrote, and no prototype is any other afterwards', async () => {
    const place = await stand(name);
    const prototypes = () => [Object.prototype, Array.prototype].map((prototype) => Object.getOwnPropertyNames(prototype).join());
    const own = prototypes();
    for (const one of odd) {
      for (const value of ['yes', '1', 'constructor']) {
        const answer = await send(place, { [one]: value, ...place.refused });
        expect([one.slice(0, 60), value, answer.status]).toEqual([one.slice(0, 60), value, 422]);
      }
    }
    expect(prototypes()).toEqual(own);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  }, 60_000);

  test('takes a thousand fields, and of more says that there are too many', async () => {
    const place = await stand(name);
    const { length } = Object.keys(place.refused);
    const many = (total: number) => Object.fromEntries(Array.from({ length: total - length - 1 }, (_, at) => [`unknown${at}`, 'x']));
    for (const [total, status] of [
      [100, 422],
      [1_000, 422],
      [1_001, 400],
      [6_000, 413],
    ] as const)
      expect([total, (await send(place, { ...many(total), ...place.refused })).status]).toEqual([total, status]);
    const body = new URLSearchParams(place.refused).toString();
    for (const broken of ['club=%ff', 'club=%00', 'club=a&club=b', 'consent_terms=no&consent_terms=yes', 'asked=club&asked=', '%ff=x'])
      expect([broken, (await send(place, `${broken}&${body}`)).status]).toEqual([broken, 400]);
  });

  const seed = Number(process.env.PORTICO_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const name_ = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...odd, 'club', 'a_number', 'a_date', 'a_url', 'a_locale', 'a_country', 'a_phone', 'a_mask') },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  );
  const value_ = fc.oneof(fc.constantFrom(...Object.values(values)), fc.string({ unit: 'binary', maxLength: 60 }), fc.constant('yes'));
  const form = fc.dictionary(name_, value_, { maxKeys: 12, noNullPrototype: true });
  test(`takes forms nobody thought of (seed ${seed})`, async () => {
    const place = await stand(name);
    const rule = fc.asyncProperty(form, async (typed) => {
      const { csrf: _csrf, ...rest } = typed;
      const { status } = await send(place, { ...rest, ...place.refused });
      if (![400, 413, 422].includes(status)) throw new Error(`${status}`);
    });
    await fc.assert(rule, { seed, numRuns: process.env.PORTICO_TEST_LONG ? 2_000 : 60, interruptAfterTimeLimit: 30_000 });
  }, 60_000);
});

test.each(['the page of questions', 'the profile'])(
  '%s has one item more where there is a group of that name, and says nothing else',
  async (name) => {
    const place = await stand(name);
    const typed = { ...place.refused, club: 'night owls', 'records.0.title': 'Blue' };
    const adds = ['records', 'records.0', 'club', 'a_address', 'nothing', '__proto__', 'constructor', 'x'.repeat(5_000), '<b>'];
    for (const add of adds) {
      const answer = await send(place, { ...typed, add });
      expect([add.slice(0, 60), answer.status]).toEqual([add.slice(0, 60), 200]);
      const again = kept(answer);
      expect(again).toMatchObject({ club: 'night owls', 'records.0.title': 'Blue' });
      expect('records.1.title' in again).toBe(add === 'records');
      expect(answer.body).not.toMatch(/class="refusal"|role="alert"/);
    }
    const full = { ...typed, 'records.1.title': 'b', 'records.2.title': 'c' };
    expect((await send(place, { ...full, add: 'records' })).body).not.toContain('records.3.title');
  },
);

const versions = ['', '0', '01', '1.0', '1e0', '+1', ' 1', '1 ', '\u0661', '-1', '2', '99999999999999999999', 'NaN', 'true', '1;', '[1]'];
const notYes = ['', 'no', 'true', 'on', '1', 'YES', 'yes ', ' yes', 'y\u0435s', '[object Object]', 'yes,yes'];

test('only the very version that was shown is agreed to, and only by its own box', async () => {
  const at = await stand('the page of terms');
  const good = { action: 'accept', version_terms: '1', consent_terms: 'yes' };
  for (const version of versions) expect((await send(at, { ...good, version_terms: version })).status).toBe(422);
  for (const box of notYes) expect((await send(at, { ...good, consent_terms: box })).status).toBe(422);
  const foreign = { action: 'accept', version_privacy: '1', consent_privacy: 'yes', consent_TERMS: 'yes', 'consent_terms ': 'yes' };
  expect((await send(at, foreign)).status).toBe(422);
  // And the search finds what is there.
  const { browser, page } = at;
  const on = await browser.submit(page, page.form('accept'), good);
  expect(on.text).toContain('answered');
});

test('an agreement is taken back or given for a document that exists, in the version of now, and for no other', async () => {
  const at = await stand('the page of agreements');
  const documents = [
    '',
    'Terms',
    'terms ',
    'terms\n',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'x'.repeat(5_000),
    '0',
    '*',
  ];
  for (const action of ['accept', 'withdraw', 'delete', '', '__proto__']) {
    for (const document of documents) {
      const { status } = await send(at, { action, document, version: '1' });
      expect([action, document.slice(0, 20), [403, 422].includes(status)]).toEqual([action, document.slice(0, 20), true]);
    }
    for (const version of versions) {
      const { status } = await send(at, { action, document: 'privacy', version });
      expect([action, version, [403, 422].includes(status)]).toEqual([action, version, true]);
    }
  }
  for (const typed of ['', 'document=privacy', 'version=1', 'action=accept', 'consent_privacy=yes&version_privacy=1'])
    expect([typed, (await send(at, typed)).status]).toEqual([typed, 403]);
});

test('what a page says was asked is looked up, each question once: strangers’ names ask for nothing', async () => {
  const place = await stand('the page of questions');
  const lists = ['club '.repeat(60), 'records '.repeat(1_000), `${keys} ${keys}`, 'club\tclub', 'club,records', ' club  records '];
  const strange = ['__proto__ constructor toString', 'email password sub', 'a_nothing', '*', 'x'.repeat(40_000)];
  for (const asked of [...lists, ...strange]) {
    const answer = await send(place, { action: 'save', asked, club: '', phone_number: 'none' });
    const drawn = textInputs(answer.body);
    expect([asked.slice(0, 40), drawn.filter((one, at) => drawn.indexOf(one) !== at)]).toEqual([asked.slice(0, 40), []]);
  }
}, 60_000);

test('a page that asked is answered only with what it asked: a form that hides it changes nothing', async () => {
  const place = await stand('the page of questions');
  for (const action of ['save', 'skip']) {
    const { status } = await send(place, { action, club: 'night owls' });
    expect([action, [403, 422].includes(status)]).toEqual([action, true]);
  }
});

test.each(asking)(
  '%s says every "no" again in another language, whatever it was',
  async (name) => {
    const place = await stand(name);
    const all = Object.keys(refusals);
    const { action: _action, ...rest } = place.refused;
    const typed = {
      ...rest,
      action: 'language',
      lang: 'de',
      form: 'register',
      club: 'night owls',
      version_terms: '1',
      consent_terms: 'yes',
    };
    for (const refused of [
      ...all,
      ...all.map((code) => `${code}.club`),
      '__proto__.club',
      'constructor',
      'x'.repeat(5_000),
      'a.b '.repeat(500),
    ]) {
      const answer = await send(place, { ...typed, refused });
      expect([refused.slice(0, 60), answer.status]).toEqual([refused.slice(0, 60), 200]);
      expect(answer.body).toContain('lang="de"');
      const input = name === 'the page of terms' ? 'consent_terms' : 'club';
      expect(kept(answer)[input]).toBe(typed[input]);
      const said = answer.body.match(/class="refusal"[^>]*>[^<]*|class="summary"[\s\S]*?<\/div>/g) ?? [];
      expect([refused.slice(0, 60), said.filter((words) => /\{\{|undefined|NaN|\[object/.test(words))]).toEqual([refused.slice(0, 60), []]);
    }
  },
  60_000,
);

const whole = {
  ...{ club: 'night owls', a_text: 'any', a_number: '1,5', a_date: '2026-02-01', a_phone: '+49 30 1234567', a_email: 'a@b.example' },
  ...{
    a_url: 'https://x.example/',
    a_country: 'DE',
    a_currency: 'EUR',
    a_locale: 'de',
    a_select: 'dark',
    a_radio: 'light',
    a_checkbox: 'yes',
  },
  ...{ 'a_multi_select.light': 'yes', 'a_multi_select.dark': 'yes', 'a_address.street_address': 'Lane 1', 'a_address.country': 'GB' },
  ...{ 'a_name.given_name': 'Ada', 'a_name.family_name': 'Byron', a_birth_date: '1990-06-24', a_company: 'Engines', a_mask: 'AB-1234' },
  ...{ 'records.0.title': 'Blue', 'records.0.year': '1971', 'records.0.mood.dark': 'yes', 'records.1.title': 'Horses' },
};

test.each(['the form of a newcomer', 'the page of questions', 'the profile'])(
  '%s, refused for one thing, is the same form with everything else as it was, in another language too',
  async (name) => {
    const place = await stand(name);
    const boxes = { consent_privacy: 'yes', version_privacy: '1', version_terms: '1' };
    const typed: Record<string, string> = { ...whole, ...(name === 'the form of a newcomer' && boxes), ...place.refused };
    const answer = await send(place, typed);
    expect(answer.status).toBe(422);
    const { password: _secret, action: _action, ...rest } = typed;
    const { action: _language, ...fields } = formsOf(answer.body).find((form) => form.fields.action === 'language')?.fields ?? {};
    const german = await send(place, { ...fields, action: 'language', lang: 'de' });
    expect(german.body).toContain('<html lang="de"');
    for (const shown of [answer, german])
      for (const [input, value] of Object.entries(rest)) expect([input, kept(shown)[input]]).toEqual([input, value]);
  },
);

test('whatever questions an operator may define can be answered: their page is a form that can be sent', async () => {
  let defined: ProfileField[];
  try {
    defined = readProfileFile('profile.json', largest, 'en');
  } catch (error) {
    // No definition, no page.
    expect(error).toBeInstanceOf(OperatorError);
    return;
  }
  const garden = await startPortico({ brands: [{ slug: 'garden', name: 'Garden', clients: clientsOfTest, fields: defined }] });
  try {
    const { browser, page } = await enterAccount(garden, { path: '/profile' });
    const rows = Array.from({ length: 20 }, (_, row) => Array.from({ length: 10 }, (_, part) => [`records.${row}.part${part}`, 'x']));
    const answer = await browser.submit(page, page.form(), Object.fromEntries(rows.flat()));
    expect([answer.status, answer.url]).toEqual([200, `${garden.issuer}/account/profile?done=profile`]);
  } finally {
    await garden.stop();
  }
});

test('whatever a document may be called, the pages that show it work', async () => {
  for (const name of ['constructor', 'prototype', 'valueof', 'tostring', 'terms', 'a_']) {
    const file = JSON.stringify([
      { name, versions: [{ version: 1, kind: 'optional', effective: '2020-01-01', text: { en: 'I agree.' } }] },
    ]);
    let consents: ReturnType<typeof readConsentFile>;
    try {
      consents = readConsentFile('consents.json', file, 'en');
    } catch (error) {
      // No such document, no page.
      expect(error).toBeInstanceOf(OperatorError);
      continue;
    }
    const garden = await startPortico({ brands: [{ slug: 'garden', name: 'Garden', clients: clientsOfTest, consents }] });
    try {
      const { browser, page } = await enterAccount(garden, { path: '/consents' });
      expect([name, page.status, page.body.includes('I agree.')]).toEqual([name, 200, true]);
      const given = await browser.submit(page, page.form('accept'));
      expect([name, given.url]).toEqual([name, `${garden.issuer}/account/consents?done=consent_given`]);
    } finally {
      await garden.stop();
    }
  }
}, 60_000);

test('nothing of it was a fault', () => {
  expect(portico.logs).toEqual([]);
});
