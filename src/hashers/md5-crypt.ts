// The salted MD5 of old Linux and BSD ($1$) and of Apache's htpasswd ($apr1$), after Poul-Henning Kamp's md5crypt:
//   $1$<up to 8 characters of salt>$<digest>
import { createHash } from 'node:crypto';
import { encodeNumber } from './crypt-alphabet.ts';
import { equalBytes, type HashFormat, repeatedly } from './format.ts';

const form = /^(\$1\$|\$apr1\$)([^$]{0,8})\$([./A-Za-z0-9]{22})$/;

export const md5CryptHashes: HashFormat = {
  parse(hash) {
    const [, magic, salt = '', digest = ''] = form.exec(hash) ?? [];
    if (!magic) return undefined;
    return async (password) => {
      const made = await md5Crypt(Buffer.from(password), Buffer.from(magic), Buffer.from(salt));
      return equalBytes(Buffer.from(made), Buffer.from(digest));
    };
  },
};

const md5 = (...parts: Uint8Array[]) => parts.reduce((hash, part) => hash.update(part), createHash('md5')).digest();

async function md5Crypt(password: Buffer, magic: Buffer, salt: Buffer): Promise<string> {
  const first = [password, magic, salt, Buffer.alloc(password.length, md5(password, salt, password))];
  for (let left = password.length; left > 0; left >>= 1) first.push(left & 1 ? Buffer.alloc(1) : password.subarray(0, 1));
  let state = md5(...first);
  await repeatedly(1_000, (round) => {
    const parts = [round & 1 ? password : state];
    if (round % 3) parts.push(salt);
    if (round % 7) parts.push(password);
    parts.push(round & 1 ? state : password);
    state = md5(...parts);
  });
  return encode(state);
}

function encode(state: Buffer): string {
  const at = (index: number) => state[index] ?? 0;
  const groups = [0, 1, 2, 3, 4].map((step) => (at(step) << 16) | (at(step + 6) << 8) | at(step === 4 ? 5 : step + 12));
  return groups.map((group) => encodeNumber(group, 4)).join('') + encodeNumber(at(11), 2);
}
