// What an app and its browser do, step by step: a fresh sign-in, a second one with a live session, a newcomer who registers.
import { CookieJar } from '../test/support/cookie-jar.ts';
import { formsOf } from '../test/support/html.ts';
import { begin } from './begin.ts';
import type { Answer } from './connection.ts';
import type { Target } from './peer.ts';
import { basic, callback, type Person, person, scope } from './setting.ts';

export interface Tokens {
  access_token: string;
  refresh_token: string;
  id_token: string;
}

export interface Visitor {
  /** Of someone signed in: two requests instead of five, and no page. */
  jar?: CookieJar;
  person?: Person;
  /** Which button of the page is pressed. */
  action?: 'login' | 'register';
  /** What a proxy in front says of the browser. */
  headers?: Record<string, string>;
}

type Browser = Required<Visitor>;

/** From the app to tokens. @throws Error whose `cause` is the answer that was not expected. */
export async function signIn(target: Target, visitor: Visitor = {}): Promise<Tokens> {
  const browser: Browser = { jar: new CookieJar(), person, action: 'login', headers: {}, ...visitor };
  const { url, verifier } = begin(target.issuer, { clientId: 'shop', redirectUri: callback, scope });
  let location = redirectOf(await visit(target, browser, url));
  if (!location.startsWith(callback)) location = await enter(target, browser, location);
  const code = new URL(location).searchParams.get('code');
  if (!code) throw new Error(`no code at ${location}`);
  return token(target, { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier });
}

async function enter(target: Target, browser: Browser, address: string): Promise<string> {
  const { action, person } = browser;
  const page = await visit(target, browser, address);
  const forms = formsOf(page.body);
  const form =
    forms.find(({ fields, buttons }) => fields['action'] === action || buttons.some(({ value }) => value === action)) ?? forms[0];
  if (page.status !== 200 || !form) throw unexpected('no page', page);
  const pressed = form.buttons.find(({ value }) => value === action);
  const typed = { ...form.fields, ...(pressed?.name ? { [pressed.name]: pressed.value } : {}), ...person };
  const to = new URL(form.action || address, new URL(address, target.issuer)).href;
  return redirectOf(await visit(target, browser, redirectOf(await visit(target, browser, to, typed))));
}

export async function token(target: Target, form: Record<string, string>): Promise<Tokens> {
  const answer = await target.connection.send(`${target.issuer}/token`, { form, headers: basic('shop') });
  if (answer.status !== 200) throw unexpected(`${target.name}: no tokens`, answer);
  return JSON.parse(answer.body) as Tokens;
}

async function visit(target: Target, { jar, headers: told }: Browser, address: string, form?: Record<string, string>): Promise<Answer> {
  const url = new URL(address, target.issuer);
  const cookie = jar.header(url);
  const site = form ? { origin: url.origin, 'sec-fetch-site': 'same-origin' } : {};
  const headers = { accept: 'text/html', ...told, ...site, ...(cookie ? { cookie } : {}) };
  const answer = await target.connection.send(url.href, { headers, ...(form ? { form } : {}) });
  jar.take(url, answer.headers['set-cookie'] ?? []);
  return answer;
}

function redirectOf(answer: Answer): string {
  if (answer.status < 300 || answer.status >= 400 || !answer.headers.location) throw unexpected('no redirect', answer);
  return answer.headers.location;
}

/** Whoever counts refusals reads the answer from `cause`. */
export function unexpected(says: string, answer: Answer): Error {
  return new Error(`${says}: ${answer.status} ${answer.body.slice(0, 300)}`, { cause: answer });
}
