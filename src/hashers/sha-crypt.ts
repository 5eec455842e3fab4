// SHA-256 and SHA-512 as Linux stores them (Drepper, "Unix crypt using SHA-256 and SHA-512"):
//   $5$rounds=5000$<up to 16 characters of salt>$<digest>, $6$ with SHA-512; without rounds= it is 5000
import { createHash } from 'node:crypto';
import { encodeNumber } from './crypt-alphabet.ts';
import { equalBytes, type HashFormat, repeatedly } from './format.ts';

const MOST_ROUNDS = 1_000_000;
const form = /^\$([56])\$(?:rounds=(\d+)\$)?([^$]{0,16})\$([./A-Za-z0-9]+)$/;

export const shaCryptHashes: HashFormat = {
  parse(hash) {
    const [, kind, named = '5000', salt = '', digest = ''] = form.exec(hash) ?? [];
    // The scheme itself raises fewer to a thousand.
    const rounds = Math.max(1_000, Number(named));
    if (!kind || rounds > MOST_ROUNDS || digest.length !== (kind === '5' ? 43 : 86)) return undefined;
    const algorithm = kind === '5' ? 'sha256' : 'sha512';
    return async (password) => {
      const made = await shaCrypt(algorithm, Buffer.from(password), Buffer.from(salt), rounds);
      return equalBytes(Buffer.from(made), Buffer.from(digest));
    };
  },
};

type Algorithm = 'sha256' | 'sha512';

/** The numbered steps are those of the specification. */
async function shaCrypt(algorithm: Algorithm, password: Buffer, salt: Buffer, rounds: number): Promise<string> {
  const digest = (...parts: Buffer[]) => parts.reduce((hash, part) => hash.update(part), createHash(algorithm)).digest();
  const alternate = digest(password, salt, password);
  // Steps 1 to 12.
  const first = [password, salt, stretch(alternate, password.length)];
  for (let left = password.length; left > 0; left >>= 1) first.push(left & 1 ? alternate : password);
  let state = digest(...first);
  // Steps 13 to 20: the password and the salt are hidden in sequences of their own.
  const p = stretch(digest(...Array<Buffer>(password.length).fill(password)), password.length);
  const s = stretch(digest(...Array<Buffer>(16 + (state[0] ?? 0)).fill(salt)), salt.length);
  // Step 21.
  await repeatedly(rounds, (round) => {
    const parts = [round & 1 ? p : state];
    if (round % 3) parts.push(s);
    if (round % 7) parts.push(p);
    parts.push(round & 1 ? state : p);
    state = digest(...parts);
  });
  return encode(algorithm, state);
}

function stretch(bytes: Buffer, length: number): Buffer {
  return Buffer.alloc(length, bytes);
}

/** Step 22: three bytes at a time, from the three thirds of the digest, whose roles turn with each step. */
function encode(algorithm: Algorithm, state: Buffer): string {
  const third = algorithm === 'sha256' ? 10 : 21;
  const at = (index: number) => state[index] ?? 0;
  let text = '';
  for (let step = 0; step < third; step += 1) {
    const bytes = [at(step), at(step + third), at(step + 2 * third)];
    const turn = algorithm === 'sha256' ? (3 - (step % 3)) % 3 : step % 3;
    const [high = 0, middle = 0, low = 0] = [bytes[turn], bytes[(turn + 1) % 3], bytes[(turn + 2) % 3]];
    text += encodeNumber((high << 16) | (middle << 8) | low, 4);
  }
  return text + (algorithm === 'sha256' ? encodeNumber((at(31) << 8) | at(30), 3) : encodeNumber(at(63), 2));
}
