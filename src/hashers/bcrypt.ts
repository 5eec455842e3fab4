// bcrypt as crypt(3) writes it: $2b$12$<22 characters of salt><31 of digest>; 2a, 2x and 2y are other programs' names for the same.
// It sees the first 72 bytes of a password; what follows did not count where it was made either.
import { verify } from '@node-rs/bcrypt';
import type { HashFormat } from './format.ts';

// About four seconds of a core; honest ones stay at or below 14.
const MOST_COST = 16;
const form = /^\$2[abxy]\$(\d\d)\$[./A-Za-z0-9]{53}$/;

export const bcryptHashes: HashFormat = {
  parse(hash) {
    const cost = Number(form.exec(hash)?.[1]);
    if (!(cost >= 4 && cost <= MOST_COST)) return undefined;
    return (password) => verify(password, hash).catch(() => false);
  },
};
