// Password hashes that came with accounts from elsewhere. They verify once: the first sign-in replaces them by our own (flows/login.ts).
// What is not recognised never matches; it is never an error, since whoever signs in cannot mend it.
import { argon2Hashes } from './argon2.ts';
import { bcryptHashes } from './bcrypt.ts';
import type { HashFormat } from './format.ts';
import { md5CryptHashes } from './md5-crypt.ts';
import { pbkdf2Hashes } from './pbkdf2.ts';
import { phpassHashes } from './phpass.ts';
import { saltedDigests } from './salted-digests.ts';
import { scryptHashes } from './scrypt.ts';
import { shaCryptHashes } from './sha-crypt.ts';

const formats: readonly HashFormat[] = [
  argon2Hashes,
  bcryptHashes,
  pbkdf2Hashes,
  scryptHashes,
  shaCryptHashes,
  md5CryptHashes,
  phpassHashes,
  saltedDigests,
];

/** Whether a hash can be imported: its form is known and computing it stays within bounds. */
export function isKnownHash(hash: string): boolean {
  return formats.some((format) => format.parse(hash) !== undefined);
}

/** Compares in constant time. False for a hash of an unknown form. */
export async function verifyImported(hash: string, password: string): Promise<boolean> {
  for (const format of formats) {
    const matches = format.parse(hash);
    if (matches) return matches(password);
  }
  return false;
}
