// A browser without JavaScript: cookies, redirects one by one, forms. It stops where an address leaves the origins it may visit.
import http from 'node:http';
import { CookieJar } from './cookie-jar.ts';
import { decode, type Form, formsOf, textOf } from './html.ts';

export interface Page {
  /** Where the browser is; outside of its origins it is the address it was sent to. */
  url: string;
  /** 0 when it was sent outside. */
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
  /** What a person reads. */
  text: string;
  forms: Form[];
  /** The addresses on the way, the last one included. */
  trail: string[];
  /** The form whose `action` field or button says so; without a name the only one. */
  form(action?: string): Form;
  /** The address of the link with these words. */
  link(words: string): string;
}

export interface Navigation {
  method?: 'GET' | 'POST';
  fields?: Record<string, string>;
  /** The page that holds the link or form. */
  from?: string | undefined;
  headers?: Record<string, string>;
  /** A second press: the browser drops the first one, whose answers it never sees. */
  signal?: AbortSignal;
}

const REDIRECTS = 20;

export class Browser {
  readonly cookies = new CookieJar();
  /** Keeps connections; without one each request has its own. */
  agent: http.Agent | false = false;
  readonly #origins: Set<string>;

  /** `visits`: addresses whose origins are served; everything else is outside. */
  constructor(...visits: string[]) {
    this.#origins = new Set(visits.map((url) => new URL(url).origin));
  }

  get(url: string, navigation: Navigation = {}): Promise<Page> {
    return this.#go(url, navigation);
  }

  /** Presses a button of a form: what it holds, what was typed, and the button's own name and value. */
  submit(page: Page, form: Form, typed: Record<string, string> = {}, { signal }: Pick<Navigation, 'signal'> = {}): Promise<Page> {
    const url = new URL(form.action, page.url);
    if (form.method === 'GET') {
      url.search = new URLSearchParams({ ...form.fields, ...typed }).toString();
      return this.#go(url.href, { from: page.url });
    }
    return this.#go(url.href, { method: 'POST', fields: { ...form.fields, ...typed }, from: page.url, ...(signal && { signal }) });
  }

  async #go(start: string, { method = 'GET', fields, from, headers = {}, signal }: Navigation): Promise<Page> {
    const trail: string[] = [];
    let url = new URL(start);
    let [verb, body] = [method, fields && new URLSearchParams(fields).toString()];
    for (let hop = 0; hop < REDIRECTS; hop += 1) {
      trail.push(url.href);
      if (!this.#origins.has(url.origin)) return pageOf(url, { status: 0, headers: {}, body: '' }, trail);
      const answer = await this.#exchange(url, { method: verb, body, from, headers, signal });
      const location = answer.status >= 300 && answer.status < 400 ? answer.headers.location : undefined;
      if (!location) return pageOf(url, answer, trail);
      url = new URL(location, url);
      [verb, body] = ['GET', undefined];
    }
    throw new Error(`more than ${REDIRECTS} redirects:\n${trail.join('\n')}`);
  }

  async #exchange(url: URL, { method, body, from, headers, signal }: Request) {
    const site = from === undefined ? 'none' : new URL(from).origin === url.origin ? 'same-origin' : 'cross-site';
    const cookie = this.cookies.header(url, method === 'POST' && site === 'cross-site');
    const sent = {
      accept: 'text/html,application/xhtml+xml',
      'accept-language': 'en',
      'sec-fetch-site': site,
      ...(cookie && { cookie }),
      ...(method === 'POST' && { origin: new URL(from ?? url).origin }),
      ...headers,
    };
    const answer = await send(url, { method, body, headers: sent, signal, agent: this.agent });
    this.cookies.take(url, answer.headers['set-cookie'] ?? []);
    return answer;
  }
}

interface Request {
  method: string;
  body: string | undefined;
  from?: string | undefined;
  headers: Record<string, string>;
  signal: AbortSignal | undefined;
}

interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}

function send(url: URL, { method, body, headers, signal, agent }: Request & { agent: http.Agent | false }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const type =
      body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) };
    const request = http.request(url, { method, headers: { ...headers, ...type }, agent, signal }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString('utf8') }),
      );
      response.on('error', reject);
    });
    request.on('error', reject);
    request.setTimeout(20_000, () => request.destroy(new Error(`no answer from ${method} ${url.pathname}`)));
    request.end(body);
  });
}

function pageOf(url: URL, { status, headers, body }: Answer, trail: string[]): Page {
  const forms = formsOf(body);
  return {
    url: url.href,
    status,
    headers,
    body,
    text: textOf(body),
    forms,
    trail,
    form: (action) => {
      const found = action === undefined ? forms[0] : forms.map((form) => pressed(form, action)).find(Boolean);
      if (!found) throw new Error(`no form "${action ?? ''}" at ${url.href} (${status}):\n${textOf(body)}`);
      return found;
    },
    link: (words) => {
      const found = [...body.matchAll(/<a\b([^>]*)>([\s\S]*?)<\/a>/g)].find(([, , inner]) => textOf(inner ?? '') === words);
      const href = /\bhref="([^"]*)"/.exec(found?.[1] ?? '')?.[1];
      if (!href) throw new Error(`no link "${words}" at ${url.href}:\n${textOf(body)}`);
      return new URL(decode(href), url).href;
    },
  };
}

function pressed(form: Form, action: string): Form | undefined {
  if (form.fields.action === action) return form;
  const button = form.buttons.find(({ name, value }) => value === action || name === action);
  return button?.name ? { ...form, fields: { ...form.fields, [button.name]: button.value } } : undefined;
}
