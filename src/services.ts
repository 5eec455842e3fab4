// The doors to the outside, built once in main and handed to flows. A test builds the same with other settings.
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import type { Hasher } from './hasher.ts';
import type { Keyring } from './keyring.ts';
import type { Database } from './storage/database.ts';

export interface Services {
  config: Config;
  log: Logger;
  db: Database;
  hasher: Hasher;
  keyring: Keyring;
}
