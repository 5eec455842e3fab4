// Two versions that serve the same people, and what people do there in every one of these tests.
import { Browser, type Page } from '../../support/http-browser.ts';
import { typeCode } from '../../support/mails.ts';
import { enter, newEmail, password } from '../../support/people.ts';
import type { BegunSignIn, RelyingParty, Tokens } from '../../support/relying-party.ts';
import { type Apps, prepareRollout, type Rollout, type Version } from '../../support/rollout.ts';
import type { ReceivedMail } from '../../support/smtp.ts';

/** Where something is begun, and where it goes on. */
export const ways: [Version, Version][] = [
  ['old', 'current'],
  ['current', 'old'],
];
export const both = ['old', 'current'] as const;

export const chosen = 'violet kettle on a roof 9';

export const loginRequired = expect.objectContaining({ error: 'login_required' });
export const invalidGrant = expect.objectContaining({ error: 'invalid_grant' });
/** What an answer was refused with; undefined when it was given. */
export const refusalOf = (answer: Promise<unknown>) =>
  answer.then(
    () => undefined,
    (error: unknown) => error,
  );

const often = { attempts: 1_000_000, seconds: 60 };
export const limits = {
  ...{ loginPerIdentifier: often, loginPerNetwork: often, registerPerNetwork: often, clientFailures: often },
  ...{ mailPerIdentifier: often, mailPerIdentifierDaily: often, mailPerNetwork: often },
};

/** Both versions run; the brand was made by the operator of the older one. */
export async function startBoth(): Promise<{ rollout: Rollout; apps: Apps }> {
  const rollout = await prepareRollout('previous');
  await rollout.start('old');
  rollout.lead('old');
  const brand = { slug: 'nightfall', name: 'Nightfall Records', issuer: '/', settings: { limits } };
  const apps = await rollout.apply('old', 'nightfall', '', { 'brand.json': brand });
  await rollout.start('current');
  return { rollout, apps };
}

/** Nothing may have broken on the way, whatever the test looked at. */
export function expectNoFaults(rollout: Rollout): void {
  expect([rollout.door.faults, rollout.faults()]).toEqual([[], []]);
}

export interface Person {
  email: string;
  sub: string;
  browser: Browser;
  tokens: Tokens;
}

export interface Begun {
  begun: BegunSignIn;
  page: Page;
}

/** "Create account" was pressed and mailed a code. */
export async function beginJoining(
  app: RelyingParty,
  email: string,
  browser: Browser,
  ticked: Record<string, string> = {},
): Promise<Begun> {
  const begun = await app.begin();
  const page = await browser.get(begun.url);
  return { begun, page: await browser.submit(page, page.form('register'), { email, password, ...ticked }) };
}

export async function join(rollout: Rollout, app: RelyingParty, ticked: Record<string, string> = {}): Promise<Person> {
  const [email, browser] = [newEmail(), new Browser(rollout.issuer)];
  const { begun, page } = await beginJoining(app, email, browser, ticked);
  const back = await typeCode(browser, page, (await mailWith(rollout, email, 'digits')).digits);
  return personOf(email, browser, await app.finish(back.url, begun));
}

/** In a browser that was never here. */
export async function signIn(rollout: Rollout, app: RelyingParty, email: string, secret = password): Promise<Person> {
  const browser = new Browser(rollout.issuer);
  return personOf(email, browser, (await enter(browser, app, 'login', { email, password: secret })).tokens);
}

export function personOf(email: string, browser: Browser, tokens: Tokens): Person {
  return { email, browser, tokens, sub: tokens.claims()?.sub ?? '' };
}

/** The next mail to this address that holds digits, or a link of this page. */
export async function mailWith({ smtp }: Rollout, email: string, what: string): Promise<ReceivedMail> {
  for (;;) {
    const mail = await smtp.next(email);
    if (what === 'digits' ? mail.digits : linkIn(mail, what)) return mail;
  }
}

export function linkIn({ links }: ReceivedMail, page: string): string {
  return links.find((link) => link.includes(page)) ?? '';
}

/** A page of my account, through a sign-in where it asks for one. */
export async function openAccount(issuer: string, { browser, email }: Pick<Person, 'browser' | 'email'>, segment: string): Promise<Page> {
  const page = await browser.get(`${issuer}/account/${segment}`);
  if (!page.forms.some(({ fields }) => fields.action === 'login')) return page;
  return browser.submit(page, page.form('login'), { email, password });
}

/** "Forgot password?" was pressed, and the address sent. */
export async function forget(app: RelyingParty, email: string, browser: Browser): Promise<Begun> {
  const begun = await app.begin();
  const start = await browser.get(begun.url);
  const first = await browser.submit(start, { ...start.form('login'), fields: start.form('forgot').fields }, { email });
  return { begun, page: await browser.submit(first, first.form('ask')) };
}
