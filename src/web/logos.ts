// The brands' logos, from their table, loaded once per version of a brand.
import type { Brand } from '../domain/brands.ts';
import * as brandAssets from '../storage/brand-assets.ts';
import type { Db } from '../storage/database.ts';

const BOUND = 500;

export type Logos = ReturnType<typeof createLogos>;

export function createLogos(db: Db) {
  const cache = new Map<string, brandAssets.BrandAsset | undefined>();
  const keyOf = (brand: Brand) => `${brand.id}/${brand.version}`;

  return {
    /** Called before a page of the brand is drawn. */
    async load(brand: Brand): Promise<void> {
      if (cache.has(keyOf(brand))) return;
      const assets = await brandAssets.list(db, brand.id);
      if (cache.size >= BOUND) cache.clear();
      cache.set(
        keyOf(brand),
        assets.find(({ name }) => name === 'logo'),
      );
    },

    /** Relative to the issuer; undefined when the brand has none. */
    path(brand: Brand): string | undefined {
      const logo = cache.get(keyOf(brand));
      return logo && `/assets/logo.${logo.digest}`;
    },

    find(brand: Brand): brandAssets.BrandAsset | undefined {
      return cache.get(keyOf(brand));
    },
  };
}
