// scrypt (RFC 7914) as PHC and passlib write it: $scrypt$ln=16,r=8,p=1$<base64>$<base64>
import { type ScryptOptions, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { equalBytes, fromBase64, type HashFormat, keyLengths } from './format.ts';

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);
const MOST_MEMORY = 1_073_741_824;
const form = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/.=]*)\$([A-Za-z0-9+/.=]+)$/;

export const scryptHashes: HashFormat = {
  parse(hash) {
    const [, ln, r, p, salt = '', key = ''] = form.exec(hash) ?? [];
    const [cost, blockSize, parallelization] = [2 ** Number(ln), Number(r), Number(p)];
    const memory = 128 * cost * blockSize;
    const expected = fromBase64(key);
    if (
      !(cost >= 2 && blockSize >= 1 && parallelization >= 1) ||
      memory * parallelization > MOST_MEMORY ||
      !keyLengths.has(expected.length)
    )
      return undefined;
    const options = { cost, blockSize, parallelization, maxmem: 2 * memory + 1_048_576 };
    return async (password) => equalBytes(await derive(password, fromBase64(salt), expected.length, options), expected);
  },
};
