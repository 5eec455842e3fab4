// Requests nobody thought of: parameters present, absent, doubled, empty, long, foreign, broken. Nothing breaks, nothing hangs, a "no" writes nothing.
import fc from 'fast-check';
import { clientsOfTest, secrets } from '../support/clients.ts';
import { type Exchange, exchange } from '../support/exchange.ts';
import { fingerprint } from '../support/fingerprint.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { question, terms } from '../support/questions.ts';

const long = process.env.PORTICO_TEST_LONG === '1';
const RUNS = long ? 10_000 : 600;
// A failure is repeated with PORTICO_FUZZ_SEED=<the number in the test's name>.
const seed = Number(process.env.PORTICO_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));

let portico: RunningPortico;
beforeAll(async () => {
  const settings = { deviceFlow: true, dynamicRegistration: true };
  const records = question('records', { type: 'group', items: [question('title')], ask: 'registration' });
  const asks = { consents: [terms(1)], fields: [question('club', { ask: 'registration', required: true }), records] };
  portico = await startPortico({ settings, brands: [{ ...demoBrand, clients: clientsOfTest, ...asks }], env: { LOG_LEVEL: 'error' } });
});
afterAll(() => portico.stop());

const routes = [
  '/',
  '/auth',
  '/auth/x',
  '/interaction/x',
  '/interaction/x/confirm-consent',
  '/confirm-consent',
  '/account/consents',
  '/account/profile',
  '/token',
  '/request',
  '/userinfo',
  '/token/introspection',
  '/token/revocation',
  '/session/end',
  '/session/end/confirm',
  '/session/end/success',
  '/device',
  '/device/auth',
  '/device/x',
  '/reg',
  '/reg/x',
  '/jwks',
  '/.well-known/openid-configuration',
  '/assets/x.css',
  '/healthz',
  '/readyz',
];
const names = [
  'client_id',
  'client_secret',
  'redirect_uri',
  'response_type',
  'response_mode',
  'scope',
  'state',
  'nonce',
  'prompt',
  'max_age',
  'ui_locales',
  'login_hint',
  'id_token_hint',
  'acr_values',
  'claims',
  'request',
  'request_uri',
  'code_challenge',
  'code_challenge_method',
  'code_verifier',
  'code',
  'grant_type',
  'refresh_token',
  'token',
  'token_type_hint',
  'resource',
  'dpop_jkt',
  'client_assertion',
  'client_assertion_type',
  'device_code',
  'user_code',
  'post_logout_redirect_uri',
  'logout_hint',
  'xsrf',
  'csrf',
  'logout',
  'confirm',
  'action',
  'email',
  'password',
  'remember',
  'lang',
  'web_message_uri',
  'consent_terms',
  'version_terms',
  'asked',
  'add',
  'document',
  'version',
  'club',
  'records.0.title',
  'country',
  'authorization_details',
  '__proto__',
  'constructor',
  'toString',
];
const values: Record<string, string[]> = {
  client_id: ['shop', 'phone', 'partner', 'radio'],
  redirect_uri: ['https://shop.example/callback', 'http://127.0.0.1:4711/callback', 'com.example.nightfall:/callback'],
  response_type: ['code', 'none', 'token', 'code id_token'],
  response_mode: ['query', 'fragment', 'form_post', 'web_message', 'jwt'],
  scope: ['openid', 'openid email offline_access', 'openid openid', 'openid consents profile_fields'],
  prompt: ['none', 'login', 'consent', 'create', 'select_account', 'none login'],
  max_age: ['0', '-1', '1e9', '99999999999999999999'],
  grant_type: [
    'authorization_code',
    'refresh_token',
    'client_credentials',
    'password',
    'urn:ietf:params:oauth:grant-type:device_code',
    'implicit',
  ],
  code_challenge: ['a'.repeat(43)],
  code_challenge_method: ['S256', 'plain'],
  version_terms: ['1', '2', '01', '-1'],
  consent_terms: ['yes', 'no'],
  asked: ['club', 'club records', 'club '.repeat(200)],
  add: ['records', 'records.0'],
  document: ['terms', 'constructor'],
  claims: [
    '{}',
    '{"id_token":null}',
    '{"userinfo":{"consents":null,"profile_fields":{"essential":true}}}',
    '{"userinfo":{"__proto__":{"essential":true}}}',
    '[]',
    'null',
    '{"id_token":{"sub":{"values":[1]}}}',
  ],
  request_uri: ['urn:ietf:params:oauth:request_uri:x', 'https://evil.example/', 'http://127.0.0.1:1/'],
  request: ['eyJhbGciOiJub25lIn0.e30.', 'a.b.c'],
  resource: ['https://api.example/', 'x', 'urn:a:b'],
  client_assertion_type: ['urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
  client_assertion: ['eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJzaG9wIn0.AAAA', 'x'],
  id_token_hint: ['eyJhbGciOiJFUzI1NiJ9.e30.AAAA'],
};

const text = fc.oneof(
  { weight: 3, arbitrary: fc.string({ maxLength: 40 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      ' ',
      '\0',
      '\u2028',
      '../..',
      "'--",
      '"><b>',
      '$' + '{7*7}',
      '%',
      '%00',
      '\r\nX: y',
      'null',
      'undefined',
      '[object Object]',
      '-0',
      'NaN',
      '9'.repeat(400),
      'a'.repeat(5_000),
      '{'.repeat(500),
    ),
  },
);
const encode = (value: string) => (value.isWellFormed() ? encodeURIComponent(value) : '%ed%a0%80');
const parameter = fc.constantFrom(...names).chain((name) =>
  fc
    .oneof(
      { weight: 4, arbitrary: fc.constantFrom(...(Object.hasOwn(values, name) ? (values[name] as string[]) : ['x'])) },
      { weight: 3, arbitrary: text },
    )
    .chain((value) =>
      fc.oneof(
        { weight: 8, arbitrary: fc.constant(`${name}=${encode(value)}`) },
        { weight: 1, arbitrary: fc.constant(`${name}=${encode(value)}&${name}=${encode(value)}`) },
        {
          weight: 1,
          arbitrary: fc.constantFrom(name, `${name}=`, `${name}[]=1`, `${name}[a][b]=1`, `=${name}`, `${name}=%ff`, `${name}=%`),
        },
      ),
    ),
);
const parameters = fc.array(parameter, { maxLength: 10 }).map((all) => all.join('&'));
const usual = `client_id=shop&response_type=code&scope=openid&redirect_uri=${encode('https://shop.example/callback')}&code_challenge=${'a'.repeat(43)}&code_challenge_method=S256`;
const body = fc.oneof(
  { weight: 4, arbitrary: parameters },
  { weight: 1, arbitrary: parameters.map((more) => `${usual}&${more}`) },
  { weight: 1, arbitrary: fc.json({ maxDepth: 5 }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1')) },
);
const header = fc.string({ maxLength: 60 }).map((value) => value.replace(/[^\x20-\x7e]/g, ''));
const authorization = fc.oneof(
  fc.constant(`Basic ${btoa(`shop:${encodeURIComponent(secrets.shop ?? '')}`)}`),
  header.map((value) => `Basic ${btoa(value)}`),
  header.map((value) => `Bearer ${value}`),
  header,
);
const headers = fc.record(
  {
    authorization,
    cookie: header.map((value) => `1.session=${value}; 1.interaction=${value}; 1.lang=${value}`),
    accept: fc.constantFrom('text/html', 'application/json', '*/*', '', 'x/y;q=2', ';;;'),
    'content-type': fc.constantFrom(
      'application/x-www-form-urlencoded',
      'application/json',
      'text/plain',
      'application/x-www-form-urlencoded; charset=x',
      '/',
      'application/jwt',
    ),
    'accept-language': fc.oneof(header, fc.constantFrom('de', 'xx-XX;q=x', '*', 'a'.repeat(1_000))),
    dpop: fc.oneof(header, fc.constant('eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7fX0.e30.AA')),
    origin: fc.oneof(header, fc.constantFrom('null', 'https://evil.example')),
    'x-forwarded-for': header,
    'if-none-match': header,
    range: header,
  },
  { requiredKeys: [] },
);
const request = fc.record({
  path: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...routes) }, { weight: 1, arbitrary: fc.webPath() }),
  method: fc.constantFrom('GET', 'GET', 'POST', 'POST', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'),
  query: fc.oneof(
    { weight: 2, arbitrary: fc.constant('') },
    { weight: 2, arbitrary: parameters },
    { weight: 1, arbitrary: parameters.map((more) => `${usual}&${more}`) },
  ),
  body,
  headers,
});

test(
  `${RUNS} requests nobody thought of (seed ${seed})`,
  async () => {
    let before = await fingerprint(portico);
    await fc.assert(
      fc.asyncProperty(request, async ({ path, method, query, body, headers }) => {
        const target = `${portico.issuer}${path.startsWith('/') ? path : `/${path}`}${query && `?${query}`}`;
        const options: Exchange = { method, headers, ...(method === 'POST' || method === 'PUT' ? { body } : {}) };
        const answer = await exchange(target, options);
        const after = await fingerprint(portico);
        const wrote = JSON.stringify(after) !== JSON.stringify(before);
        before = after;
        if (answer.status >= 500) throw new Error(`${answer.status} ${answer.body}\n${portico.logs.at(-1)}`);
        if (answer.status === 0 || answer.milliseconds > 2_000) throw new Error(`no answer in time: ${answer.milliseconds}`);
        if (answer.status >= 400 && wrote) throw new Error(`a ${answer.status} wrote something`);
      }),
      { seed, numRuns: RUNS, interruptAfterTimeLimit: long ? 280_000 : 40_000 },
    );
    expect(portico.logs).toEqual([]);
    expect(Object.keys(Object.prototype)).toEqual([]);
  },
  long ? 300_000 : 60_000,
);
