// Who stands where nobody is: an address without an account gets the same rows as one with, for an account that does not exist.
import type { Brand } from './brands.ts';
import { SLICES } from './slices.ts';

interface Authenticator {
  mac(purpose: 'codes', context: string, data: Buffer): Buffer;
}

/**
 * The same id for the same address, so that what was mailed last ends what was mailed before for nobody too: whoever watches one
 * browser's page while asking in another learns nothing.
 */
export function nobodyFor(
  keyring: Authenticator,
  { id, homeSlice, slices }: Pick<Brand, 'id' | 'homeSlice' | 'slices'>,
  digest: Buffer,
): string {
  const mac = keyring.mac('codes', `nobody/${id}`, digest);
  const slice = (homeSlice + (mac.readUInt32BE(16) % slices)) % SLICES;
  const hex = mac.toString('hex', 0, 14);
  // Shaped as a random uuid (RFC 9562 5.4), the slice in its last 15 bits as in every account's.
  const tail = ((mac.readUInt16BE(20) & 0x8000) | slice).toString(16).padStart(4, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 28)}${tail}`;
}
