// Every place a person, or somebody else, can stand at. Each is reached by the product's own pages and flows.
import { disableAccount } from '../../../src/flows/admin/disable-account.ts';
import { answerConsents } from '../../../src/flows/answer-consents.ts';
import { confirmEmailChange, requestEmailChange } from '../../../src/flows/change-email.ts';
import { changePassword } from '../../../src/flows/change-password.ts';
import { requestDeletion } from '../../../src/flows/delete-account.ts';
import { endSession } from '../../../src/flows/end-session.ts';
import { answerProfile } from '../../../src/flows/update-profile.ts';
import * as accountAccess from '../../../src/storage/account-access.ts';
import { type OpenedSession, openSession } from '../../flows/person.ts';
import type { TestBrand } from '../../flows/test-brand.ts';
import { enterAccount } from '../../support/account-pages.ts';
import { Browser, type Page } from '../../support/http-browser.ts';
import { waitingMails } from '../../support/mails.ts';
import { enter, password } from '../../support/protocol.ts';
import { type BrandName, createPerson, newAddress, type Person, type World } from './world.ts';

/** Who posts, and what they know. */
export interface Standing {
  brand: BrandName;
  browser: Browser;
  /** Of the sign-in they post at. */
  uid: string;
  email: string;
  /** The session "my account" is signed in with. */
  sessionUid?: string;
  /** The newest digits that were mailed for it. */
  digits?: string;
  /** What the password is by now. */
  password?: string;
  /** Other sessions, of the same account and of somebody else's. */
  elsewhere?: OpenedSession;
  stranger?: OpenedSession & { email: string };
}

export const chosen = 'violet kettle on a roof 9';
/** What somebody ticks and answers at meadow. */
export const agreed = { consent_terms: 'yes', version_terms: '2', version_news: '1', consent_letters: 'yes', version_letters: '1' };
export const answered = { club: 'Friends of vinyl', colour: 'violet' };
const source = { ip: '127.0.0.1', userAgent: 'Mozilla/5.0 (Windows NT 10.0) Chrome/140.0', locale: 'en' };

interface Opened {
  brand: BrandName;
  browser: Browser;
  page: Page;
  uid: string;
}

async function open(
  { apps, portico }: World,
  { brand = 'nightfall', app = 'shop', browser = new Browser(portico.issuer), parameters = {} }: Partial<Opening> = {},
): Promise<Opened> {
  const page = await browser.get((await apps[brand][app].begin(parameters)).url);
  return { brand, browser, page, uid: uidOf(page) };
}

interface Opening {
  brand: BrandName;
  app: 'shop' | 'partner';
  browser: Browser;
  parameters: Record<string, string>;
}

function uidOf(page: Page): string {
  const uid = /\/interaction\/([\w-]+)/.exec(page.trail.toReversed().join(' '))?.[1];
  if (!uid) throw new Error(`no sign-in at ${page.url} (${page.status}): ${page.text}`);
  return uid;
}

/** Digits and link of the newest mail. */
async function mailed({ portico: { services } }: World, name: string): Promise<{ digits: string; link: string }> {
  const mail = (await waitingMails(services)).filter((mail) => mail.name === name && mail.to !== null).at(-1);
  if (!mail) throw new Error(`no mail ${name} waits`);
  const { digits = '', link = '' } = mail.params as { digits?: string; link?: string };
  return { digits, link };
}

async function atConsent(world: World): Promise<Standing & Person & { sessionUid: string }> {
  const person = await createPerson(world);
  const opened = await open(world, { app: 'partner' });
  const page = await enter(opened.browser, opened.page, person);
  page.form('allow');
  return { ...opened, ...person, uid: uidOf(page), sessionUid: await sessionOf(world, person.id) };
}

async function atHome(world: World, person?: Person, brand: BrandName = 'nightfall'): Promise<Standing & Person & { sessionUid: string }> {
  const { issuer } = world.brands[brand];
  const { id, email, browser, page } = await enterAccount(world.portico, { issuer, ...(person ?? (await createPerson(world))) });
  if (!page.url.endsWith('/account')) throw new Error(`not at the account but at ${page.url}: ${page.text}`);
  const sessionUid = await sessionOf(world, id);
  const other = await createPerson(world, brand);
  const stranger = { ...(await openSession(testBrand(world, brand), other.id, { clientId: 'partner' })), email: other.email };
  return { brand, browser, uid: uidOf(page), id, email, sessionUid, stranger };
}

/** As helpers below the web know a brand. */
function testBrand({ portico: { db }, brands }: World, of: BrandName = 'nightfall'): TestBrand {
  return { db, brand: brands[of] } as TestBrand;
}

async function sessionOf({ portico: { db } }: World, id: string): Promise<string> {
  const { rows } = await db.pool.query('select uid from portico.oidc_sessions where account_id = $1 order by created_at desc', [id]);
  return rows[0]?.uid ?? '';
}

/** The browser's cookie of "my account", written anew as of a sign-in some minutes ago. */
function age(
  { portico: { services, issuer }, brands: { nightfall } }: World,
  { browser, id, sessionUid }: Awaited<ReturnType<typeof atHome>>,
) {
  const authTime = Math.floor(Date.now() / 1000) - 600;
  const sealed = services.keyring.seal(
    'account_pages',
    `account/${nightfall.id}`,
    JSON.stringify({ accountId: id, uid: sessionUid, authTime }),
  );
  const cookie = `${nightfall.id}.account=${sealed.toString('base64url')}; path=/account; httponly; samesite=lax`;
  browser.cookies.take(new URL(`${issuer}/account`), [cookie]);
}

async function resetAsked(world: World): Promise<Standing & Person & { link: string; page: Page }> {
  const person = await createPerson(world);
  const opened = await open(world);
  const asking = await opened.browser.get(`${opened.page.url}/forgot-password`);
  const page = await opened.browser.submit(asking, asking.form('ask'), { email: person.email });
  return { ...opened, ...person, ...(await mailed(world, 'reset_password')), page };
}

async function registering(world: World, email = newAddress(), more: Partial<Opening> & { typed?: Record<string, string> } = {}) {
  const opened = await open(world, more);
  const page = await opened.browser.submit(opened.page, opened.page.form('register'), { email, password, ...more.typed });
  return { ...opened, email, page } satisfies Standing & { page: Page };
}

async function unverified(world: World): Promise<Standing> {
  const email = newAddress();
  const opened = await open(world, { brand: 'harbour' });
  const page = await opened.browser.submit(opened.page, opened.page.form('register'), { email, password });
  return { ...opened, uid: uidOf(page), email, digits: (await mailed(world, 'verify_email')).digits };
}

/** Signed in at meadow, at the page of a prompt that has this button. */
async function stoppedAt(world: World, button: 'accept' | 'later' | 'save' | 'skip', person: Person): Promise<Standing & Person> {
  const opened = await open(world, { brand: 'meadow' });
  const page = await enter(opened.browser, opened.page, person);
  page.form(button);
  return { ...opened, ...person, uid: uidOf(page) };
}

const atTerms = async (world: World) => stoppedAt(world, 'accept', await createPerson(world, 'meadow'));

/** Has agreed to a version of the terms, and said no to everything else. */
async function agreeing(world: World, number = 2): Promise<Person> {
  const { portico, brands } = world;
  const person = await createPerson(world, 'meadow');
  // As the brand was when nothing newer was published.
  const consents = brands.meadow.consents.map((one) => ({ ...one, versions: one.versions.filter(({ version }) => version <= number) }));
  const no = { version: '1', accepted: false };
  const given = { terms: { version: String(number), accepted: true }, news: no, letters: no };
  const answer = { accountId: person.id, given, channel: 'page', source, at: 'sign_in' } as const;
  await answerConsents(portico.services, { ...brands.meadow, consents }, answer);
  return person;
}

const atQuestions = async (world: World) => stoppedAt(world, 'save', await agreeing(world));

/** The link of a mail, opened in a browser that stands nowhere else. */
async function linkOpened(world: World, name: string, person: Person, brand: BrandName = 'nightfall'): Promise<Standing> {
  const { link } = await mailed(world, name);
  const browser = new Browser(world.portico.issuer);
  await browser.get(link);
  const uid = /\/interaction\/([\w-]+)/.exec(link)?.[1] ?? 'an-interaction-of-nobody';
  return { brand, browser, uid, email: person.email };
}

const doors = ({ portico: { services }, brands: { nightfall } }: World) => [services, nightfall] as const;

async function changeAsked(world: World, person: Person) {
  const input = { accountId: person.id, email: newAddress(), password, source };
  const { handle } = await requestEmailChange(...doors(world), input);
  return { handle, ...(await mailed(world, 'change_email')), ...input };
}

export const standings = {
  'no sign-in': async (world) => {
    const { email } = await createPerson(world);
    return { brand: 'nightfall', browser: new Browser(world.portico.issuer), uid: 'an-interaction-of-nobody', email };
  },
  'a fresh sign-in': async (world) => ({ ...(await open(world)), email: (await createPerson(world)).email }),
  'a fresh sign-in that wants an account': async (world) => {
    const { email } = await createPerson(world);
    return { ...(await open(world, { parameters: { prompt: 'create' } })), email };
  },
  'a fresh sign-in, where addresses are proved later': async (world) => {
    const { email } = await createPerson(world, 'harbour');
    return { ...(await open(world, { brand: 'harbour' })), email };
  },
  'a fresh sign-in of somebody who signed in elsewhere': async (world) => {
    const person = await createPerson(world);
    const elsewhere = await open(world);
    await enter(elsewhere.browser, elsewhere.page, person);
    return { ...(await open(world)), email: person.email };
  },
  'sign-in refused': async (world) => {
    const { email } = await createPerson(world);
    const opened = await open(world);
    await opened.browser.submit(opened.page, opened.page.form('login'), { email, password: 'not the password' });
    return { ...opened, email };
  },
  'forgot password pressed': async (world) => {
    const { email } = await createPerson(world);
    const opened = await open(world);
    await opened.browser.submit(opened.page, opened.page.form('forgot'), { email });
    return { ...opened, email };
  },
  'reset asked': resetAsked,
  'reset link opened here': async (world) => {
    const asked = await resetAsked(world);
    await asked.browser.get(asked.link);
    return asked;
  },
  'reset link opened elsewhere': async (world) => {
    const asked = await resetAsked(world);
    return { ...(await linkOpened(world, 'reset_password', asked)), digits: asked.digits ?? '' };
  },
  'reset done': async (world) => {
    const asked = await resetAsked(world);
    await asked.browser.submit(asked.page, asked.page.form('reset'), { code: asked.digits ?? '', password: chosen });
    return { ...asked, password: chosen };
  },
  'unlock asked': async (world) => {
    const { email } = await createPerson(world);
    const opened = await open(world);
    await opened.browser.submit(opened.page, { ...opened.page.form('login') }, { email, unlock: 'yes' });
    return { ...opened, email };
  },
  'unlock link opened': async (world) => {
    const person = await createPerson(world);
    const opened = await open(world);
    await opened.browser.submit(opened.page, { ...opened.page.form('login') }, { email: person.email, unlock: 'yes' });
    await opened.browser.get((await mailed(world, 'unlock')).link);
    return { ...opened, email: person.email };
  },
  'registration begun': async (world) => ({ ...(await registering(world)), ...(await mailed(world, 'confirm_registration')) }),
  'registration begun for a known address': async (world) => registering(world, (await createPerson(world)).email),
  'registration link opened elsewhere': async (world) => {
    const { email } = await registering(world);
    return linkOpened(world, 'confirm_registration', { id: '', email });
  },
  'registration confirmed elsewhere': async (world) => {
    const begun = await registering(world);
    const { digits, link } = await mailed(world, 'confirm_registration');
    const elsewhere = new Browser(world.portico.issuer);
    const page = await elsewhere.get(link);
    await elsewhere.submit(page, page.form());
    return { ...begun, digits };
  },
  'an app asks for access': atConsent,
  'an app asks, the browser was closed': async (world) => {
    const standing = await atConsent(world);
    standing.browser.cookies.endBrowserSession();
    return standing;
  },
  'an app asks, signed out in another tab': async (world) => {
    const standing = await atConsent(world);
    await endSession(...doors(world), { accountId: standing.id, sessionUid: standing.sessionUid, source });
    return standing;
  },
  'an app asks, somebody else has signed in since': async (world) => {
    const standing = await atConsent(world);
    const again = await open(world, { browser: standing.browser, parameters: { prompt: 'login' } });
    const ask = await enter(standing.browser, again.page, await createPerson(world));
    const back = await standing.browser.submit(ask, ask.form());
    if (back.status !== 0) throw new Error(`not back at the app but at ${back.url}`);
    return standing;
  },
  'an app asks, the account was disabled': async (world) => {
    const standing = await atConsent(world);
    await disableAccount(...doors(world), standing.id);
    return standing;
  },
  'an app asks, everything was signed out': async (world) => {
    const standing = await atConsent(world);
    await world.portico.db.transaction((db) => accountAccess.endAll(db, world.brands.nightfall.id, standing.id));
    return standing;
  },
  'an app asks, the account is to be deleted': async (world) => {
    const standing = await atConsent(world);
    await requestDeletion(...doors(world), { accountId: standing.id, source });
    return standing;
  },
  'signed in, asked for the password again': async (world) => {
    const { browser, ...person } = await atHome(world);
    return { ...person, ...(await open(world, { browser, parameters: { prompt: 'login' } })) };
  },
  'sign-in finished': async (world) => {
    const { email } = await createPerson(world);
    const opened = await open(world);
    const back = await enter(opened.browser, opened.page, { email });
    if (back.status !== 0) throw new Error(`not back at the app but at ${back.url}`);
    return { ...opened, email };
  },
  "another browser's sign-in": async (world) => {
    const { uid } = await open(world);
    return { ...(await open(world)), uid, email: (await createPerson(world)).email };
  },
  "another browser's reset": async (world) => {
    const { uid, email, digits = '' } = await resetAsked(world);
    return { ...(await open(world)), uid, email, digits };
  },
  "another browser's question for access": async (world) => {
    const { uid, email } = await atConsent(world);
    return { ...(await open(world)), uid, email };
  },
  'my account, just signed in': (world) => atHome(world),
  'my account, signed in elsewhere too': async (world) => {
    const standing = await atHome(world);
    return { ...standing, elsewhere: await openSession(testBrand(world), standing.id, { clientId: 'partner' }) };
  },
  'my account, signed in a while ago': async (world) => {
    const standing = await atHome(world);
    age(world, standing);
    return standing;
  },
  'my account, the session has ended': async (world) => {
    const standing = await atHome(world);
    await endSession(...doors(world), { accountId: standing.id, sessionUid: standing.sessionUid, source });
    return standing;
  },
  'my account, it was disabled': async (world) => {
    const standing = await atHome(world);
    await disableAccount(...doors(world), standing.id);
    return standing;
  },
  'my account, everything was signed out': async (world) => {
    const standing = await atHome(world);
    await world.portico.db.transaction((db) => accountAccess.endAll(db, world.brands.nightfall.id, standing.id));
    return standing;
  },
  'my account, another address asked for': async (world) => {
    const standing = await atHome(world);
    const page = await standing.browser.get(`${world.portico.issuer}/account/email`);
    await standing.browser.submit(page, page.form('ask'), { email: newAddress(), password });
    return { ...standing, ...(await mailed(world, 'change_email')) };
  },
  'my account, to be deleted': async (world) => {
    const person = await createPerson(world);
    await requestDeletion(...doors(world), { accountId: person.id, source });
    return atHome(world, person);
  },
  'change link opened': async (world) => {
    const person = await createPerson(world);
    await changeAsked(world, person);
    return linkOpened(world, 'change_email', person);
  },
  'undo link opened': async (world) => {
    const person = await createPerson(world);
    const { handle, digits } = await changeAsked(world, person);
    await confirmEmailChange(...doors(world), { shown: { handle, typed: digits }, source });
    return linkOpened(world, 'email_changed', person);
  },
  'secure link opened': async (world) => {
    const person = await createPerson(world);
    await changePassword(...doors(world), { accountId: person.id, sessionUid: 'none', password, newPassword: chosen, source });
    return linkOpened(world, 'password_changed', person);
  },
  'keep link opened': async (world) => {
    const person = await createPerson(world);
    await requestDeletion(...doors(world), { accountId: person.id, source });
    return linkOpened(world, 'deletion_requested', person);
  },
  'signed in, address not proved yet': unverified,
  'signed in, address not proved yet, the browser was closed': async (world) => {
    const standing = await unverified(world);
    standing.browser.cookies.endBrowserSession();
    return standing;
  },
  'signed in, the proof was opened here': async (world) => {
    const standing = await unverified(world);
    await standing.browser.get((await mailed(world, 'verify_email')).link);
    return standing;
  },
  'a fresh sign-in, where documents are to be agreed to': async (world) => {
    const { email } = await createPerson(world, 'meadow');
    return { ...(await open(world, { brand: 'meadow' })), email };
  },
  'registration begun, with documents agreed to': async (world) => {
    const begun = await registering(world, newAddress(), { brand: 'meadow', typed: { ...agreed, ...answered } });
    return { ...begun, ...(await mailed(world, 'confirm_registration')) };
  },
  'signed in, terms not accepted yet': atTerms,
  'signed in, terms not accepted yet, the browser was closed': async (world) => {
    const standing = await atTerms(world);
    standing.browser.cookies.endBrowserSession();
    return standing;
  },
  'signed in, terms not accepted yet, the account was disabled': async (world) => {
    const standing = await atTerms(world);
    await disableAccount(world.portico.services, world.brands.meadow, standing.id);
    return standing;
  },
  "another browser's terms": async (world) => {
    const { uid, email } = await atTerms(world);
    return { ...(await open(world, { brand: 'meadow' })), uid, email };
  },
  'signed in, new terms that may wait': async (world) => stoppedAt(world, 'later', await agreeing(world, 1)),
  'signed in, questions not answered yet': atQuestions,
  'signed in, questions not answered yet, the browser was closed': async (world) => {
    const standing = await atQuestions(world);
    standing.browser.cookies.endBrowserSession();
    return standing;
  },
  "another browser's questions": async (world) => {
    const { uid, email } = await atQuestions(world);
    return { ...(await open(world, { brand: 'meadow' })), uid, email };
  },
  'signed in, questions that may wait': async (world) => {
    const person = await agreeing(world);
    const answer = { accountId: person.id, given: { club: 'The Night Owls' }, source, by: 'person' } as const;
    await answerProfile(world.portico.services, world.brands.meadow, answer);
    return stoppedAt(world, 'skip', person);
  },
  'my account, with consents to withdraw': async (world) => atHome(world, await agreeing(world), 'meadow'),
  'consent link opened': async (world) => {
    const { services } = world.portico;
    const person = await agreeing(world);
    const given = { letters: { version: '1', accepted: true } };
    await answerConsents(services, world.brands.meadow, { accountId: person.id, given, channel: 'page', source, at: 'choice' });
    return linkOpened(world, 'confirm_consent', person, 'meadow');
  },
  "another browser's proof": async (world) => {
    const { uid, email, digits = '' } = await unverified(world);
    return { ...(await open(world, { brand: 'harbour' })), uid, email, digits };
  },
} satisfies Record<string, (world: World) => Promise<Standing>>;

export type StandingName = keyof typeof standings;
