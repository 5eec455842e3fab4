// Host, scheme and path of a request only choose among the configured issuers; nothing an answer says is made from them (security.md PW-16).
import { applyBrand } from '../../src/flows/admin/apply-brand.ts';
import { clientsOfTest } from '../support/clients.ts';
import { type RawAnswer, rawExchange } from '../support/exchange.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';

let portico: RunningPortico;
let port: number;
let own: string;

beforeAll(async () => {
  portico = await startPortico({ brands: [{ ...demoBrand, clients: clientsOfTest }] });
  port = Number(new URL(portico.issuer).port);
  own = `localhost:${port}`;
  await applyBrand(portico.services, { slug: 'harbour', name: 'Harbour', issuer: 'https://id.harbour.example', algorithms: ['ES256'] });
});
afterAll(() => portico.stop());

const get = (target: string, lines: string[], host = `Host: ${own}`) =>
  rawExchange(port, [`GET ${target} HTTP/1.1`, ...(host ? [host] : []), ...lines, 'Connection: close', '', ''].join('\r\n'));

const discovery = '/.well-known/openid-configuration';
const authorization = `/auth?${new URLSearchParams({
  client_id: 'shop',
  response_type: 'code',
  scope: 'openid',
  redirect_uri: 'https://shop.example/callback',
  state: 'kept',
  code_challenge: 'a'.repeat(43),
  code_challenge_method: 'S256',
})}`;
const refused = `${authorization}&prompt=none`;

const location = ({ headers }: RawAnswer) => headers.find(([name]) => name === 'location')?.[1] ?? '';
const cookies = ({ headers }: RawAnswer) => headers.filter(([name]) => name === 'set-cookie').map(([, value]) => value);

/** Headers by which a stranger says that the request was for another place. */
const lies: string[][] = [
  ['X-Forwarded-Host: evil.example'],
  ['X-Forwarded-Host: id.harbour.example'],
  ['X-Forwarded-Host: evil.example, localhost'],
  ['X-Forwarded-Proto: https'],
  ['X-Forwarded-Proto: javascript'],
  ['X-Forwarded-Port: 666'],
  ['X-Forwarded-Prefix: /evil'],
  ['X-Forwarded-Server: evil.example'],
  ['Forwarded: for=6.6.6.6;host=evil.example;proto=https'],
  ['Forwarded: host="evil.example"'],
  ['X-Host: evil.example', 'X-Original-Host: evil.example'],
  ['X-Original-URL: /evil', 'X-Rewrite-URL: /evil'],
  ['X-HTTP-Host-Override: evil.example', 'X-HTTP-Method-Override: POST'],
  ['Origin: https://evil.example', 'Referer: https://evil.example/'],
  ['Via: 1.1 evil.example', 'X-Url-Scheme: https', 'Front-End-Https: on'],
  ['X-Forwarded-Host: evil.example', 'X-Forwarded-Proto: https', 'X-Forwarded-For: 6.6.6.6', 'Forwarded: host=evil.example'],
];

test.each(lies.map((lines) => [lines.join(' + '), lines] as const))('%s changes no byte of discovery and no redirect', async (_, lines) => {
  const honest = await get(discovery, []);
  expect(honest.status).toBe(200);
  expect(JSON.parse(honest.body)).toMatchObject({ issuer: portico.issuer, token_endpoint: `${portico.issuer}/token` });
  expect((await get(discovery, lines)).body).toBe(honest.body);
  expect((await get('/.well-known/oauth-authorization-server', lines)).body).toBe(
    (await get('/.well-known/oauth-authorization-server', [])).body,
  );

  const begun = await get(authorization, lines);
  expect(location(begun).replace(/[\w-]+$/, ':uid')).toBe(`${portico.issuer}/interaction/:uid`);
  expect(cookies(begun).join()).not.toMatch(/domain=|evil|;\s*secure/i);
  expect(location(await get(refused, lines))).toMatch(/^https:\/\/shop\.example\/callback\?error=login_required/);
  expect(location(await get(refused, lines))).toContain(`iss=${encodeURIComponent(portico.issuer)}`);
});

const linkPages = ['confirm-email', 'confirm-consent', 'reset-password', 'unlock', 'undo-email', 'secure-account', 'keep-account'];
test.each(linkPages)('a link of a mail leads to its own page /%s at the issuer, whatever headers say', async (page) => {
  for (const path of [`/${page}`, `/interaction/somebodys-sign-in/${page}`]) {
    for (const lines of lies) {
      const answer = await get(`${path}?token=${'a'.repeat(44)}&after=//evil.example`, lines);
      expect([lines, answer.status, location(answer)]).toEqual([lines, 303, portico.issuer + path]);
      expect(cookies(answer)).toEqual([expect.stringMatching(new RegExp(`^\\d+\\.link=a{44}; path=${path};`))]);
    }
  }
});

const strangers: [says: string, host: string, status: number][] = [
  ['a host nobody configured', 'Host: evil.example', 421],
  ['an address nobody configured', 'Host: 127.0.0.1', 421],
  ['another port', 'Host: localhost:1', 421],
  ['no port', 'Host: localhost', 421],
  ['a brand of a host of its own under another port', 'Host: id.harbour.example:444', 421],
  ['a longer name', 'Host: localhost.evil.example', 421],
  ['credentials before the host', 'Host: a@evil', 400],
  ['credentials that look like ours', `Host: localhost:80@evil.example`, 400],
  ['two names in one', 'Host: localhost, evil.example', 400],
  ['a path', 'Host: localhost/evil', 400],
  ['a query', 'Host: localhost?evil', 400],
  ['a port that is none', 'Host: localhost:evil', 400],
  ['a port too long', 'Host: localhost:1111111', 400],
  ['quotes and brackets', 'Host: "><script>', 400],
  ['an empty host', 'Host:', 400],
  ['no host', '', 400],
  ['two hosts', 'Host: evil.example\r\nHost: localhost', 400],
];

test.each(strangers)('%s is refused and leaves nothing behind', async (_, host, status) => {
  const lines = host.split('\r\n');
  for (const target of [discovery, authorization, '/', '/auth', '/token']) {
    const answer = await get(target, lines.slice(1).concat(host.includes('\r\n') ? [`Host: ${own}`] : []), lines[0]);
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain('evil');
    expect(location(answer)).toBe('');
    expect(cookies(answer)).toEqual([]);
  }
});

test('the own host in capitals, or with a full stop, is at most the own host', async () => {
  const honest = await get(discovery, []);
  expect((await get(discovery, [], `Host: LOCALHOST:${port}`)).body).toBe(honest.body);
  expect((await get(discovery, [], `Host: localhost.:${port}`)).status).toBe(421);
});

test('a brand on https keeps its scheme, whatever the socket is', async () => {
  const answer = await get(discovery, [], 'Host: id.harbour.example');
  expect(JSON.parse(answer.body)).toMatchObject({ issuer: 'https://id.harbour.example', jwks_uri: 'https://id.harbour.example/jwks' });
  for (const lines of lies) expect((await get(discovery, lines, 'Host: id.harbour.example')).body).toBe(answer.body);
  expect((await get(discovery, [], 'Host: id.harbour.example:443')).body).toBe(answer.body);
});

test.each([
  ['absolute form', 'http://evil.example/.well-known/openid-configuration'],
  ['absolute form of our own', 'http://localhost/.well-known/openid-configuration'],
  ['absolute form with https', 'https://id.harbour.example/auth'],
  ['the asterisk', '*'],
])('%s as the request target is 400', async (_, target) => {
  const answer = await get(target, []);
  expect(answer.status).toBe(400);
  expect(answer.body).not.toContain('evil');
});

test.each(['//evil.example/', '//evil.example/auth', '/\\evil.example', '/%2f/evil.example', '//localhost/auth?client_id=shop'])(
  'a target like %s is an unknown page and redirects nowhere',
  async (target) => {
    const answer = await get(target, ['Accept: text/html']);
    expect([400, 404]).toContain(answer.status);
    expect(location(answer)).toBe('');
    expect(answer.body).not.toMatch(/(href|src|action)="(https?:)?\/\/evil/);
  },
);
