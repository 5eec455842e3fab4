// Addresses made to be read in two ways: refused at every door, and what is accepted is mailed to exactly once, as stored (security.md FE-9, 0.8).

import { run } from '../../src/cli/run.ts';
import { register } from '../../src/flows/register.ts';
import { findBySlug } from '../../src/storage/brands.ts';
import { clientsOfTest, party } from '../support/clients.ts';
import { type Answer, postForm } from '../support/exchange.ts';
import { textOf } from '../support/html.ts';
import { Browser, type Page } from '../support/http-browser.ts';
import { waitingMails } from '../support/mails.ts';
import { startPortico } from '../support/portico.ts';
import { password } from '../support/protocol.ts';
import { corpus, hostile, long, malformed } from './hostile-addresses/corpus.ts';
import { placeOf } from './state-matrix/press.ts';
import { type Standing, standings } from './state-matrix/standings.ts';
import { changed, digestOf, emptyWorld, forgetTries, startWorld, type World } from './state-matrix/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
  const { services, database } = world.portico;
  // For the command line, which is run in this process: an argument of another one cannot hold NUL.
  Object.assign(process.env, {
    NODE_ENV: 'test',
    DATABASE_URL: database.url,
    PORTICO_SECRET: services.config.secret,
    PUBLIC_URL: services.config.publicUrl,
    PORT: String(services.config.port),
  });
});
afterAll(() => world.portico.stop());

interface Door {
  says: string;
  standing: keyof typeof standings;
  route: string;
  fields: Record<string, string>;
}

const root = '/interaction/:uid';
const doors: readonly Door[] = [
  { says: 'sign in', standing: 'a fresh sign-in', route: root, fields: { action: 'login', password } },
  { says: 'create an account', standing: 'a fresh sign-in', route: root, fields: { action: 'register', password } },
  {
    says: 'create an account at once',
    standing: 'a fresh sign-in, where addresses are proved later',
    route: root,
    fields: { action: 'register', password },
  },
  { says: 'forgot password', standing: 'a fresh sign-in', route: `${root}/forgot-password`, fields: { action: 'ask' } },
  { says: 'unlock', standing: 'a fresh sign-in', route: root, fields: { action: 'login', unlock: 'yes' } },
  { says: 'unlock again', standing: 'unlock asked', route: `${root}/ask-unlock`, fields: {} },
  { says: 'change e-mail', standing: 'my account, just signed in', route: '/account/email', fields: { action: 'ask', password } },
];

const words = (text: string) => text.replace(/\s+/g, ' ');
const sentence = 'That doesn’t look like an email address. Check it for a typo.';

test('the corpus is large and names nothing twice', () => {
  expect(corpus.length).toBeGreaterThan(110);
  expect(new Set(corpus).size).toBe(corpus.length);
});

describe.each(doors)('$says', ({ standing: name, route, fields }) => {
  let standing: Standing;
  beforeAll(async () => {
    await emptyWorld(world);
    standing = await standings[name](world);
  });

  const post = (body: string) => {
    const { url, csrf, cookie } = placeOf(world, { route }, standing);
    return postForm(url, `${new URLSearchParams({ csrf, ...fields })}&email=${body}`, { cookie, accept: 'text/html' });
  };

  async function expectRefused(what: string, body: string): Promise<Answer> {
    await forgetTries(world);
    const before = await digestOf(world);
    const hashes = world.portico.services.hasher.count;
    const answer = await post(body);
    const seen = [what, changed(before, await digestOf(world)), world.portico.services.hasher.count - hashes, answer.status < 500];
    expect(seen).toEqual([what, '', 0, true]);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    return answer;
  }

  test.each(Object.entries(hostile))(
    '%s are refused at the field, with a sentence, and write nothing',
    async (_, addresses) => {
      for (const address of addresses) {
        if (address.includes('\0')) continue;
        const { status, body } = await expectRefused(address.slice(0, 80), encodeURIComponent(address));
        // The button that sends it again holds the address by itself: nobody can mistype it, and there is no field to say it at.
        const told = route.endsWith('/ask-unlock') ? body.includes('<main class="page-error') : words(textOf(body)).includes(sentence);
        expect([address.slice(0, 80), status, told]).toEqual([address.slice(0, 80), 422, true]);
        if (!route.endsWith('/ask-unlock'))
          expect(body).toMatch(/name="email"[^>]*aria-invalid="true"|aria-invalid="true"[^>]*name="email"/);
        expect(body).not.toMatch(/<script>alert|<%=|"onfocus=/);
      }
    },
    60_000,
  );

  test.each(Object.entries(malformed))('%s is no text and is refused before it is an address', async (what, bytes) => {
    const { status, body } = await expectRefused(what, bytes);
    expect(status).toBe(400);
    expect(body).toContain('<main class="page-error');
  });

  test('a megabyte is refused unread, and an address given twice is none', async () => {
    const { status, milliseconds } = await expectRefused('a megabyte', `${long(1_000_000)}@matrix.example`);
    expect(status).toBe(413);
    expect(milliseconds).toBeLessThan(1_000);
    expect((await expectRefused('twice', 'one@matrix.example&email=two@matrix.example')).status).toBe(400);
    expect([400, 422]).toContain((await expectRefused('as a list', '&email[]=one@matrix.example')).status);
  });
});

test('the command line refuses each of them with a sentence and writes nothing', async () => {
  const before = await digestOf(world);
  for (const address of corpus.filter((one) => one.trim() !== '')) {
    const said: string[] = [];
    const terminal = {
      out: (line: string) => void said.push(`out: ${line}`),
      err: (line: string) => void said.push(line),
      stdin: async () => password,
    };
    const code = await run(['account', 'create', '--brand', 'nightfall', `--email=${address}`, '--password-stdin'], terminal);
    expect([address.slice(0, 80), code, said.filter((line) => line.startsWith('out:'))]).toEqual([address.slice(0, 80), 1, []]);
    expect(said.join('\n')).not.toMatch(/\n\s+at |node:internal/);
  }
  expect(changed(before, await digestOf(world))).toBe('');
}, 120_000);

describe('twins of an address that exists', () => {
  const stored = 'Ilka.Kask@matrix.example';
  /** Equal in ASCII lower case: the same person, mailed to as stored. */
  const same = ['ilka.kask@matrix.example', 'ILKA.KASK@MATRIX.EXAMPLE', 'iLKA.kASK@Matrix.Example', ' Ilka.Kask@matrix.example\t'];
  /** Equal only by some other rule of some other program. */
  const twins = [
    '\u0130lka.Kask@matrix.example',
    '\u0131lka.kask@matrix.example',
    'i\u0307lka.kask@matrix.example',
    'Ilka.\u212aask@matrix.example',
    'ilka.ka\u017fk@matrix.example',
    '\uff49lka.kask@matrix.example',
    'ilka.kask\uff20matrix.example',
    'ilka.kask@matr\u0131x.example',
    'ilka.kask@MATR\u0130X.EXAMPLE',
    'ilka.kask@matrix\uff0eexample',
    'ilka.kask@matrix.example.',
    'ilka.kask@m\u00e4trix.example',
    'ilka.kask@m\u0430trix.example',
    'ilka.kask@xn--mtrix-7qf.example',
    'ilkakask@matrix.example',
    'ilka.kask+x@matrix.example',
    'ilka.kask@matrix.example@matrix.example',
    '"ilka.kask"@matrix.example',
    'ilka.kask(x)@matrix.example',
    'Ilka <ilka.kask@matrix.example>',
    'ilka.k\u00e5sk@matrix.example',
    'ilka.kask%matrix.example@evil.example',
    'ilka.kask@matrix.example\u200b',
    '\u2170lka.kask@matrix.example',
  ];

  beforeAll(async () => {
    await emptyWorld(world);
    await register(world.portico.services, world.brands.nightfall, { email: stored, password, byOperator: true });
  });

  async function ask(door: Door, email: string): Promise<{ answer: Answer; to: (string | null)[] }> {
    const browser = new Browser(world.portico.issuer);
    const page = await browser.get((await world.apps.nightfall.shop.begin()).url);
    const uid = /\/interaction\/([\w-]+)/.exec(page.url)?.[1] ?? '';
    const place = placeOf(world, door, { brand: 'nightfall', browser, uid, email });
    await world.portico.db.pool.query('delete from graphile_worker._private_jobs');
    const answer = await postForm(place.url, { csrf: place.csrf, ...door.fields, email }, { cookie: place.cookie, accept: 'text/html' });
    return { answer, to: (await waitingMails(world.portico.services)).map((mail) => mail.to) };
  }

  const asking = doors.filter(({ says }) => ['forgot password', 'unlock'].includes(says));
  const [signIn, create] = doors as [Door, Door];

  test.each(asking)(
    '$says mails to the stored spelling, however it was typed, and to no twin',
    async (door) => {
      for (const email of same) expect([email, (await ask(door, email)).to]).toEqual([email, [stored]]);
      for (const email of twins) {
        const { to } = await ask(door, email);
        expect([email, to.filter((address) => address !== null)]).toEqual([email, []]);
      }
    },
    60_000,
  );

  test('creating an account with it mails to the stored spelling; a twin that is an address of its own gets its own mail, in ASCII', async () => {
    for (const email of same) expect([email, (await ask(create, email)).to]).toEqual([email, [stored]]);
    const mailedTo = new Set<string | null>();
    for (const email of twins) for (const address of (await ask(create, email)).to) mailedTo.add(address);
    expect([...mailedTo].toSorted()).toEqual(
      [
        'ilka.kask%matrix.example@evil.example',
        'ilka.kask+x@matrix.example',
        'ilka.kask@xn--matrix-tyd.example',
        'ilka.kask@xn--matrx-q4a.example',
        'ilka.kask@xn--mtrix-4ve.example',
        'ilka.kask@xn--mtrix-7qf.example',
        'ilka.kask@xn--mtrix-gra.example',
        'ilkakask@matrix.example',
      ].toSorted(),
    );
  }, 60_000);

  test('the right password opens the account for its own spellings alone', async () => {
    for (const email of same) expect([email, (await ask(signIn, email)).answer.status]).toEqual([email, 303]);
    for (const email of twins) expect([email, (await ask(signIn, email)).answer.status]).toEqual([email, 422]);
  }, 60_000);
});

test('the mail server sees one RCPT TO, equal to the stored address, for addresses that are odd and right', async () => {
  const portico = await startPortico({
    mail: true,
    brands: [{ slug: 'nightfall', name: 'Nightfall', clients: clientsOfTest }],
    settings: { emailVerification: { pages: 'before' } },
  });
  try {
    const brand = await findBySlug(portico.db, 'nightfall');
    const shop = await party(portico.issuer, 'shop');
    const odd: [typed: string, stored: string][] = [
      ["o'brien+tag@nightfall.example", "o'brien+tag@nightfall.example"],
      [`${long(64)}@nightfall.example`, `${long(64)}@nightfall.example`],
      ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
      ['ada@XN--BCHER-KVA.example', 'ada@xn--bcher-kva.example'],
      ["!#$%&'*+/?=^_`{|}~-@nightfall.example", "!#$%&'*+/?=^_`{|}~-@nightfall.example"],
      ['-Ada--x@Night--Fall.Example', '-Ada--x@night--fall.example'],
      [' \tAda.Lovelace@nightfall.example\t ', 'Ada.Lovelace@nightfall.example'],
      ['a@b.co', 'a@b.co'],
      [`${long(60)}@${`${long(60)}.`.repeat(3)}co`, `${long(60)}@${`${long(60)}.`.repeat(3)}co`],
      ['all%evil.example@nightfall.example', 'all%evil.example@nightfall.example'],
      ['evil.example!all@nightfall.example', 'evil.example!all@nightfall.example'],
      ['null@nightfall.example', 'null@nightfall.example'],
      ['1@nightfall.example', '1@nightfall.example'],
    ];
    for (const [typed, stored] of odd) {
      const seen = portico.smtp.recipients.length;
      await portico.db.pool.query('delete from portico.limits');
      const { browser, page } = await atSignIn(portico.issuer, (await shop.begin()).url);
      const waiting = await browser.submit(page, page.form('register'), { email: typed, password });
      const { digits, to } = await portico.smtp.next(stored);
      expect(to).toEqual([stored]);
      if (typed.includes('XN--')) continue;
      const done = await browser.submit(
        waiting,
        { ...waiting.form(), fields: { csrf: waiting.form().fields.csrf ?? '' } },
        { code: digits },
      );
      expect([typed, done.status]).toEqual([typed, 0]);

      const other = await atSignIn(portico.issuer, (await shop.begin()).url);
      const asking = await other.browser.get(`${other.page.url}/forgot-password`);
      await other.browser.submit(asking, asking.form('ask'), { email: typed.toUpperCase() });
      await portico.smtp.next(stored);
      expect(portico.smtp.recipients.slice(seen)).toEqual([stored, stored]);
      const { rows } = await portico.db.pool.query('select email from portico.accounts where brand_id = $1 and email = $2', [
        brand?.id,
        stored,
      ]);
      expect(rows).toEqual([{ email: stored }]);
    }
  } finally {
    await portico.stop();
  }
}, 60_000);

async function atSignIn(issuer: string, url: string): Promise<{ browser: Browser; page: Page }> {
  const browser = new Browser(issuer);
  return { browser, page: await browser.get(url) };
}
