// A person's device: a browser and an app over connections that stay open. Every answer is a yes, or it is thrown as what it was.
import http from 'node:http';
import { type Begun, begin } from '../bench/begin.ts';
import { type Answer, createConnection } from '../bench/connection.ts';
import type { Form } from '../test/support/html.ts';
import { Browser, type Page } from '../test/support/http-browser.ts';
import { Refused } from './ledger.ts';
import { callback, clientId, scope } from './setting.ts';

export interface Tokens {
  access_token: string;
  refresh_token: string;
}

export interface Device {
  /** @throws Refused, a broken connection's error as it is, or an Error for an answer that should not be. */
  get(url: string): Promise<Page>;
  submit(page: Page, form: Form, typed?: Record<string, string>): Promise<Page>;
  /** The app sends the browser to sign in. */
  begin(): Begun;
  /** The browser came back to the app: the code becomes tokens. */
  finish(back: Page, begun: Begun): Promise<Tokens>;
  refresh(token: string): Promise<Tokens>;
  userinfo(tokens: Tokens): Promise<Record<string, unknown>>;
  close(): void;
}

export function openDevice(issuer: string): Device {
  const browser = new Browser(issuer);
  const agent = new http.Agent({ keepAlive: true });
  browser.agent = agent;
  const connection = createConnection(issuer, 1);
  const token = async (form: Record<string, string>) =>
    told(await connection.send('/token', { form: { client_id: clientId, ...form } })) as unknown as Tokens;
  return {
    get: async (url) => shown(await browser.get(url)),
    submit: async (page, form, typed) => shown(await browser.submit(page, form, typed)),
    begin: () => begin(issuer, { clientId, redirectUri: callback, scope }),
    finish: (back, { verifier }) =>
      token({ grant_type: 'authorization_code', code: codeIn(back), redirect_uri: callback, code_verifier: verifier }),
    refresh: (refresh_token) => token({ grant_type: 'refresh_token', refresh_token }),
    userinfo: async ({ access_token }) =>
      told(await connection.send('/userinfo', { headers: { authorization: `Bearer ${access_token}` } })),
    close() {
      agent.destroy();
      connection.close();
    },
  };
}

/** The code in the address the app was called with. @throws Error when the browser is somewhere else. */
export function codeIn(back: Page): string {
  const code = back.url.startsWith(`${callback}?`) && new URL(back.url).searchParams.get('code');
  if (!code) throw unfit(back, 'no code');
  return code;
}

/** A page that should have been another one. */
export function unfit({ status, url, text }: Pick<Page, 'status' | 'url' | 'text'>, why: string): Error {
  return new Error(`${why}: ${status} at ${url.split('?')[0]}: ${text.slice(0, 300)}`);
}

function shown(page: Page): Page {
  if (page.status === 503 && page.headers['retry-after']) throw new Refused();
  if (page.status >= 400) throw unfit(page, 'a page that should not be');
  return page;
}

function told({ status, headers, body }: Answer): Record<string, unknown> {
  if (status === 503 && headers['retry-after']) throw new Refused();
  if (status !== 200) throw new Error(`${status} ${body.slice(0, 300)}`);
  return JSON.parse(body) as Record<string, unknown>;
}
