import { networkOf, UNKNOWN_NETWORK } from '../../src/domain/networks.ts';

test.each([
  ['203.0.113.9', '203.0.113.9/32'],
  ['::ffff:203.0.113.9', '203.0.113.9/32'],
  ['::ffff:cb00:7109', '203.0.113.9/32'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::1', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80::/64'],
  ['::1', '::/64'],
])('%s counts as %s', (ip, network) => {
  expect(networkOf(ip)).toBe(network);
});

test.each(['', 'a', '1', '127.1', '0x7f.0.0.1', '010.0.0.1', '256.0.0.1', '1.2.3.4:80', '[::1]', '1.2.3.4, 5.6.7.8', '::g', '%'])(
  '%p is in the one bucket of the unknown',
  (ip) => {
    expect(networkOf(ip)).toBe(UNKNOWN_NETWORK);
  },
);
