// What an operator's flows need, over a fresh database.
import type { Brand } from '../../../src/domain/brands.ts';
import { type ApplyBrand, applyBrand } from '../../../src/flows/admin/apply-brand.ts';
import { createKeyring } from '../../../src/keyring.ts';
import * as brands from '../../../src/storage/brands.ts';
import { createTestDatabase } from '../../support/database.ts';

export type Operator = Awaited<ReturnType<typeof createOperator>>;

export async function createOperator() {
  const database = await createTestDatabase();
  const services = { db: database.db, keyring: createKeyring('a root secret of more than thirty-two characters') };
  let count = 0;
  return {
    ...services,
    database,
    apply: (input: ApplyBrand) => applyBrand(services, { algorithms: ['ES256'], ...input }),
    /** A new brand with ES256 keys. */
    async brand(more: Partial<ApplyBrand> = {}): Promise<Brand> {
      count += 1;
      const slug = `brand-${count}`;
      return (await this.apply({ slug, issuer: `https://${slug}.example`, name: slug, ...more })).brand;
    },
    async version({ slug }: Brand): Promise<number> {
      return (await brands.findBySlug(database.db, slug))?.version ?? 0;
    },
    close: () => database.close(),
  };
}

/** Fires `work` 20 times at once. @returns what succeeded and the messages of what did not. */
export async function twentyAtOnce<Result>(work: (index: number) => Promise<Result>): Promise<{ done: Result[]; refused: string[] }> {
  const all = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => work(index)));
  return {
    done: all.filter((result) => result.status === 'fulfilled').map(({ value }) => value),
    refused: all.filter((result) => result.status === 'rejected').map(({ reason }) => String(reason.message)),
  };
}
