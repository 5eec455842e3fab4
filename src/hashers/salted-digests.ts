// One round of a plain digest, salted or not: worth a few minutes to whoever steals it, so it lives until the first sign-in only.
//   LDAP     {SSHA256}<base64 of digest, then salt>: the password stands before the salt; {SHA}, {MD5} without salt, {SMD5}, {SSHA}
//   Django   sha256$<salt>$<hex>: the salt stands before the password; md5, sha1, sha256, sha512; the salt may be empty
import { createHash } from 'node:crypto';
import { equalBytes, fromBase64, type HashFormat } from './format.ts';

const lengths: Readonly<Record<string, number>> = { md5: 16, sha1: 20, sha256: 32, sha384: 48, sha512: 64 };
const ldap = /^\{(S)?(MD5|SHA(?:256|384|512)?)\}([A-Za-z0-9+/]+=*)$/i;
const django = /^(md5|sha1|sha256|sha512)\$([^$]*)\$([0-9a-f]+)$/i;

export const saltedDigests: HashFormat = {
  parse(hash) {
    const known = readLdap(hash) ?? readDjango(hash);
    if (!known) return undefined;
    const { algorithm, before, after, expected } = known;
    return async (password) => equalBytes(createHash(algorithm).update(before).update(password).update(after).digest(), expected);
  },
};

interface Digest {
  algorithm: string;
  before: Buffer;
  after: Buffer;
  expected: Buffer;
}

const none = Buffer.alloc(0);

function readLdap(hash: string): Digest | undefined {
  const [, salted, name = '', encoded = ''] = ldap.exec(hash) ?? [];
  const algorithm = name.toLowerCase() === 'sha' ? 'sha1' : name.toLowerCase();
  const length = lengths[algorithm];
  const bytes = fromBase64(encoded);
  if (!length || (salted ? bytes.length <= length : bytes.length !== length)) return undefined;
  return { algorithm, before: none, after: bytes.subarray(length), expected: bytes.subarray(0, length) };
}

function readDjango(hash: string): Digest | undefined {
  const [, name = '', salt = '', hex = ''] = django.exec(hash) ?? [];
  const algorithm = name.toLowerCase();
  if (!name || hex.length !== 2 * (lengths[algorithm] ?? 0)) return undefined;
  return { algorithm, before: Buffer.from(salt), after: none, expected: Buffer.from(hex, 'hex') };
}
