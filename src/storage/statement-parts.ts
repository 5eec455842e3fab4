// What the parts of one statement share (unit-of-work.ts): its parameters, and the key of a row.
import type { RowKey } from './oidc-tokens.ts';

/** Adds a value, and says how the statement names it. */
export type Parameter = (value: unknown, type: string) => string;

export function tokenKey({ slice, id }: RowKey, parameter: Parameter): string {
  return `brand_id = $1::int and slice = ${parameter(slice, 'smallint')} and id = ${parameter(id, 'bytea')}`;
}
