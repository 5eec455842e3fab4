// PORTICO_SECRET is the one the brands' keys were sealed with. With another no sign-in would work, and accounts made with it would split a brand.
import type { Brand } from './domain/brands.ts';
import { openIdentifierKey } from './domain/identifiers.ts';
import { OperatorError } from './errors.ts';
import type { Keyring } from './keyring.ts';

export const WRONG_SECRET_REMEDY = 'Set the secret these brands were created with. It cannot be replaced by a new one.';

/** What to say when some of the brands' keys do not open. */
export function wrongSecret(keyring: Pick<Keyring, 'open'>, brands: readonly Brand[]): string | undefined {
  const closed = brands.filter((brand) => !opens(keyring, brand)).map(({ slug }) => slug);
  if (closed.length === 0) return undefined;
  const names = closed.length > 5 ? `${closed.slice(0, 5).join(', ')} and ${closed.length - 5} more` : closed.join(', ');
  return `PORTICO_SECRET does not open the keys of ${names}: they were made with another one.`;
}

/** @throws OperatorError with the remedy. */
export function refuseWrongSecret(keyring: Pick<Keyring, 'open'>, brands: readonly Brand[]): void {
  const says = wrongSecret(keyring, brands);
  if (says) throw new OperatorError(`${says} ${WRONG_SECRET_REMEDY}`);
}

function opens(keyring: Pick<Keyring, 'open'>, brand: Brand): boolean {
  try {
    openIdentifierKey(keyring, brand);
    return true;
  } catch {
    return false;
  }
}
