// What nobody means well by: every public route answers it with a clear 4xx, quickly, and writes nothing.
import { gzipSync } from 'node:zlib';
import { clientsOfTest, secrets } from '../support/clients.ts';
import { type Answer, type Exchange, exchange, rawExchange } from '../support/exchange.ts';
import { fingerprint } from '../support/fingerprint.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';

let portico: RunningPortico;

beforeAll(async () => {
  const settings = { deviceFlow: true, dynamicRegistration: true };
  portico = await startPortico({ settings, brands: [{ ...demoBrand, clients: clientsOfTest }] });
  // Whatever is loaded at the first request (prepared statements, the library's caches) is loaded.
  await exchange(`${portico.issuer}/auth`);
});
afterAll(() => portico.stop());

const authorization = { authorization: `Basic ${btoa(`shop:${encodeURIComponent(secrets.shop ?? '')}`)}` };

/** Public routes that read parameters from the address. */
const reading = [
  '/',
  '/auth',
  '/interaction/abc',
  '/confirm-consent',
  '/interaction/abc/confirm-consent',
  '/account/consents',
  '/account/profile',
  '/session/end',
  '/device',
  '/userinfo',
  '/jwks',
  '/reg/abc',
  '/.well-known/openid-configuration',
  '/assets/x.css',
  '/nowhere',
];
/** Public routes that read a body, with what makes them look at it. */
const posting: Record<string, Record<string, string>> = {
  '/auth': {},
  '/interaction/abc': {},
  '/confirm-consent': {},
  '/interaction/abc/confirm-consent': {},
  '/account/consents': {},
  '/account/profile': {},
  '/token': authorization,
  '/request': authorization,
  '/userinfo': { authorization: 'Bearer abc' },
  '/token/introspection': authorization,
  '/token/revocation': authorization,
  '/session/end': {},
  '/session/end/confirm': {},
  '/device': {},
  '/device/auth': authorization,
  '/reg': {},
  '/nowhere': {},
};

/** Sends it, and expects a quick "no" that wrote nothing. Counters may count. */
async function expectRefusal(path: string, request: Exchange = {}, { allowed = [] as number[] } = {}): Promise<Answer> {
  const before = await fingerprint(portico);
  const answer = await exchange(portico.issuer + path, request);
  const said = `${request.method ?? 'GET'} ${path} -> ${answer.status} ${answer.body.slice(0, 300)}`;
  const refused = (answer.status >= 400 && answer.status < 500) || allowed.includes(answer.status);
  expect([said, refused]).toEqual([said, true]);
  expect([said, answer.milliseconds < 1_000]).toEqual([said, true]);
  expect([said, await fingerprint(portico)]).toEqual([said, before]);
  expect(answer.body).not.toMatch(/\bat .*:\d+:\d+|node_modules|insert into|portico\.[a-z_]+ /);
  return answer;
}

const cases = (paths: readonly string[], says: readonly string[]) => paths.flatMap((path) => says.map((what) => [path, what] as const));

const brokenText: Record<string, string> = {
  'a NUL byte': '%00',
  'a byte that is no UTF-8': '%ff',
  'half a character': '%c3',
  'an overlong slash': '%c0%af',
  'a lone surrogate': '%ed%a0%80',
  'a percent sign alone': '%',
  'a percent sign and no hexadecimal': '%zz',
};

test.each(cases(reading, Object.keys(brokenText)))('GET %s with %s in the query is 400', async (path, what) => {
  const answer = await expectRefusal(`${path}?client_id=shop&state=a${brokenText[what]}b`);
  expect(answer.status).toBe(400);
});

test.each(cases(['/', '/interaction/', '/assets/', '/reg/'], Object.keys(brokenText)))(
  'GET %sa…b with %s in the path is 4xx',
  async (path, what) => {
    await expectRefusal(`${path}a${brokenText[what]}b`);
  },
);

test.each(cases(Object.keys(posting), Object.keys(brokenText)))('POST %s with %s in the body is 4xx', async (path, what) => {
  // An unknown token is no error: introspection says inactive (RFC 7662 2.2), revocation has nothing to do (RFC 7009 2.2).
  const allowed = /introspection|revocation/.test(path) ? [200] : [];
  for (const name of ['client_id', 'token', 'email', 'login_hint', 'grant_type', 'user_code', 'consent_terms', 'version_terms', 'asked'])
    await expectRefusal(path, { method: 'POST', headers: posting[path] ?? {}, body: `${name}=a${brokenText[what]}b` }, { allowed });
  await expectRefusal(path, { method: 'POST', headers: posting[path] ?? {}, body: `a${brokenText[what]}b=1` }, { allowed });
});

const bodies: Record<string, Exchange> = {
  '10 MiB with a length': { body: Buffer.alloc(10 << 20, 'a=b&') },
  '10 MiB without a length': { body: Array.from({ length: 160 }, () => Buffer.alloc(64 << 10, 'a=b&')) },
  'a field of 1 MiB': { body: `email=${'a'.repeat(1 << 20)}` },
  '10,000 fields': { body: Array.from({ length: 10_000 }, (_, at) => `f${at}=1`).join('&') },
  '10,000 times the same field': { body: 'a=1&'.repeat(10_000) },
  JSON: { headers: { 'content-type': 'application/json' }, body: '{"a":1}' },
  'text that looks like a form': { headers: { 'content-type': 'text/plain' }, body: 'a=1' },
  'a multipart form': { headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: '--x\r\n\r\n1\r\n--x--' },
  'a type that is none': { headers: { 'content-type': '%%%' }, body: 'a=1' },
  'a character set nobody knows': { headers: { 'content-type': 'application/x-www-form-urlencoded; charset=klingon' }, body: 'a=1' },
  'a compressed body': { headers: { 'content-encoding': 'gzip' }, body: gzipSync('a=1&b=2') },
  'bytes that are no text': { body: Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x3d, 0x31]) },
  'nothing at all': { body: '' },
};

test.each(cases(Object.keys(posting), Object.keys(bodies)))('POST %s with %s is 4xx', async (path, what) => {
  const { headers, ...request } = bodies[what] as Exchange;
  // Forms are UTF-8 whatever they say; the two endpoints that take GET and POST alike send such a form on as a GET.
  const allowed = /nothing|character set/.test(what) ? [303] : [];
  await expectRefusal(path, { method: 'POST', ...request, headers: { ...posting[path], ...headers } }, { allowed });
});

/** Each is legal JSON, a legal form, or a legal claims parameter, and would change Object.prototype if it were merged carelessly. */
const pollution: Record<string, Exchange> = {
  'a form with __proto__': { body: '__proto__[polluted]=1&__proto__.polluted=1&__proto__=polluted' },
  'a form with constructor': { body: 'constructor[prototype][polluted]=1&constructor.prototype.polluted=1&constructor=1&prototype=1' },
  'a form with names of Object.prototype': { body: 'toString=1&valueOf=1&hasOwnProperty=1&__defineGetter__=1&isPrototypeOf=1' },
  'a form with boxes and answers of that name': {
    body: 'consent___proto__=yes&version___proto__=1&records.__proto__.polluted=1&records.0.__proto__=1&asked=__proto__&add=__proto__&document=__proto__&version=1',
  },
  'a form with options of a view': {
    body: 'settings[view options][outputFunctionName]=x;process.exit(1)//&settings[view options][client]=1&delimiter=?&client=1',
  },
  'a claims parameter': {
    body: `claims=${encodeURIComponent('{"__proto__":{"polluted":1},"id_token":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}')}&client_id=shop`,
  },
  JSON: {
    headers: { 'content-type': 'application/json' },
    body: '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"redirect_uris":[]}',
  },
};

const prototypes = () =>
  JSON.stringify([Object.prototype, Array.prototype, Function.prototype].map((prototype) => Object.getOwnPropertyNames(prototype)));

test.each(cases(Object.keys(posting), Object.keys(pollution)))('POST %s with %s leaves every prototype as it was', async (path, what) => {
  const before = prototypes();
  const { headers, ...request } = pollution[what] as Exchange;
  // Who is not signed in to "my account" is sent to the sign-in.
  await expectRefusal(
    path,
    { method: 'POST', ...request, headers: { ...posting[path], ...headers } },
    { allowed: /^\/(auth|session\/end|account\/\w+)$/.test(path) ? [303] : [] },
  );
  expect(prototypes()).toBe(before);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

test('a claims parameter and a query with names of Object.prototype leave every prototype as it was', async () => {
  const before = prototypes();
  const claims = '{"id_token":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":null}}';
  const usual = {
    client_id: 'shop',
    response_type: 'code',
    scope: 'openid',
    redirect_uri: 'https://shop.example/callback',
    code_challenge: 'a'.repeat(43),
    code_challenge_method: 'S256',
  };
  for (const more of [
    { claims },
    { '__proto__[polluted]': '1' },
    { __proto__x: '1', constructor: '1', toString: '1', 'a[__proto__]': '1' },
  ]) {
    const answer = await exchange(`${portico.issuer}/auth?${new URLSearchParams({ ...usual, ...more })}`);
    expect([400, 303]).toContain(answer.status);
  }
  expect(prototypes()).toBe(before);
});

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY'];
const routes = [
  ...new Set([
    ...reading,
    ...Object.keys(posting),
    '/healthz',
    '/readyz',
    '/interaction',
    '/interaction/abc/login',
    '/auth/abc',
    '/assets/',
    '/favicon.ico',
    '/robots.txt',
    '/.git/config',
    '/.env',
    '/package.json',
    '/src/main.ts',
    '/css/portico.css',
    '/views/pages/login.ejs',
  ]),
];

test.each(cases(routes, methods))('%s takes %s without harm', async (path, method) => {
  const before = await fingerprint(portico);
  const answer = await exchange(portico.issuer + path, { method });
  expect([answer.status, answer.status < 500]).toEqual([answer.status, true]);
  // What nobody offers does not exist: neither for a method nor for a file of ours.
  if (['PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND', 'QUERY'].includes(method)) expect(answer.status).toBeGreaterThanOrEqual(400);
  if (/git|env|package|src|views|robots|^\/css/.test(path)) expect(answer.status).toBe(404);
  if (method === 'HEAD') expect(answer.body).toBe('');
  // The pages that ask "sign out?" and "which code?" keep the token of their form in a session nobody is signed in to.
  const asking = (method === 'GET' || method === 'HEAD') && (path === '/session/end' || path === '/device');
  expect(await fingerprint(portico)).toEqual(asking ? { ...before, 'portico.oidc_sessions': expect.anything() } : before);
});

describe('below HTTP libraries', () => {
  const post = (path: string, lines: string[], body: string | Buffer) => {
    const { host, port } = new URL(portico.issuer);
    const head = [
      `POST ${path} HTTP/1.1`,
      `Host: ${host}`,
      'Connection: close',
      'Content-Type: application/x-www-form-urlencoded',
      ...lines,
      '',
      '',
    ];
    return rawExchange(Number(port), Buffer.concat([Buffer.from(head.join('\r\n')), Buffer.from(body)]), 2_000);
  };
  const chunked = 'Transfer-Encoding: chunked';

  test.each([
    ['chunks that are none', [chunked], 'zz\r\nhello\r\n'],
    ['a chunk with a negative length', [chunked], '-1\r\n\r\n'],
    ['a chunk longer than the world', [chunked], 'ffffffffffffffff1\r\na\r\n'],
    ['a length and chunks at once', [chunked, 'Content-Length: 3'], '3\r\na=1\r\n0\r\n\r\n'],
    ['two lengths', ['Content-Length: 3', 'Content-Length: 4'], 'a=1&'],
    ['a length that is no number', ['Content-Length: x'], 'a=1'],
    ['a negative length', ['Content-Length: -1'], 'a=1'],
    ['a transfer coding nobody knows', ['Transfer-Encoding: gzip, chunked'], '3\r\na=1\r\n0\r\n\r\n'],
    ['chunked, spelled oddly', ['Transfer-Encoding: xchunked'], 'a=1'],
    ['a header with a bare line feed', ['X: a\nContent-Length: 3'], 'a=1'],
    ['a header with a NUL', ['X: a\0b'], ''],
    ['a header name with a space before its colon', ['Content-Length : 3'], 'a=1'],
    ['a folded header', ['X: a', ' b', 'Content-Length: 3'], 'a=1'],
  ])('%s is a 4xx or a closed connection', async (_, lines, body) => {
    for (const path of ['/token', '/interaction/abc']) {
      const answer = await post(path, lines, body);
      expect([0, 400, 401, 403, 410, 411, 413, 415, 501]).toContain(answer.status);
      expect(answer.milliseconds).toBeLessThan(1_900);
    }
  });

  test('200 headers are read, 20,000 bytes of them are not', async () => {
    const { host, port } = new URL(portico.issuer);
    const get = (lines: string[]) =>
      rawExchange(Number(port), [`GET /auth HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...lines, '', ''].join('\r\n'));
    expect((await get(Array.from({ length: 200 }, (_, at) => `X-H${at}: ${at}`))).status).toBe(400);
    expect((await get(Array.from({ length: 3_000 }, () => 'X: 1'))).status).toBe(431);
    expect((await get([`Cookie: ${'a=b; '.repeat(4_000)}`])).status).toBe(431);
    expect((await get([`X: ${'a'.repeat(20_000)}`])).status).toBe(431);
  });

  test('bytes that are no HTTP get 400', async () => {
    const port = Number(new URL(portico.issuer).port);
    for (const bytes of [
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc',
      'hello\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      'GET  / HTTP/1.1\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    ])
      expect((await rawExchange(port, Buffer.from(bytes, 'latin1'), 1_500)).status).toBe(400);
  });

  const lines = ({ headers }: Answer) =>
    Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n');

  test('a line break in a value that an answer repeats starts no new header', async () => {
    const { issuer } = portico;
    for (const path of [
      '/?lang=de%0d%0aSet-Cookie:%20evil=1',
      '/auth?client_id=shop&state=a%0d%0aSet-Cookie:%20evil=1',
      '/session/end?state=a%0d%0aX:%20y',
    ])
      expect(lines(await exchange(issuer + path))).not.toMatch(/^(x: y|set-cookie: evil)/m);
  });
});

test.each(['/', '/auth', '/session/end', '/token', '/account'])('%s with a name 7,500 times in its query is 400, at once', async (path) => {
  const answer = await exchange(`${portico.issuer}${path}?${'a&'.repeat(7_500)}`);
  expect(answer.status).toBe(400);
  // Read in the square of its length it took seconds.
  expect(answer.milliseconds).toBeLessThan(500);
});

test('10 MiB cost neither time nor memory', async () => {
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  const answers = await Promise.all(
    Array.from({ length: 5 }, () =>
      exchange(`${portico.issuer}/interaction/abc`, { method: 'POST', ...bodies['10 MiB without a length'] }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual([413, 413, 413, 413, 413]);
  expect(process.memoryUsage.rss() - before).toBeLessThan(60 << 20);
});

test('the process still serves', async () => {
  expect((await exchange(`${portico.issuer}/healthz`)).status).toBe(200);
  expect(portico.logs.filter((line) => line.includes('"level":"error"'))).toEqual([]);
});
