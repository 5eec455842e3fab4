// Defining the questions of a brand: what is not named stays, and what people may have answered keeps its kind.
import type { ProfileField } from './domain/profile-fields.ts';
import { OperatorError } from './errors.ts';
import type { Db } from './storage/database.ts';
import * as profileFields from './storage/profile-fields.ts';

/**
 * The caller holds the brand.
 * @returns what is new: "field loyalty_card".
 * @throws OperatorError where a question would become one of another kind, or two would ask for the same.
 */
export async function defineFields(db: Db, brandId: number, fields: readonly ProfileField[]): Promise<string[]> {
  const news: string[] = [];
  for (const [position, field] of (await allFields(db, brandId, fields)).entries())
    if (await profileFields.save(db, brandId, field, position)) news.push(`field ${field.key}`);
  return news;
}

/** Those given, and behind them the ones that are there and were not named. */
async function allFields(db: Db, brandId: number, given: readonly ProfileField[]): Promise<readonly ProfileField[]> {
  if (given.length === 0) return given;
  const stored = await profileFields.list(db, brandId);
  for (const before of stored) {
    const now = given.find(({ key }) => key === before.key);
    if (now && isOtherKind(before, now))
      throw new OperatorError(
        `profile.json: ${before.key} is of the type ${before.type}, and people may have answered it. Give the new question a key of its own.`,
      );
  }
  const all = [...given, ...stored.filter(({ key }) => !given.some((field) => field.key === key))];
  const asks = (...keys: string[]) => all.some(({ key, enabled }) => enabled && keys.includes(key));
  if (asks('name') && asks('given_name', 'family_name'))
    throw new OperatorError(
      'profile.json: name asks for the first and last name, which have fields of their own here. Switch off one of them.',
    );
  return all;
}

/** Its answers would be made of something else: most are a string, however it is chosen. */
function isOtherKind(before: ProfileField, now: ProfileField): boolean {
  if (kindOf(before) !== kindOf(now)) return true;
  return before.items.some((item) => now.items.some((other) => other.key === item.key && isOtherKind(item, other)));
}

function kindOf({ type }: ProfileField): string {
  return ['number', 'checkbox', 'multi_select', 'name', 'address', 'group'].includes(type) ? type : 'text';
}
