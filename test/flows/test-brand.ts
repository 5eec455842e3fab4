// A brand with its doors to the outside, for tests of flows and storage below the web.
import { type Brand, type BrandSettings, defaultSettings } from '../../src/domain/brands.ts';
import { newIdentifierKey } from '../../src/domain/identifiers.ts';
import { createHasher, type Hasher } from '../../src/hasher.ts';
import { createKeyring, type Keyring } from '../../src/keyring.ts';
import * as brands from '../../src/storage/brands.ts';
import type { Database } from '../../src/storage/database.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

export interface TestBrand {
  database: TestDatabase;
  db: Database;
  hasher: Hasher;
  keyring: Keyring;
  brand: Brand;
  /** The same brand with other settings, in memory only. */
  with(settings: Partial<BrandSettings>): Brand;
  /** What `work` cost: its statements and how many hashes were computed. */
  cost(work: () => Promise<unknown>): Promise<{ statements: string[]; hashes: number }>;
  close(): Promise<void>;
}

export async function createTestBrand(slug = 'demo'): Promise<TestBrand> {
  const database = await createTestDatabase();
  const keyring = createKeyring('a root secret of more than thirty-two characters');
  // Whoever waits is served, however slow the machine: what a full queue does is tested where it belongs.
  const hasher = createHasher({ concurrency: 2, queue: 1_000, deadline: 60_000 });
  const brand = await brands.insert(database.db, {
    slug,
    issuer: `https://${slug}.example`,
    name: 'Nightfall Records',
    homeSlice: 7,
    settings: {},
    theme: {},
    identifierKey: newIdentifierKey(keyring, slug),
  });
  if (!brand) throw new Error(`the brand ${slug} exists already`);
  return {
    database,
    db: database.db,
    hasher,
    keyring,
    brand,
    with: (settings) => ({ ...brand, settings: { ...defaultSettings, ...settings } }),
    cost: async (work) => {
      database.statements.length = 0;
      const before = hasher.count;
      await work().catch(() => {});
      return { statements: [...database.statements], hashes: hasher.count - before };
    },
    close: async () => {
      hasher.close();
      await database.close();
    },
  };
}
