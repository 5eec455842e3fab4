// PORTICO_SECRET: long, random, and the one this installation's keys were sealed with.
import type { Config } from '../../config.ts';
import type { Brand } from '../../domain/brands.ts';
import { createKeyring } from '../../keyring.ts';
import { WRONG_SECRET_REMEDY, wrongSecret } from '../../secret-check.ts';
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

function belongs(secret: string, brands: readonly Brand[]): Finding[] {
  if (brands.length === 0) return [];
  const says = wrongSecret(createKeyring(secret), brands);
  return [says ? fail('secret', says, WRONG_SECRET_REMEDY) : ok('secret', "It opens the brands' keys.")];
}
