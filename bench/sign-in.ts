// What an app and its browser do, step by step: a fresh sign-in, a second one with a live session.
import { createHash, randomBytes } from 'node:crypto';
import { CookieJar } from '../test/support/cookie-jar.ts';
import { formsOf } from '../test/support/html.ts';
import type { Answer } from './connection.ts';
import type { Peer } from './peer.ts';
import { basic, callback, person, scope } from './setting.ts';

export interface Tokens {
  access_token: string;
  refresh_token: string;
  id_token: string;
}

/** From the app to tokens. With the jar of someone signed in it is two requests, otherwise five, the page among them. */
export async function signIn(peer: Peer, jar = new CookieJar()): Promise<Tokens> {
  const verifier = randomBytes(32).toString('base64url');
  const begin = new URLSearchParams({
    client_id: 'shop',
    response_type: 'code',
    scope,
    redirect_uri: callback,
    state: randomBytes(8).toString('hex'),
    nonce: randomBytes(8).toString('hex'),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  let location = redirectOf(await visit(peer, jar, `/auth?${begin}`));
  if (!location.startsWith(callback)) location = await enter(peer, jar, location);
  const code = new URL(location).searchParams.get('code');
  if (!code) throw new Error(`no code at ${location}`);
  return token(peer, { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier });
}

async function enter(peer: Peer, jar: CookieJar, address: string): Promise<string> {
  const page = await visit(peer, jar, address);
  const forms = formsOf(page.body);
  const form =
    forms.find(({ fields, buttons }) => fields['action'] === 'login' || buttons.some(({ value }) => value === 'login')) ?? forms[0];
  if (page.status !== 200 || !form) throw new Error(`no page at ${address}: ${page.status}`);
  const pressed = form.buttons.find(({ value }) => value === 'login');
  const typed = { ...form.fields, ...(pressed?.name ? { [pressed.name]: pressed.value } : {}), ...person };
  const to = new URL(form.action || address, new URL(address, peer.issuer)).href;
  return redirectOf(await visit(peer, jar, redirectOf(await visit(peer, jar, to, typed))));
}

export async function token(peer: Peer, form: Record<string, string>): Promise<Tokens> {
  const answer = await peer.connection.send('/token', { form, headers: basic('shop') });
  if (answer.status !== 200) throw new Error(`${peer.name}: ${answer.status} ${answer.body}`);
  return JSON.parse(answer.body) as Tokens;
}

async function visit(peer: Peer, jar: CookieJar, target: string, form?: Record<string, string>): Promise<Answer> {
  const url = new URL(target, peer.issuer);
  const cookie = jar.header(url);
  const site = form ? { origin: url.origin, 'sec-fetch-site': 'same-origin' } : {};
  const headers = { accept: 'text/html', ...site, ...(cookie ? { cookie } : {}) };
  const answer = await peer.connection.send(url.href, { headers, ...(form ? { form } : {}) });
  jar.take(url, answer.headers['set-cookie'] ?? []);
  return answer;
}

function redirectOf({ status, headers, body }: Answer): string {
  if (!headers.location) throw new Error(`no redirect: ${status} ${body.slice(0, 300)}`);
  return headers.location;
}
