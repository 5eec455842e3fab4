// The protocol spoken by hand, beside openid-client: for what a well-behaved library would never send.

import { register } from '../../src/flows/register.ts';
import * as brands from '../../src/storage/brands.ts';
import * as clients from '../../src/storage/clients.ts';
import { Browser, type Page } from './http-browser.ts';
import type { RunningPortico } from './portico.ts';
import type { BegunSignIn, RelyingParty, Tokens } from './relying-party.ts';

export const password = 'tremolo cassette 47';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The body, when it is JSON; otherwise empty. */
  json: Record<string, unknown>;
}

export interface Message {
  method?: string;
  /** Posted as a form; pairs may name a parameter twice. */
  form?: Record<string, string> | [string, string][];
  /** Posted as JSON. */
  json?: unknown;
  headers?: Record<string, string>;
}

/** One request, redirects not followed. A body makes it a POST. */
export async function send(url: string, { method, form, json, headers = {} }: Message = {}): Promise<Answer> {
  const body = form ? new URLSearchParams(form) : json === undefined ? undefined : JSON.stringify(json);
  const type = json === undefined ? {} : { 'content-type': 'application/json' };
  const answer = await fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    redirect: 'manual',
    headers: { ...type, ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, json: isJson(answer) ? JSON.parse(text) : {} };
}

function isJson(answer: Response): boolean {
  return /\bjson\b/.test(answer.headers.get('content-type') ?? '');
}

export function basic(clientId: string, secret: string): { authorization: string } {
  const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

type NewAccount = Partial<Omit<Parameters<typeof register>[2], 'email'>> & { email: string };

/** An account made by the operator, with the password above. @returns its subject. */
export async function createAccount({ services, db, issuers }: RunningPortico, account: NewAccount): Promise<string> {
  const brand = await brands.findBySlug(db, Object.keys(issuers)[0] as string);
  if (!brand) throw new Error('the test has no brand');
  const created = await register(services, brand, { password, byOperator: true, ...account });
  return created.account.id;
}

export interface SignIn {
  email: string;
  /** A browser that has been here before; a new one by default. */
  browser?: Browser;
  /** Ticks "keep me signed in". */
  remember?: boolean;
  /** Of the authorization request. */
  parameters?: Record<string, string>;
}

/** Types address and password into the page. */
export function enter(browser: Browser, page: Page, { email, remember = false }: SignIn): Promise<Page> {
  const form = page.form('login');
  const { remember: _ticked, ...fields } = form.fields;
  return browser.submit(page, { ...form, fields }, { email, password, ...(remember ? { remember: 'yes' } : {}) });
}

/** From the app to its callback: signs in where the page asks for it, goes on where a live session suffices. */
export async function reachCallback(
  party: RelyingParty,
  { browser = new Browser(party.config.serverMetadata().issuer), parameters = {}, ...person }: SignIn,
): Promise<{ begun: BegunSignIn; callback: string; browser: Browser }> {
  const begun = await party.begin(parameters);
  let page = await browser.get(begun.url);
  if (page.forms.some(({ fields, buttons }) => fields.action === 'login' || buttons.some(({ value }) => value === 'login')))
    page = await enter(browser, page, person);
  for (const action of ['allow', 'continue']) {
    if (page.forms.some(({ buttons }) => buttons.some(({ value }) => value === action)))
      page = await browser.submit(page, page.form(action));
  }
  return { begun, callback: page.url, browser };
}

/** The whole way: page, code, tokens. */
export async function obtainTokens(party: RelyingParty, person: SignIn): Promise<{ tokens: Tokens; browser: Browser }> {
  const { begun, callback, browser } = await reachCallback(party, person);
  return { tokens: await party.finish(callback, begun), browser };
}

/** Query of an address the browser was sent to. */
export function answerIn(url: string): Record<string, string> {
  return Object.fromEntries(new URL(url).searchParams);
}

/** As the command line does it, without ending tokens; the server has heard of it. */
export async function setClientDisabled({ db, issuers, changing }: RunningPortico, clientId: string, disabled: boolean): Promise<void> {
  await changing(Object.keys(issuers)[0] as string, async ({ id }) => {
    await clients.setDisabled(db, id, clientId, disabled);
    await brands.raiseVersion(db, id);
  });
}
