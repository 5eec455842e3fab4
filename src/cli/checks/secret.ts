// PORTICO_SECRET: long, random, and the one this installation's keys were sealed with.
import type { Config } from '../../config.ts';
import type { Brand } from '../../domain/brands.ts';
import { openIdentifierKey } from '../../domain/identifiers.ts';
import { createKeyring } from '../../keyring.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

export function checkSecret({ secret, production }: Pick<Config, 'secret' | 'production'>, brands: readonly Brand[]): Finding[] {
  return [strength(secret, production), ...belongs(secret, brands)];
}

function strength(secret: string, production: boolean): Finding {
  const remedy = 'Make a random one before the first account exists: openssl rand -base64 48';
  const kinds = new Set(secret).size;
  if (secret.length < 32 || kinds < 12) return (production ? fail : warn)('secret', 'PORTICO_SECRET is easy to guess.', remedy);
  return ok('secret', `PORTICO_SECRET has ${secret.length} characters, ${kinds} different ones.`);
}

/** Another secret opens none of the stored keys: no sign-in would work, and making accounts with it would split the brand. */
function belongs(secret: string, brands: readonly Brand[]): Finding[] {
  if (brands.length === 0) return [];
  const keyring = createKeyring(secret);
  const closed = brands.filter((brand) => {
    try {
      openIdentifierKey(keyring, brand);
      return false;
    } catch {
      return true;
    }
  });
  if (closed.length === 0) return [ok('secret', "It opens the brands' keys.")];
  const names = closed.slice(0, 5).map(({ slug }) => slug);
  return [
    fail(
      'secret',
      `PORTICO_SECRET does not open the keys of ${names.join(', ')}: they were made with another one.`,
      'Set the secret these brands were created with. It cannot be replaced by a new one.',
    ),
  ];
}
