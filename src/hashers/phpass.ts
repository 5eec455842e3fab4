// phpass, "portable hashes": $P$ (WordPress before 6.8) and $H$ (phpBB) with MD5, $S$ (Drupal 7) with SHA-512.
//   $P$<log2 of the rounds, one character><8 characters of salt><digest>
import { createHash } from 'node:crypto';
import { encodeCrypt, placeOf } from './crypt-alphabet.ts';
import { equalBytes, type HashFormat, repeatedly } from './format.ts';

const MOST_ROUNDS_LOG2 = 20;
const form = /^\$([PHS])\$([./A-Za-z0-9])([./A-Za-z0-9]{8})([./A-Za-z0-9]+)$/;

export const phpassHashes: HashFormat = {
  parse(hash) {
    const [, kind, rounds, salt = '', digest = ''] = form.exec(hash) ?? [];
    // Drupal cuts its hashes to 55 characters.
    if (!kind || digest.length !== (kind === 'S' ? 43 : 22) || placeOf(rounds) > MOST_ROUNDS_LOG2) return undefined;
    const algorithm = kind === 'S' ? 'sha512' : 'md5';
    return async (password) => {
      const typed = Buffer.from(password);
      let state: Buffer = createHash(algorithm).update(salt).update(typed).digest();
      await repeatedly(2 ** placeOf(rounds), () => {
        state = createHash(algorithm).update(state).update(typed).digest();
      });
      return equalBytes(Buffer.from(encodeCrypt(state).slice(0, digest.length)), Buffer.from(digest));
    };
  },
};
