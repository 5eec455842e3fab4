// What was mailed opens one thing: for its purpose, its account, its brand, in the browser that asked (security.md PW-13, SE-7).
import type { CodePurpose } from '../../../src/domain/one-time-codes.ts';
import { answerConsents } from '../../../src/flows/answer-consents.ts';
import { beginRegistration } from '../../../src/flows/begin-registration.ts';
import { confirmEmailChange, requestEmailChange } from '../../../src/flows/change-email.ts';
import { changePassword } from '../../../src/flows/change-password.ts';
import { requestDeletion } from '../../../src/flows/delete-account.ts';
import { forgotPassword } from '../../../src/flows/forgot-password.ts';
import { requestUnlock } from '../../../src/flows/unlock.ts';
import { mailVerification } from '../../../src/flows/verify-email.ts';
import { waitingMails } from '../../support/mails.ts';
import { password } from '../../support/protocol.ts';
import { letters } from '../../support/questions.ts';
import { linkCsrf, type Place, placeOf, press } from './press.ts';
import { chosen, type Standing, type StandingName, standings } from './standings.ts';
import { type BrandName, changed, createPerson, digestOf, emptyWorld, forgetTries, newAddress, startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
beforeEach(() => emptyWorld(world));
afterAll(() => world.portico.stop());

const source = { ip: '127.0.0.1', userAgent: 'Mozilla/5.0 (Windows NT 10.0) Chrome/140.0', locale: 'en' };

/** Each page, and what its link may be of. */
const pages: Readonly<Record<string, readonly CodePurpose[]>> = {
  'confirm-email': ['register', 'verify_email', 'change_email'],
  'reset-password': ['reset_password'],
  unlock: ['unlock'],
  'undo-email': ['undo_email'],
  'secure-account': ['secure_account'],
  'keep-account': ['keep_account'],
  'confirm-consent': ['confirm_consent'],
};
const purposes = Object.values(pages).flat();

/** A live link of every purpose, each of a person of its own. */
async function mailEverything(brandName: BrandName): Promise<Record<CodePurpose, string>> {
  const [services, brand] = [world.portico.services, world.brands[brandName]] as const;
  const somebody = () => createPerson(world, brandName);
  const of = async () => ({ accountId: (await somebody()).id, source });
  const toBe = () => ({ email: newAddress(), password });
  await beginRegistration(services, brand, { ...toBe(), source, confirmPath: '/confirm-email' });
  const unproved = await of();
  await world.portico.db.pool.query('update portico.accounts set email_verified = false where id = $1', [unproved.accountId]);
  await mailVerification(services, brand, { ...unproved, confirmPath: '/confirm-email' });
  await forgotPassword(services, brand, { email: (await somebody()).email, source });
  await requestUnlock(services, brand, { email: (await somebody()).email, source });
  const moved = await requestEmailChange(services, brand, { ...(await of()), ...toBe() });
  const digits = await tokenOf('change_email', 'digits');
  await confirmEmailChange(services, brand, { shown: { handle: moved.handle, typed: digits }, source });
  await requestEmailChange(services, brand, { ...(await of()), ...toBe() });
  await changePassword(services, brand, { ...(await of()), sessionUid: 'none', password, newPassword: chosen });
  await requestDeletion(services, brand, await of());
  // As if the brand had this mailing: what its link opens depends on no definition.
  const mailing = { ...brand, consents: [{ ...letters, owner: 'brand' as const }] };
  const given = { letters: { version: '1', accepted: true } };
  await answerConsents(services, mailing, { ...(await of()), given, channel: 'page', at: 'choice' });
  const mails = [
    ['register', 'confirm_registration'],
    ['verify_email', 'verify_email'],
    ['reset_password', 'reset_password'],
    ['unlock', 'unlock'],
    ['change_email', 'change_email'],
    ['undo_email', 'email_changed'],
    ['secure_account', 'password_changed'],
    ['keep_account', 'deletion_requested'],
    ['confirm_consent', 'confirm_consent'],
  ] as const;
  const tokens = await Promise.all(mails.map(async ([purpose, name]) => [purpose, await tokenOf(name)] as const));
  return Object.fromEntries(tokens) as Record<CodePurpose, string>;
}

async function tokenOf(name: string, what: 'link' | 'digits' = 'link'): Promise<string> {
  const mail = (await waitingMails(world.portico.services)).findLast((one) => one.name === name && one.to !== null);
  const said = (mail?.params as Record<string, string> | undefined)?.[what];
  if (!said) throw new Error(`no ${name} waits`);
  return what === 'link' ? (new URL(said).searchParams.get('token') as string) : said;
}

/** Posts to a link's page as a browser that opened it with this token, its form's token included. */
function open(brandName: BrandName, path: string, token: string) {
  const { keyring } = world.portico.services;
  const { id, issuer } = world.brands[brandName];
  const place: Place = { url: issuer + path, cookie: `${id}.link=${token}`, csrf: linkCsrf(keyring, id, path, token) };
  return press(place, { csrf: place.csrf, password: 'another kettle on a roof 9' });
}

async function expectDead(what: string, brandName: BrandName, path: string, token: string): Promise<void> {
  const before = await digestOf(world);
  const { status, headers, body } = await open(brandName, path, token);
  expect([what, status, changed(before, await digestOf(world))]).toEqual([what, 410, '']);
  expect(body).toMatch(/<main class="page-(dead-link|keep-account)/);
  expect((headers['set-cookie'] ?? []).filter((line) => !/=;/.test(line))).toEqual([]);
}

const addresses = Object.keys(pages).flatMap((page) => [`/${page}`, `/interaction/a-sign-in-of-somebody/${page}`]);
const pageOf = (path: string) => path.split('/').at(-1) as string;

test('the link of one purpose opens no page of another', async () => {
  const tokens = await mailEverything('nightfall');
  let pairs = 0;
  for (const path of addresses) {
    for (const purpose of purposes.filter((one) => !pages[pageOf(path)]?.includes(one))) {
      await expectDead(`${purpose} at ${path}`, 'nightfall', path, tokens[purpose]);
      pairs += 1;
    }
  }
  expect(pairs).toBe(108);
  await expectAllAlive('nightfall', tokens);
}, 60_000);

test("a brand's links open nothing at another brand, in either direction", async () => {
  for (const [own, foreign] of [
    ['nightfall', 'harbour'],
    ['harbour', 'nightfall'],
    ['meadow', 'nightfall'],
    ['nightfall', 'meadow'],
  ] as const) {
    await emptyWorld(world);
    const tokens = await mailEverything(own);
    for (const path of addresses) {
      for (const purpose of purposes) await expectDead(`${own}'s ${purpose} at ${foreign}${path}`, foreign, path, tokens[purpose]);
    }
    await expectAllAlive(own, tokens);
  }
}, 60_000);

test('halves of two links, and links that were changed, open nothing', async () => {
  const tokens = await mailEverything('nightfall');
  for (const purpose of purposes) {
    const path = `/${Object.keys(pages).find((page) => pages[page]?.includes(purpose))}`;
    const token = tokens[purpose];
    const [handle, secret] = [token.slice(0, 22), token.slice(22)];
    const others = purposes
      .filter((one) => one !== purpose)
      .flatMap((one) => [handle + tokens[one].slice(22), tokens[one].slice(0, 22) + secret]);
    for (const forged of [...others, ...changedTokens(token)]) await expectDead(`${purpose} ${forged}`, 'nightfall', path, forged);
  }
  await expectAllAlive('nightfall', tokens);
}, 60_000);

function changedTokens(token: string): string[] {
  const [handle, secret] = [token.slice(0, 22), token.slice(22)];
  const swapped = (at: number) => token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
  const cased = token.replace(/[a-z]/i, (letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()));
  const ends = [swapped(0), swapped(21), swapped(22), swapped(43), cased];
  return [
    ...ends,
    handle,
    secret,
    secret + handle,
    handle + handle,
    `${token}A`,
    token.slice(1),
    '',
    'none',
    '0'.repeat(44),
    '_'.repeat(44),
    'null',
  ];
}

/** The search finds what is there: each link opens its own page, and only then is used. */
async function expectAllAlive(brandName: BrandName, tokens: Record<CodePurpose, string>): Promise<void> {
  for (const purpose of purposes) {
    const path = `/${Object.keys(pages).find((page) => pages[page]?.includes(purpose))}`;
    const before = await digestOf(world);
    const { status } = await open(brandName, path, tokens[purpose]);
    expect([purpose, status]).toEqual([purpose, 303]);
    expect(changed(before, await digestOf(world))).toContain('codes');
  }
}

/** Where digits are typed: the standing that waits for them, and the name of the cookie that names the row. */
const typed = {
  reset_password: { standing: 'reset asked', route: '/interaction/:uid/forgot-password', fields: { action: 'reset', password: chosen } },
  register: { standing: 'registration begun', route: '/interaction/:uid/verify-email', fields: {} },
  verify_email: { standing: 'signed in, address not proved yet', route: '/interaction/:uid', fields: {} },
  change_email: { standing: 'my account, another address asked for', route: '/account/email', fields: {} },
} as const satisfies Partial<Record<CodePurpose, { standing: StandingName; route: string; fields: Record<string, string> }>>;

type Typed = keyof typeof typed;
const kinds = Object.keys(typed) as Typed[];

interface Waiting {
  standing: Standing;
  place: Place;
  digits: string;
  /** Name and value of the cookie that waits. */
  cookie: [name: string, value: string];
}

async function wait(kind: Typed): Promise<Waiting> {
  const { standing: name, route } = typed[kind];
  const standing: Standing = await standings[name](world);
  const place = placeOf(world, { route }, standing);
  const cookie = `${world.brands[standing.brand].id}.${kind}`;
  const value = new RegExp(`(?:^|; )${cookie.replace('.', '\\.')}=([^;]+)`).exec(place.cookie)?.[1];
  if (!value || !standing.digits) throw new Error(`${kind} does not wait: ${place.cookie}`);
  return { standing, place, digits: standing.digits, cookie: [cookie, value] };
}

async function expectRefused(what: string, place: Place, fields: Record<string, string>): Promise<void> {
  const before = await digestOf(world);
  const { status, headers } = await press(place, { csrf: place.csrf, ...fields });
  const outcome = [what, changed(before, await digestOf(world)), status < 500];
  expect(outcome).toEqual([what, '', true]);
  expect((headers['set-cookie'] ?? []).filter((line) => /\.(device|session)=[^;]/.test(line))).toEqual([]);
  await forgetTries(world);
}

test('digits of one purpose are nothing where those of another are waited for', async () => {
  const waiting = Object.fromEntries(await inTurn(kinds, async (kind) => [kind, await wait(kind)] as const)) as Record<Typed, Waiting>;
  for (const kind of kinds) {
    const { place, cookie } = waiting[kind];
    for (const other of kinds.filter((one) => one !== kind)) {
      const { digits, cookie: foreign } = waiting[other];
      await expectRefused(`digits of ${other} for ${kind}`, place, { ...typed[kind].fields, code: digits });
      const swapped = { ...place, cookie: withCookie(place.cookie, cookie[0], foreign[1]) };
      await expectRefused(`cookie and digits of ${other} for ${kind}`, swapped, { ...typed[kind].fields, code: digits });
    }
  }
  for (const kind of kinds) await expectOpens(waiting[kind], kind);
}, 60_000);

test('the digits of one person are nothing where another waits, not even with their cookie', async () => {
  for (const kind of kinds) {
    await emptyWorld(world);
    const [mine, yours] = [await wait(kind), await wait(kind)];
    const fields = { ...typed[kind].fields, code: yours.digits };
    await expectRefused(`${kind}: digits`, mine.place, fields);
    const stolen = { ...mine.place, cookie: withCookie(mine.place.cookie, mine.cookie[0], yours.cookie[1]) };
    await expectRefused(`${kind}: cookie and digits`, stolen, fields);
    await expectRefused(`${kind}: their cookie, my digits`, stolen, { ...typed[kind].fields, code: mine.digits });
    const bare = { ...mine.place, cookie: withCookie(mine.place.cookie, mine.cookie[0], 'A'.repeat(22)) };
    await expectRefused(`${kind}: a handle that is not sealed`, bare, { ...typed[kind].fields, code: mine.digits });
    await expectRefused(
      `${kind}: no cookie`,
      { ...mine.place, cookie: withCookie(mine.place.cookie, mine.cookie[0]) },
      {
        ...typed[kind].fields,
        code: mine.digits,
      },
    );
    await expectOpens(yours, kind);
    await expectOpens(mine, kind);
  }
}, 60_000);

test("a brand's digits, cookies and form tokens are nothing at another brand", async () => {
  const { reset_password: at } = typed;
  const mine = await wait('reset_password');
  const foreign: Standing = await standings['signed in, address not proved yet'](world);
  const { nightfall, harbour } = world.brands;
  const place = placeOf(world, { route: at.route }, foreign);
  const fields = { ...at.fields, code: mine.digits };
  const named = `${harbour.id}.reset_password`;
  await expectRefused('digits', place, fields);
  await expectRefused('digits and cookie', { ...place, cookie: withCookie(place.cookie, named, mine.cookie[1]) }, fields);
  // The sign-in of the one at the address of the other: with its own cookies, and with those named for the other.
  const moved = placeOf(world, { route: at.route }, { ...mine.standing, brand: 'harbour' });
  const renamed = mine.place.cookie.replaceAll(`${nightfall.id}.`, `${harbour.id}.`);
  for (const cookie of [mine.place.cookie, renamed, `${mine.place.cookie}; ${renamed}`]) {
    for (const csrf of [moved.csrf, mine.place.csrf]) await expectRefused('a sign-in that moved', { ...moved, cookie, csrf }, fields);
  }
  await expectOpens(mine, 'reset_password');
}, 60_000);

test('no form sets a password but the one with the exact code, and it sets its own account’s alone', async () => {
  const mine = await wait('reset_password');
  const victim = await wait('reset_password');
  const d = mine.digits;
  const next = String((Number(d) + 1) % 1_000_000).padStart(6, '0');
  const codes = ['', ' ', next, d.slice(1), `${d}0`, `0${d}`, d.split('').reverse().join('') === d ? next : d.split('').reverse().join('')];
  const words = [
    'true',
    'null',
    'undefined',
    '*',
    '%',
    '______',
    '0',
    '-1',
    '1e5',
    'NaN',
    '[object Object]',
    "' or '1'='1",
    `${next},${d}`,
    `${next} ${d}`,
  ];
  for (const code of [...codes, ...words]) await expectRefused(`code "${code}"`, mine.place, { action: 'reset', code, password: chosen });
  const token = await tokenOf('reset_password');
  const elsewhere: Record<string, string>[] = [
    { token },
    { handle: token.slice(0, 22), secret: token.slice(22) },
    { 'code[]': d },
    { digits: d },
    { codes: d },
    { verified: 'true', done: '', step: 'reset' },
    { accountId: victim.standing.email, email: victim.standing.email },
  ];
  for (const fields of elsewhere) await expectRefused(JSON.stringify(fields), mine.place, { action: 'reset', password: chosen, ...fields });
  for (const query of [`?token=${token}`, `?code=${d}`, '?done', '?notice=password_changed'])
    await expectRefused(query, { ...mine.place, url: mine.place.url + query }, { action: 'reset', password: chosen });

  const hashes = async () =>
    (await world.portico.db.pool.query('select a.email, p.hash from portico.accounts a join portico.passwords p on p.account_id = a.id'))
      .rows;
  const before = new Map((await hashes()).map(({ email, hash }) => [email, hash]));
  await press(mine.place, { csrf: mine.place.csrf, action: 'reset', code: d, password: chosen, email: victim.standing.email });
  const after = new Map((await hashes()).map(({ email, hash }) => [email, hash]));
  expect(after.get(mine.standing.email)).not.toBe(before.get(mine.standing.email));
  expect(after.get(victim.standing.email)).toBe(before.get(victim.standing.email));
}, 60_000);

async function expectOpens({ place, digits }: Waiting, kind: Typed): Promise<void> {
  const before = await digestOf(world);
  await press(place, { csrf: place.csrf, ...typed[kind].fields, code: digits });
  expect([kind, changed(before, await digestOf(world))]).toEqual([kind, expect.stringContaining('accounts')]);
}

/** The Cookie header with one value changed, or without it. */
function withCookie(header: string, name: string, value?: string): string {
  const kept = header.split('; ').filter((pair) => !pair.startsWith(`${name}=`));
  return [...kept, ...(value === undefined ? [] : [`${name}=${value}`])].join('; ');
}

async function inTurn<Item, Made>(items: readonly Item[], make: (item: Item) => Promise<Made>): Promise<Made[]> {
  const made: Made[] = [];
  for (const item of items) made.push(await make(item));
  return made;
}
