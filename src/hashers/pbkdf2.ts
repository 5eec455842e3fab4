// PBKDF2 (RFC 8018 5.2) in the three forms that travel:
//   Django    pbkdf2_sha256$600000$<salt as text>$<base64>
//   passlib   $pbkdf2-sha256$29000$<base64, . for +>$<base64>; $pbkdf2$ is SHA-1
//   PHC       $pbkdf2-sha512$i=210000,l=64$<base64>$<base64>
import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { equalBytes, fromBase64, type HashFormat, keyLengths } from './format.ts';

const derive = promisify(pbkdf2);
const MOST_ITERATIONS = 10_000_000;
const django = /^pbkdf2_(sha1|sha256|sha512)\$(\d+)\$([^$]*)\$([A-Za-z0-9+/]+=*)$/;
const modular = /^\$pbkdf2(?:-(sha1|sha256|sha512))?\$(?:i=)?(\d+)(?:,l=\d+)?\$([A-Za-z0-9+/.=_-]*)\$([A-Za-z0-9+/.=_-]+)$/;

export const pbkdf2Hashes: HashFormat = {
  parse(hash) {
    const [, digest = 'sha1', iterations, salt = '', key = ''] = django.exec(hash) ?? modular.exec(hash) ?? [];
    const times = Number(iterations);
    if (!(times >= 1 && times <= MOST_ITERATIONS)) return undefined;
    const saltBytes = hash.startsWith('$') ? fromBase64(salt) : Buffer.from(salt);
    const expected = fromBase64(key);
    if (!keyLengths.has(expected.length)) return undefined;
    return async (password) => equalBytes(await derive(password, saltBytes, times, expected.length, digest), expected);
  },
};
