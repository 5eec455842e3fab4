// What people do, page by page. Each resolves when they were told that it is done, and throws otherwise.
import type { Form } from '../test/support/html.ts';
import type { Page } from '../test/support/http-browser.ts';
import { codeIn, type Device, openDevice, type Tokens, unfit } from './device.ts';

export interface Newcomer {
  email: string;
  password: string;
  news: boolean;
}

/** Through the page and back to the app. Somebody who has joined already, and was not told, is let in by the same form. */
export async function join(device: Device, newcomer: Newcomer): Promise<true> {
  codeIn(await pressJoin(device, newcomer));
  return true;
}

/** Where addresses are proved first: as far as "Check your email". */
export async function joinByMail(device: Device, newcomer: Newcomer): Promise<true> {
  formWith(await pressJoin(device, newcomer), ({ fields }) => 'code' in fields);
  return true;
}

async function pressJoin(device: Device, { email, password, news }: Newcomer): Promise<Page> {
  const page = await device.get(device.begin().url);
  const ticked = { consent_terms: 'yes', ...(news && { consent_news: 'yes' }) };
  return device.submit(page, page.form('register'), { email, password, ...ticked });
}

/** The link of the mail, in whatever browser: the account is made. */
export async function confirm(device: Device, link: string): Promise<void> {
  const page = await device.get(link);
  await device.submit(page, page.form());
}

/** An app joins the session this device has: no page in between. */
export async function signInLive(device: Device): Promise<Tokens> {
  const begun = device.begin();
  return device.finish(await device.get(begun.url), begun);
}

/** By address and password, on a device that has not been here before. */
export async function signIn(issuer: string, { email, password }: Pick<Newcomer, 'email' | 'password'>): Promise<Tokens> {
  return elsewhere(issuer, async (device) => {
    const begun = device.begin();
    const page = await device.get(begun.url);
    return device.finish(await device.submit(page, page.form('login'), { email, password }), begun);
  });
}

export async function changeName(device: Device, issuer: string, name: string): Promise<true> {
  const page = await device.get(`${issuer}/account/profile`);
  const form = formWith(page, ({ fields }) => 'asked' in fields);
  return done(await device.submit(page, form, { given_name: name }));
}

/** Agrees to the news, or takes it back; where the page shows that it is so already, an answer was lost on its way here. */
export async function changeNews(device: Device, issuer: string, wanted: boolean): Promise<true> {
  const page = await device.get(`${issuer}/account/consents`);
  const form = formWith(page, ({ fields }) => fields['document'] === 'news');
  const action = wanted ? 'accept' : 'withdraw';
  if (!form.buttons.some(({ value }) => value === action)) return true;
  return done(await device.submit(page, form, { action }));
}

export async function changePassword(device: Device, issuer: string, { from, to }: { from: string; to: string }): Promise<true> {
  const page = await device.get(`${issuer}/account/password`);
  const form = formWith(page, ({ fields }) => 'new_password' in fields);
  return done(await device.submit(page, form, { password: from, new_password: to }));
}

/** "Forgot password?", up to "Check your email". */
export async function askForMail(issuer: string, email: string): Promise<true> {
  return elsewhere(issuer, async (device) => {
    const page = await device.get(device.begin().url);
    const asking = await device.submit(page, { ...page.form('login'), fields: page.form('forgot').fields }, { email });
    const sent = await device.submit(asking, asking.form('ask'));
    formWith(sent, ({ fields }) => 'code' in fields);
    return true as const;
  });
}

async function elsewhere<Result>(issuer: string, work: (device: Device) => Promise<Result>): Promise<Result> {
  const device = openDevice(issuer);
  return work(device).finally(device.close);
}

function formWith(page: Page, fits: (form: Form) => boolean): Form {
  const form = page.forms.find(fits);
  if (!form) throw unfit(page, 'the form is missing');
  return form;
}

/** The page says so: the address it was sent to does. */
function done(page: Page): true {
  if (!new URL(page.url).searchParams.has('done')) throw unfit(page, 'not done');
  return true;
}
