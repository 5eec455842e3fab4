import { identifierDigest, newIdentifierKey, openIdentifierKey } from '../../src/domain/identifiers.ts';
import { createKeyring } from '../../src/keyring.ts';

const keyring = createKeyring('a root secret of more than thirty-two characters');

test('the same value of another kind or under another key has another digest', () => {
  const key = keyring.key('identifiers', 'a');
  const digest = identifierDigest(key, 'email', 'anna@example.com');
  expect(digest).toHaveLength(32);
  expect(identifierDigest(key, 'email', 'anna@example.com')).toEqual(digest);
  expect(identifierDigest(key, 'external_id', 'anna@example.com')).not.toEqual(digest);
  expect(identifierDigest(keyring.key('identifiers', 'b'), 'email', 'anna@example.com')).not.toEqual(digest);
});

test("a brand's key opens for that brand alone and is opened once", () => {
  const identifierKey = newIdentifierKey(keyring, 'demo');
  const brand = { slug: 'demo', identifierKey };
  expect(openIdentifierKey(keyring, brand)).toHaveLength(32);
  expect(openIdentifierKey({ open: () => Buffer.alloc(0) }, brand)).toBe(openIdentifierKey(keyring, brand));
  expect(() => openIdentifierKey(keyring, { slug: 'other', identifierKey: Buffer.from(identifierKey) })).toThrow();
});
