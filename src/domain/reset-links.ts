// Where a link for a new password leads: to our own page, or to one that a client has made itself.
import type { Brand } from './brands.ts';

/** What a `reset_password` row remembers. */
export interface RememberedReset {
  /** The account's address when it was made: for an account that has another one by now it opens nothing. */
  email?: string | undefined;
  /** We sent it to that address ourselves, so using it proves the mailbox. */
  mailed?: boolean | undefined;
}

/** A page of a client's own, and the address it is told. */
export interface CustomResetPage {
  url: string;
  email: string;
}

/**
 * The link for a token, always under the brand's issuer unless a client's registered page takes its place.
 * That page gets `email`, `resetPasswordToken` and `publisherId` (the brand's id) beside the query it has.
 * @param under path below the issuer, such as `/interaction/<uid>`.
 */
export function resetLink(
  brand: Pick<Brand, 'id' | 'issuer'>,
  token: string,
  { under = '', page }: { under?: string | undefined; page?: CustomResetPage | undefined },
): string {
  if (!page) return `${brand.issuer}${under}/reset-password?token=${token}`;
  const added = new URLSearchParams({ email: page.email, resetPasswordToken: token, publisherId: String(brand.id) });
  return `${page.url}${page.url.includes('?') ? '&' : '?'}${added}`;
}

/** True when the address is one of those registered, character by character: what only resembles one belongs to somebody else. */
export function isRegisteredResetUrl(registered: readonly string[] | undefined, wanted: string): boolean {
  return registered?.includes(wanted) ?? false;
}
