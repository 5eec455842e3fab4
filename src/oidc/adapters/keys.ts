// Bearer ids never reach the database: a row stands under the sha256 of its id.
import { createHash } from 'node:crypto';
import { sliceOfId } from '../../domain/slices.ts';
import type { RowKey } from '../../storage/oidc-tokens.ts';

const LONGEST = 512;

/** undefined for what can be no id of ours: the caller answers "not found" without asking the database. */
export function keyOf(id: unknown): RowKey | undefined {
  if (typeof id !== 'string' || id.length === 0 || id.length > LONGEST) return undefined;
  return { slice: sliceOfId(id), id: createHash('sha256').update(id).digest() };
}

/** Grant ids and session uids are no bearer values and stand as text. */
export function isName(id: unknown): id is string {
  return typeof id === 'string' && id.length <= LONGEST && /^[\w-]+$/.test(id);
}
