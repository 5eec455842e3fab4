// A day of one person: every flow that mails, by code and by link. Whatever is typed or mailed carries the person's mark.

import { issueResetLink } from '../../../src/flows/forgot-password.ts';
import { register } from '../../../src/flows/register.ts';
import { findBySlug } from '../../../src/storage/brands.ts';
import { party } from '../../support/clients.ts';
import type { Page } from '../../support/http-browser.ts';
import { waitingMails } from '../../support/mails.ts';
import type { RunningPortico } from '../../support/portico.ts';
import { type Watch, WatchedBrowser } from './person.ts';

export interface Day {
  portico: RunningPortico;
  watch: Watch;
  /** The person: a word. */
  mark: string;
  /** What their browsers say of themselves, and where they are. */
  userAgent: string;
  ip: string;
}

type Asked = Record<string, string>;

export async function live(day: Day): Promise<void> {
  const { portico, watch, mark } = day;
  const { issuer } = portico;
  const browser = () => new WatchedBrowser(watch, issuer, mark, { 'user-agent': day.userAgent, 'x-forwarded-for': day.ip });
  const typed = (what: string) => watch.keep(`password ${what}`, `canary ${what} of ${mark} on a roof 47`, mark);
  const address = (what: string) => `canary-${what}-${mark}@nightfall.example`;
  const handled = new Set<string>();

  /** The newest mail of this name that was not read before, its secrets kept. */
  async function mail(name: string): Promise<{ digits: string; link: string }> {
    const found = (await waitingMails(portico.services)).findLast(
      (one) => one.name === name && one.to?.includes(mark) && !handled.has(one.id),
    );
    if (!found) throw new Error(`no ${name} to ${mark} waits`);
    handled.add(found.id);
    const { digits = '', link = '' } = found.params as { digits?: string; link?: string };
    return { digits, link };
  }

  async function signIn(at: WatchedBrowser, slug = 'nightfall', parameters: Asked = {}): Promise<Page> {
    return at.get((await (await party(portico.issuers[slug] ?? '', 'shop')).begin(parameters)).url);
  }

  async function account(at: WatchedBrowser, email: string, password: string, home = issuer): Promise<Page> {
    const page = await at.get(`${home}/account`);
    return page.url.endsWith('/account') ? page : at.press(page, { action: 'login', email, password });
  }

  /** Opens the link in a new browser and presses its button. */
  async function openLink({ link }: { link: string }, fields: Asked = {}): Promise<{ at: WatchedBrowser; page: Page }> {
    const at = browser();
    return { at, page: await at.press(await at.get(link), fields) };
  }

  const first = typed('first password');

  // Joins: a code that is wrong, the mail again, the code.
  const home = browser();
  let page = await home.press(await signIn(home), { action: 'register', email: address('main'), password: first });
  page = await home.press(page, { code: '000000' });
  await mail('confirm_registration');
  page = await home.press(page, { action: 'again' });
  expectOutside(await home.press(page, { code: (await mail('confirm_registration')).digits }));

  // Joins, and opens the link somewhere else; the first browser goes on.
  const begun = browser();
  page = await begun.press(await signIn(begun), { action: 'register', email: address('linked'), password: typed('linked password') });
  await openLink(await mail('confirm_registration'));
  expectOutside(await begun.press(page, { action: 'carry-on' }));

  // Joins with an address that is known.
  const joining = browser();
  await joining.press(await signIn(joining), { action: 'register', email: address('main'), password: typed('password of a second try') });
  await mail('account_exists');

  // Where addresses are proved afterwards: by the code, and by the link.
  const later = browser();
  page = await later.press(await signIn(later, 'harbour'), {
    action: 'register',
    email: address('later'),
    password: typed('later password'),
  });
  await mail('verify_email');
  page = await later.press(page, { action: 'again' });
  expectOutside(await later.press(page, { code: (await mail('verify_email')).digits }));
  const proving = browser();
  page = await proving.press(await signIn(proving, 'harbour'), {
    action: 'register',
    email: address('proving'),
    password: typed('proving password'),
  });
  await openLink(await mail('verify_email'));
  expectOutside(await proving.press(page, { action: 'carry-on' }));

  // Signs in from a browser nobody knows; "this was not me" leads to a new password.
  const stranger = browser();
  page = await stranger.press(await signIn(stranger), { action: 'login', email: address('main'), password: typed('wrong password') });
  expectOutside(await stranger.press(page, { action: 'login', email: address('main'), password: first }));
  const secured = await openLink(await mail('new_device'));
  await secured.at.press(secured.page, { password: typed('secured password') });
  await mail('password_changed');

  // Forgot: a wrong code, a refused password, the right code; then a link.
  const forgetful = browser();
  page = await forgetful.press(await signIn(forgetful), { action: 'login', forgot: 'yes', email: address('main') });
  page = await forgetful.press(page, { action: 'ask', email: address('main') });
  const { digits } = await mail('reset_password');
  page = await forgetful.press(page, { action: 'reset', code: '000000', password: typed('password with a wrong code') });
  page = await forgetful.press(page, { action: 'reset', code: digits, password: 'short' });
  const second = typed('second password');
  page = await forgetful.press(page, { action: 'reset', code: digits, password: second });
  expectOutside(await forgetful.press(page, { action: 'login', email: address('main'), password: second }));
  await mail('password_changed');
  page = await forgetful.press(await signIn(forgetful, 'nightfall', { prompt: 'login' }), {
    action: 'login',
    forgot: 'yes',
    email: address('main'),
  });
  await forgetful.press(page, { action: 'ask', email: address('main') });
  const third = typed('third password');
  await openLink(await mail('reset_password'), { password: third });
  await mail('password_changed');

  // Unlock: asked for, again, opened.
  const locked = browser();
  page = await locked.press(await signIn(locked), { action: 'login', unlock: 'yes', email: address('main') });
  await mail('unlock');
  await locked.press(page, { email: address('main') });
  page = await locked.get((await mail('unlock')).link);
  await locked.press(page, {});

  // My account: profile, address, password, data.
  const owner = browser();
  await account(owner, address('main'), third);
  await owner.press(await owner.get(`${issuer}/account/profile`), {
    asked: 'given_name family_name phone_number birthdate',
    given_name: `Canarygiven${mark}`,
    family_name: `Canaryfamily${mark}`,
    phone_number: phoneOf(mark),
    birthdate: '1947-04-17',
  });
  page = await owner.press(await owner.get(`${issuer}/account/email`), { action: 'ask', email: address('linked'), password: third });
  await mail('address_taken');
  page = await owner.press(page, { action: 'another' });
  page = await owner.press(page, { action: 'ask', email: address('moved'), password: third });
  await mail('change_email');
  page = await owner.press(page, { action: 'again' });
  await owner.press(page, { code: (await mail('change_email')).digits });
  const undone = await openLink(await mail('email_changed'));
  const fourth = typed('fourth password');
  await undone.at.press(undone.page, { password: fourth });
  const again = browser();
  await account(again, address('main'), fourth);
  await again.press(await again.get(`${issuer}/account/email`), { action: 'ask', email: address('moved'), password: fourth });
  await openLink(await mail('change_email'));
  const fifth = typed('fifth password');
  await again.press(await again.get(`${issuer}/account/password`), { password: typed('wrong old password'), new_password: fifth });
  await again.press(await again.get(`${issuer}/account/password`), { password: fourth, new_password: fifth });
  await again.press(await again.get(`${issuer}/account/data`), {});
  await mail('data_exported');
  await again.get(`${issuer}/account/sessions`);

  // A brand that asks: joins with boxes and answers, is asked for more, confirms a mailing, takes it back and wants it again.
  const meadow = portico.issuers.meadow ?? '';
  const [asked, sixth] = [browser(), typed('password where somebody is asked')];
  const boxes = { consent_terms: 'yes', version_terms: '1', consent_letters: 'yes', version_letters: '1' };
  const joined = { action: 'register', email: address('asked'), password: sixth, club: answerOf(mark, 'club') };
  page = await asked.press(await signIn(asked, 'meadow'), joined);
  page = await asked.press(page, { ...joined, ...boxes });
  page = await asked.press(page, { code: (await mail('confirm_registration')).digits });
  page = await asked.press(page, { action: 'save', asked: 'size', size: 'x'.repeat(500) });
  expectOutside(await asked.press(page, { action: 'save', asked: 'size', size: answerOf(mark, 'size') }));
  await openLink(await mail('confirm_consent'));
  await account(asked, address('asked'), sixth, meadow);
  const letters = { document: 'letters', version: '1' };
  await asked.press(await asked.get(`${meadow}/account/consents`), { action: 'withdraw', ...letters });
  await asked.press(await asked.get(`${meadow}/account/consents`), { action: 'accept', ...letters });
  await mail('confirm_consent');
  const answers = { asked: 'club size', club: answerOf(mark, 'other club'), size: answerOf(mark, 'size') };
  await asked.press(await asked.get(`${meadow}/account/profile`), answers);
  await asked.press(await asked.get(`${meadow}/account/consents`), { action: 'withdraw', document: 'terms', version: '1' });
  page = await signIn(asked, 'meadow');
  expectOutside(await asked.press(page, { action: 'accept', ...boxes }));
  await asked.press(await asked.get(`${meadow}/account/data`), {});
  await mail('data_exported');

  // A link an operator hands out.
  const brand = await findBySlug(portico.db, 'nightfall');
  if (!brand) throw new Error('no brand');
  const other = await register(portico.services, brand, {
    email: address('operated'),
    password: typed('operated password'),
    byOperator: true,
  });
  const issued = await issueResetLink(portico.services, brand, { accountId: other.account.id });
  watch.keep('token of an operator', issued.token, mark);
  await openLink(issued, { password: typed('password after an operator') });

  // Leaves, stays, leaves.
  page = await again.press(await again.get(`${issuer}/account/delete`), { confirm: 'yes', action: 'delete' });
  await openLink(await mail('deletion_requested'));
  const leaving = browser();
  await account(leaving, address('moved'), fifth);
  await leaving.press(await leaving.get(`${issuer}/account/delete`), { confirm: 'yes', action: 'delete' });
}

export function answerOf(mark: string, what: string): string {
  return `Canary ${what} of ${mark}`;
}

/** In the range that is reserved for fiction; its last digits are the person's. */
export function phoneOf(mark: string): string {
  const tail = [...mark].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 100, 7);
  return `+441632960${String(100 + tail)}`;
}

function expectOutside({ status, url, text }: Page): void {
  if (status !== 0) throw new Error(`not back at the app but at ${url} (${status}): ${text}`);
}
