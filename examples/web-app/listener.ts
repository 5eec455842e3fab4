// From a request to a site and one of its pages; whatever goes wrong becomes a page with a way back.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { failedPage, notFoundPage, waitingPage } from './pages.ts';
import { isUnreachable } from './relying-party.ts';
import { routes } from './routes.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { homeOf, type Site } from './sites.ts';
import { languageOf } from './words.ts';

/** One request to one site. */
export interface Visit {
  site: Site;
  url: URL;
  sessions: Sessions;
  /** The cookie's value. */
  sessionId: string | undefined;
}

export interface Answer {
  status: number;
  location?: string;
  body?: string;
  type?: string;
  /** A new cookie; '' ends it. */
  sessionId?: string;
  /** Seconds after which the page asks again. */
  retryAfter?: number;
}

export function listener(sites: Site[]): RequestListener {
  const sessions = new Map(sites.map((site) => [site.path, createSessions()]));
  return async (request, response) => {
    const { pathname } = URL.parse(request.url ?? '/', 'http://localhost') ?? {};
    const found = sites.find(({ path }) => path === '' || pathname === path || pathname?.startsWith(`${path}/`));
    if (!found) return void response.writeHead(404).end();
    const site = { ...found, language: languageOf(request.headers['accept-language']) };
    const url = new URL(request.url ?? '/', site.url);
    const visit = { site, url, sessions: sessions.get(site.path) as Sessions, sessionId: readCookie(request, cookieName(site)) };
    try {
      send(response, site, await answer(request, visit));
    } catch (error) {
      if (!isUnreachable(error)) console.error('The demo app could not answer:', error instanceof Error ? error.message : error);
      const retry = isUnreachable(error) && request.method === 'GET';
      send(response, site, retry ? waitingPage(site) : failedPage(site, isUnreachable(error) ? 'unreachable' : 'failed'));
    }
  };
}

async function answer(request: IncomingMessage, visit: Visit): Promise<Answer> {
  const { site, url } = visit;
  const home = new URL(homeOf(site));
  // The cookie and the redirect URI belong to localhost: 127.0.0.1 would begin with one session and come back to another.
  if (request.headers.host !== home.host) return { status: 302, location: home.origin + url.pathname + url.search };
  // A browser names the page a form came from; another site's page is not ours.
  if (request.method === 'POST' && request.headers.origin !== home.origin) return failedPage(site, 'failed');
  const route = routes[`${request.method === 'HEAD' ? 'GET' : request.method} ${url.pathname.slice(site.path.length) || '/'}`];
  return route ? route(visit) : notFoundPage(site);
}

function send(response: ServerResponse, site: Site, { status, location, body = '', type = 'text/html', sessionId, retryAfter }: Answer) {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'content-security-policy': `default-src 'none'; style-src 'self'; img-src data:; form-action 'self' ${new URL(site.issuer).origin}; frame-ancestors 'none'; base-uri 'none'`,
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    vary: 'accept-language',
    ...(location ? { location } : {}),
    ...(retryAfter ? { 'retry-after': String(retryAfter), refresh: String(retryAfter) } : {}),
    ...(sessionId === undefined ? {} : { 'set-cookie': cookie(site, sessionId) }),
  });
  response.end(body);
}

/** Ports share cookies, so the name tells the sites of this machine apart. */
function cookieName({ look }: Site): string {
  return `${look}_session`;
}

function cookie(site: Site, value: string): string {
  return `${cookieName(site)}=${value}; Path=${site.path || '/'}; HttpOnly; SameSite=Lax${value === '' ? '; Max-Age=0' : ''}`;
}

function readCookie({ headers }: IncomingMessage, name: string): string | undefined {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}
