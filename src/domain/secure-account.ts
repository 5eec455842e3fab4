// "This was not me": the link in every mail that tells an owner what happened to their account.
import type { Brand } from './brands.ts';
import { newLink } from './one-time-codes.ts';

/** The row for storage/one-time-codes.ts and the link that opens it. Only a link: there is no page to type digits on. */
export function newSecureLink(keyring: Parameters<typeof newLink>[0], brand: Pick<Brand, 'id' | 'issuer'>, accountId: string) {
  const { row, token } = newLink(keyring, brand.id, 'secure_account', accountId);
  return { row, link: `${brand.issuer}/secure-account?token=${token}` };
}
