// Exact strings only (RFC 9700 2.1); the port is free on loopback addresses of native clients alone (RFC 8252 7.3).
import { clientsOfTest } from '../support/clients.ts';
import { Browser } from '../support/http-browser.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { send } from '../support/protocol.ts';

let portico: RunningPortico;

const web = 'https://app.example/callback';
const native = ['http://127.0.0.1/callback', 'http://[::1]/callback', 'com.example.app:/callback', 'https://phone.example/app'];

beforeAll(async () => {
  const clients = [
    ...clientsOfTest,
    { kind: 'web' as const, metadata: { client_id: 'web', redirect_uris: [web, 'http://127.0.0.1/local'] }, secret: 'secret of the web' },
    { kind: 'native' as const, metadata: { client_id: 'native', redirect_uris: native } },
  ];
  portico = await startPortico({ brands: [{ ...demoBrand, clients }] });
});
afterAll(() => portico.stop());

const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

function requestFor(clientId: string, redirectUri: string): string {
  const query = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'openid',
    prompt: 'none',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  });
  return `${portico.issuer}/auth?${query}`;
}

/** The Location of the error answer; undefined when it is a page. */
async function destination(clientId: string, redirectUri: string): Promise<string | undefined> {
  const answer = await send(requestFor(clientId, redirectUri), { headers: { accept: 'text/html' } });
  const location = answer.headers.get('location') ?? undefined;
  if (!location) expect([answer.status, answer.text.includes('<!doctype html>')]).toEqual([400, true]);
  return location;
}

const mutations = [
  'http://app.example/callback',
  'HTTPS://app.example/callback',
  'https://APP.example/callback',
  'https://app.example/Callback',
  'https://app.example/callback/',
  'https://app.example/callback//',
  'https://app.example//callback',
  'https://app.example/callback?',
  'https://app.example/callback?next=1',
  'https://app.example/callback&next=1',
  'https://app.example/callback;x',
  'https://app.example/callback#',
  'https://app.example/callback#fragment',
  'https://app.example/callback%20',
  'https://app.example/callback%00',
  'https://app.example/callback ',
  ' https://app.example/callback',
  'https://app.example/callback\t',
  'https://app.example/callback\n',
  'https://app.example/callback.evil',
  'https://app.example/callbac%6b',
  'https://app.example/%63allback',
  'https://app.example/./callback',
  'https://app.example/x/../callback',
  'https://app.example/callback/..',
  'https://app.example/callback/%2e%2e',
  'https://app.example/callback/../../evil',
  'https://app.example\\callback',
  'https:\\\\app.example\\callback',
  'https:/app.example/callback',
  'https:app.example/callback',
  '//app.example/callback',
  '/callback',
  'app.example/callback',
  'https://app.example:443/callback',
  'https://app.example:8443/callback',
  'https://app.example:/callback',
  'https://app.example./callback',
  'https://app\u3002example/callback',
  'https://app.example\u3002/callback',
  'https://app%2eexample/callback',
  'https://app.example%00.evil.example/callback',
  'https://app.example%2f@evil.example/callback',
  'https://app.example@evil.example/callback',
  'https://user@app.example/callback',
  'https://user:password@app.example/callback',
  'https://@app.example/callback',
  'https://evil.example/callback',
  'https://evil.example/https://app.example/callback',
  'https://evil.example\\@app.example/callback',
  'https://evil.example#@app.example/callback',
  'https://evil.example?@app.example/callback',
  'https://app.example.evil.example/callback',
  'https://evilapp.example/callback',
  'https://sub.app.example/callback',
  'https://app.exampl\u0435/callback',
  'https://xn--app-.example/callback',
  'https://*.example/callback',
  'https://app.example/*',
  'javascript:alert(1)//app.example/callback',
  'data:text/html,https://app.example/callback',
  'file:///callback',
  'com.example.app:/callback',
  'http://127.0.0.1:8080/local',
  'http://localhost/local',
  'http://[::1]/local',
];

test('the registered address is answered', async () => {
  expect(await destination('web', web)).toContain(`${web}?error=login_required`);
  expect(await destination('web', 'http://127.0.0.1/local')).toContain('http://127.0.0.1/local?error=login_required');
});

test.each(mutations)('a web client is not answered at %j', async (uri) => {
  expect(await destination('web', uri)).toBeUndefined();
});

test.each([
  'http://127.0.0.1:49152/callback',
  'http://127.0.0.1:1024/callback',
  'http://127.0.0.1/callback',
  'http://[::1]:8080/callback',
  'http://[::1]/callback',
  'com.example.app:/callback',
  'https://phone.example/app',
])('a native client is answered at %s', async (uri) => {
  expect(await destination('native', uri)).toContain(`${uri}?error=`);
});

test.each([
  'http://127.0.0.1:49152/other',
  'http://127.0.0.1:49152/callback?x=1',
  'http://127.0.0.1:49152/callback#x',
  'http://127.0.0.1:abc/callback',
  'http://127.0.0.1:65536/callback',
  'http://127.0.0.1:8080@evil.example/callback',
  'http://127.0.0.1@evil.example:8080/callback',
  'http://user@127.0.0.1:8080/callback',
  'http://evil.example:8080/callback',
  'http://127.0.0.2:8080/callback',
  'http://127.1:8080/callback',
  'http://2130706433:8080/callback',
  'http://0.0.0.0:8080/callback',
  'http://localhost:8080/callback',
  'http://[::ffff:127.0.0.1]:8080/callback',
  'https://127.0.0.1:8080/callback',
  'https://phone.example:8443/app',
  'com.example.app://callback',
  'com.example.app:/callback/',
  'com.example.other:/callback',
  'COM.EXAMPLE.APP:/callback',
])('a native client is not answered at %s', async (uri) => {
  expect(await destination('native', uri)).toBeUndefined();
});

/** The language switch repeats the query of the page's own address and leads nowhere else. */
const withoutSwitch = (html: string) => html.replace(/ href="\?[^"]*"/g, '');

test('a page for a foreign redirect URI offers no way to it', async () => {
  const page = await new Browser(portico.issuer).get(requestFor('web', 'https://evil.example/"><script>alert(1)</script>'));
  expect(page.status).toBe(400);
  expect(page.text).toContain('invalid_redirect_uri');
  expect(withoutSwitch(page.body)).not.toContain('evil.example');
  expect(page.body).not.toContain('alert(1)');
});

test('an error that comes before the redirect URI is checked goes to no foreign address', async () => {
  const parameters = ['response_type=token', 'response_type=', 'scope=%22', 'request=x', 'request_uri=https://evil.example/', 'prompt=x'];
  for (const parameter of [
    ...parameters,
    'response_mode=web_message',
    'response_mode=x',
    'registration={}',
    'code_challenge_method=plain',
  ]) {
    const [name = '', value = ''] = parameter.split('=');
    const url = new URL(requestFor('web', 'https://evil.example/'));
    url.searchParams.set(name, decodeURIComponent(value));
    const answer = await send(url.href);
    const leads = withoutSwitch(answer.text).includes('evil');
    expect([parameter, answer.status, answer.headers.get('location'), leads]).toEqual([parameter, 400, null, false]);
  }
});
