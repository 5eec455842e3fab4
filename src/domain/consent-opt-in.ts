// Double opt-in for mailings: what was ticked waits for the link of a mail, and what the link remembers is the line to be.
import type { Brand } from './brands.ts';
import type { NewConsentLine } from './consent-ledger.ts';
import type { AccountConsents } from './consents.ts';
import { newLink } from './one-time-codes.ts';

export interface RememberedOptIn {
  line: NewConsentLine;
  /** Whose mail it is: what somebody else's inbox confirms proves nothing once the account has another address. */
  email: string | null;
}

/** The row for storage/one-time-codes.ts and the link that opens it. */
export function newOptIn(
  keyring: Parameters<typeof newLink>[0],
  brand: Pick<Brand, 'id' | 'issuer'>,
  accountId: string,
  remembered: RememberedOptIn,
) {
  const { row, token } = newLink(keyring, brand.id, 'confirm_consent', accountId, remembered);
  return { row, link: `${brand.issuer}/confirm-consent?token=${token}` };
}

/** The tick this link is about, or one before it that was never taken back, still waits in the account of this address. */
export function isAwaited(
  { line, email }: RememberedOptIn,
  { consents: { pending }, email: now }: { consents: AccountConsents; email: string | null },
): boolean {
  const waiting = pending?.[line.document];
  return waiting?.version === line.version && line.at >= (waiting.first ?? waiting.at) && email === now;
}

/** What the account's row knows while the mails are on their way. */
export function awaiting(consents: AccountConsents, lines: readonly NewConsentLine[]): AccountConsents {
  if (lines.length === 0) return consents;
  const entries = lines.map(({ document, version, at }) => {
    const before = consents.pending?.[document];
    const again = before?.version === version && { first: before.first ?? before.at };
    return [document, { version, at, ...again }] as const;
  });
  return { ...consents, pending: { ...consents.pending, ...Object.fromEntries(entries) } };
}
