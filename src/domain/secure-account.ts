// "This was not me": the link in every mail that tells an owner what happened to their account.
import type { Brand } from './brands.ts';
import { codeLifetimes, newOneTimeCode, sealRemembered } from './one-time-codes.ts';

type Keyring = Parameters<typeof newOneTimeCode>[0] & Parameters<typeof sealRemembered>[0];

/** The row for storage/one-time-codes.ts and the link that opens it. Only a link: there is no page to type digits on. */
export function newSecureLink(keyring: Keyring, brand: Pick<Brand, 'id' | 'issuer'>, accountId: string) {
  const { key, secret, token } = newOneTimeCode(keyring, brand.id, accountId);
  const sealed = sealRemembered(keyring, brand.id, 'secure_account', key, {});
  const seconds = codeLifetimes.secure_account;
  const row = { brandId: brand.id, purpose: 'secure_account' as const, key, accountId, secret, sealed, seconds };
  return { row, link: `${brand.issuer}/secure-account?token=${token}` };
}
