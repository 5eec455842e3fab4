// Who is asking, as the limits count it: forwarding headers count only from proxies the operator named (security.md 5.3).
import { defaultSettings } from '../../src/domain/brands.ts';
import { clientAddress, parseNetwork } from '../../src/web/middleware/trusted-proxy.ts';
import { exchange } from '../support/exchange.ts';
import { type RunningPortico, startPortico } from '../support/portico.ts';

const none: string[] = [];
const one = ['10.0.0.1'];
const two = ['10.0.0.0/8', 'fd00::/8'];

const cases: [says: string, trusted: string[], peer: string, forwarded: string | undefined, client: string][] = [
  ['by default nobody is trusted', none, '203.0.113.9', '6.6.6.6', '203.0.113.9'],
  ['by default not even loopback', none, '127.0.0.1', '6.6.6.6', '127.0.0.1'],
  ['by default not even a private network', none, '10.0.0.1', '6.6.6.6', '10.0.0.1'],
  ['a mapped peer is its IPv4 address', none, '::ffff:203.0.113.9', '6.6.6.6', '203.0.113.9'],
  ['a zone id is dropped', none, 'fe80::1%eth0', undefined, 'fe80::1'],
  ['a peer beside the trusted one counts itself', one, '10.0.0.2', '6.6.6.6', '10.0.0.2'],
  ['the proxy without a header is the client', one, '10.0.0.1', undefined, '10.0.0.1'],
  ['an empty header is no header', one, '10.0.0.1', '', '10.0.0.1'],
  ['commas alone are no header', one, '10.0.0.1', ' , ,, ', '10.0.0.1'],
  ['the proxy names the client', one, '10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['what the client wrote to the left does not count', one, '10.0.0.1', '6.6.6.6, 203.0.113.9', '203.0.113.9'],
  ['however much it wrote', one, '10.0.0.1', `${'6.6.6.6, '.repeat(400)}203.0.113.9`, '203.0.113.9'],
  ['a client that poses as the proxy is no proxy', one, '10.0.0.1', '10.0.0.1, 203.0.113.9', '203.0.113.9'],
  ['two proxies are walked from the right', two, '10.0.0.1', '6.6.6.6, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
  ['three proxies of two families too', two, '10.0.0.1', '6.6.6.6, 2001:db8::9, fd00::2, 10.0.0.3', '2001:db8::9'],
  ['all of them trusted: the furthest', two, '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ['a word ends the walk at the last hop that was seen', one, '10.0.0.1', 'a', '10.0.0.1'],
  ['a word to the left of the client is never reached', one, '10.0.0.1', 'a, 203.0.113.9', '203.0.113.9'],
  ['a word behind a second proxy ends the walk there', two, '10.0.0.1', '203.0.113.9, unknown, 10.0.0.2', '10.0.0.2'],
  ['"unknown" and obfuscated names are words', one, '10.0.0.1', '_hidden', '10.0.0.1'],
  ['a number alone is no address', one, '10.0.0.1', '1', '10.0.0.1'],
  ['two numbers are no address', one, '10.0.0.1', '127.1', '10.0.0.1'],
  ['octal is no address', one, '10.0.0.1', '0203.0.0113.9', '10.0.0.1'],
  ['hexadecimal is no address', one, '10.0.0.1', '0xcb007109', '10.0.0.1'],
  ['256 is no part of one', one, '10.0.0.1', '203.0.113.256', '10.0.0.1'],
  ['a port is dropped', one, '10.0.0.1', '203.0.113.9:4711', '203.0.113.9'],
  ['brackets and a port around IPv6 too', one, '10.0.0.1', '[2001:db8::9]:4711', '2001:db8::9'],
  ['brackets alone too', one, '10.0.0.1', '[2001:db8::9]', '2001:db8::9'],
  ['one spelling of an IPv6 address', one, '10.0.0.1', '2001:0DB8:0:0::0009', '2001:db8::9'],
  ['a mapped client is its IPv4 address', one, '10.0.0.1', '::ffff:203.0.113.9', '203.0.113.9'],
  ['a mapped client in hexadecimal too', one, '10.0.0.1', '::ffff:cb00:7109', '203.0.113.9'],
  ['a mapped proxy is the proxy', one, '::ffff:10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['a proxy on IPv6', ['fd00::1'], 'fd00::1', '2001:db8::9', '2001:db8::9'],
  ['a proxy written as a mapped address', ['::ffff:10.0.0.1'], '10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['an IPv4 network does not trust IPv6', ['0.0.0.0/0'], 'fd00::1', '203.0.113.9', 'fd00::1'],
  ['a statement in quotes is a word', one, '10.0.0.1', '"203.0.113.9"', '10.0.0.1'],
  ['a line break in a header is a word', one, '10.0.0.1', '203.0.113.9\n', '203.0.113.9'],
  ['no peer is nobody', one, '', '203.0.113.9', ''],
];

test.each(cases)('%s', (_, trusted, peer, forwarded, client) => {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  expect(clientAddress(peer, headers, trusted.map(parseNetwork))).toBe(client);
});

describe('over HTTP', () => {
  const settings = { limits: { ...defaultSettings.limits, clientFailures: { attempts: 8, seconds: 600 } } };
  let portico: RunningPortico;
  afterEach(() => portico.stop());

  const guess = (forwarded: string, more: Record<string, string> = {}) =>
    exchange(`${portico.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('shop:wrong')}`, 'x-forwarded-for': forwarded, ...more },
      body: 'grant_type=authorization_code',
    });
  const buckets = async () => Number((await portico.db.pool.query('select count(*) as n from portico.limits')).rows[0].n);

  test('a stranger who rotates X-Forwarded-For stays in one bucket', async () => {
    portico = await startPortico({ settings, brands: [shop] });
    const answers: number[] = [];
    // The counter of a client has eight parts; each takes one failure here, so nine guesses meet a full one.
    for (let last = 0; last < 20; last += 1) {
      const address = `203.0.113.${last}`;
      answers.push((await guess(address, { forwarded: `for=${address}`, 'x-real-ip': address })).status);
    }
    expect(answers[0]).toBe(401);
    expect(answers).toContain(429);
    expect(await buckets()).toBeLessThanOrEqual(8);
  });

  test('behind a trusted proxy each client has its own', async () => {
    portico = await startPortico({ settings, brands: [shop], env: { TRUSTED_PROXIES: '127.0.0.1,::1' } });
    const answers: number[] = [];
    for (let last = 0; last < 20; last += 1) answers.push((await guess(`6.6.6.6, 203.0.113.${last}`)).status);
    expect(new Set(answers)).toEqual(new Set([401]));
    expect(await buckets()).toBe(20);
  });
});

const shop = {
  slug: 'nightfall',
  clients: [
    {
      kind: 'web' as const,
      metadata: { client_id: 'shop', redirect_uris: ['https://shop.example/callback'] },
      secret: 'the secret of the shop',
    },
  ],
};
