// The brand a command speaks of: the one that is named, or the only one there is.
import type { Brand } from '../domain/brands.ts';
import { OperatorError } from '../errors.ts';
import type { Services } from '../services.ts';
import * as brands from '../storage/brands.ts';
import { type Option, type Options, textOption, UsageError } from './command.ts';
import { CALL } from './help.ts';
import { nearest } from './nearest.ts';

export const brandOption: Option = { type: 'string', value: 'slug', says: 'The brand; needed when there are several' };

/** @throws OperatorError, UsageError. */
export async function findBrand({ db }: Pick<Services, 'db'>, options: Options): Promise<Brand> {
  const slug = textOption(options, 'brand');
  if (slug !== undefined) return brandOf({ db }, slug);
  const all = await brands.list(db);
  const [only] = all;
  if (only && all.length === 1) return only;
  if (!only) throw new OperatorError(`There is no brand yet. Make one with: ${CALL} brand apply <folder>`);
  throw new UsageError(`Which brand? Add --brand with one of: ${some(all.map((brand) => brand.slug))}.`);
}

/** @throws OperatorError. */
export async function brandOf({ db }: Pick<Services, 'db'>, slug: string): Promise<Brand> {
  const brand = await brands.findBySlug(db, slug);
  if (brand) return brand;
  const slugs = (await brands.list(db)).map((known) => known.slug);
  const guess = nearest(slug, slugs);
  throw new OperatorError(
    `There is no brand "${slug}". ${guess ? `Did you mean "${guess}"?` : `The brands are: ${some(slugs) || 'none yet'}.`}`,
  );
}

function some(slugs: string[]): string {
  return slugs.length > 10 ? `${slugs.slice(0, 10).join(', ')} and ${slugs.length - 10} more` : slugs.join(', ');
}
