// One press of a button: the form with a token that is right for its page, whoever stands there, and nothing followed.
import { Agent } from 'node:http';
import { csrfToken } from '../../../src/web/csrf.ts';
import { type Answer, postForm } from '../../support/exchange.ts';
import type { Post } from './posts.ts';
import type { Standing } from './standings.ts';
import type { World } from './world.ts';

export interface Place {
  url: string;
  /** The right token of this page in this browser, made as the product makes it. */
  csrf: string;
  cookie: string;
}

export function placeOf({ portico, brands }: World, { route }: Pick<Post, 'route'>, standing: Standing): Place {
  const { keyring } = portico.services;
  const brand = brands[standing.brand];
  const path = route.replace(':uid', standing.uid);
  const url = new URL(brand.issuer + path);
  const cookie = standing.browser.cookies.header(url);
  const [, step = ''] = /^\/interaction\/:uid\/?(.*)$/.exec(route) ?? [];
  if (route.startsWith('/account'))
    return { url: url.href, cookie, csrf: csrfToken(keyring, brand.id, `account/${standing.sessionUid ?? 'none'}`) };
  if (route === '/interaction/:uid' || ['verify-email', 'forgot-password', 'ask-unlock'].includes(step))
    return { url: url.href, cookie, csrf: csrfToken(keyring, brand.id, standing.uid) };
  return { url: url.href, cookie, csrf: linkCsrf(keyring, brand.id, path, tokenIn(cookie, brand.id)) };
}

/** As src/web/mail-link.ts makes it. */
export function linkCsrf(keyring: World['portico']['services']['keyring'], brandId: number, path: string, token: string): string {
  return keyring.mac('csrf', String(brandId), `link${path}/${token}`).toString('base64url').slice(0, 32);
}

function tokenIn(cookie: string, brandId: number): string {
  return new RegExp(`(?:^|; )${brandId}\\.link=([^;]*)`).exec(cookie)?.[1] ?? '';
}

/** Thousands of presses: connections of their own would cost as much as the answers. */
export const agent = new Agent({ keepAlive: true });

export function press({ url, cookie }: Place, fields: Record<string, string>): Promise<Answer> {
  return postForm(url, fields, { accept: 'text/html', ...(cookie && { cookie }) }, { agent });
}
