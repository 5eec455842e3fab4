// What is measured: each operation is made ready for one of several workers and then repeated by it.
import { CookieJar } from '../test/support/cookie-jar.ts';
import type { Message } from './connection.ts';
import type { Peer } from './peer.ts';
import { api, apiScope, basic } from './setting.ts';
import { signIn, token } from './sign-in.ts';

export interface Operation {
  name: string;
  /** CPU of bare oidc-provider over ours, in per cent, at least. */
  ratio: number;
  /** Of the database, at most, as shipped. */
  statements: number;
  commits: number;
  /** Compared by the JavaScript thread alone, since the other side hashes nothing. */
  hashes?: boolean;
  /** Repetitions, as a part of the usual number. */
  share: number;
  prepare(peer: Peer): Promise<() => Promise<unknown>>;
}

export const operations: readonly Operation[] = [
  { name: 'refresh with rotation', ratio: 80, statements: 2, commits: 1, share: 1, prepare: refreshing },
  {
    name: 'code flow, fresh sign-in',
    ratio: 75,
    statements: 25,
    commits: 6,
    hashes: true,
    share: 0.2,
    prepare: async (peer) => () => signIn(peer),
  },
  { name: 'code flow, live session', ratio: 75, statements: 5, commits: 2, share: 0.5, prepare: signedIn },
  {
    name: 'client credentials, JWT',
    ratio: 115,
    statements: 0,
    commits: 0,
    share: 2,
    prepare: backend({ resource: api, scope: apiScope }),
  },
  { name: 'client credentials, opaque', ratio: 80, statements: 1, commits: 1, share: 2, prepare: backend({}) },
  { name: 'userinfo', ratio: 80, statements: 1, commits: 0, share: 2, prepare: userinfo },
  { name: 'introspection', ratio: 80, statements: 1, commits: 0, share: 2, prepare: introspecting },
  {
    name: 'discovery',
    ratio: 250,
    statements: 0,
    commits: 0,
    share: 5,
    prepare: (peer) => asking(peer, '/.well-known/openid-configuration'),
  },
  { name: 'JWKS', ratio: 110, statements: 0, commits: 0, share: 5, prepare: (peer) => asking(peer, '/jwks') },
];

async function refreshing(peer: Peer) {
  let { refresh_token } = await signIn(peer);
  return async () => {
    ({ refresh_token } = await token(peer, { grant_type: 'refresh_token', refresh_token }));
  };
}

async function signedIn(peer: Peer) {
  const jar = new CookieJar();
  await signIn(peer, { jar });
  return () => signIn(peer, { jar });
}

function backend(more: Record<string, string>) {
  return (peer: Peer) => asking(peer, '/token', { form: { grant_type: 'client_credentials', ...more }, headers: basic('backend') });
}

async function userinfo(peer: Peer) {
  const { access_token } = await signIn(peer);
  return asking(peer, '/userinfo', { headers: { authorization: `Bearer ${access_token}` } });
}

async function introspecting(peer: Peer) {
  const { access_token } = await signIn(peer);
  return asking(peer, '/token/introspection', { form: { token: access_token }, headers: basic('shop') }, '"active":true');
}

/** One request again and again; anything but what is expected ends the bench. */
async function asking(peer: Peer, path: string, message: Message = {}, expected = '{') {
  return async () => {
    const { status, body } = await peer.connection.send(path, message);
    if (status !== 200 || !body.includes(expected)) throw new Error(`${peer.name} ${path}: ${status} ${body}`);
  };
}
