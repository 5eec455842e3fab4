// The link of a double opt-in: the mailing that was ticked counts from here on. Opening the link changes nothing, pressing its button does.
import type { Brand } from '../domain/brands.ts';
import { isAwaited, type RememberedOptIn } from '../domain/consent-opt-in.ts';
import { coarseNetwork } from '../domain/networks.ts';
import { codeKey, codeRefusal, openRemembered, readShown, readToken, secretDigest } from '../domain/one-time-codes.ts';
import type { Source } from '../domain/sources.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import * as accountConsents from '../storage/account-consents.ts';
import * as accounts from '../storage/accounts.ts';
import * as oneTimeCodes from '../storage/one-time-codes.ts';
import { traced } from '../traced.ts';

type Doors = Pick<Services, 'db' | 'keyring'>;

export interface FoundOptIn {
  document: string;
  version: number;
  locale: string;
  state: 'ask' | 'confirmed';
}

/** What a link is about; undefined when it is none of ours, too old, or what it confirms was taken back. */
export const findOptIn = traced(async function findOptIn(
  { db, keyring }: Doors,
  brand: Brand,
  token: string,
): Promise<FoundOptIn | undefined> {
  const halves = readToken(token);
  const key = halves && codeKey(halves.handle);
  if (!halves || !key) return undefined;
  const place = { brandId: brand.id, purpose: 'confirm_consent', key } as const;
  const row = await oneTimeCodes.find(db, place, { secret: secretDigest(halves.secret) });
  const account = row && (await accounts.find(db, brand.id, row.accountId));
  if (!row || !account || account.disabledAt) return undefined;
  const remembered = openRemembered<RememberedOptIn>(keyring, brand.id, 'confirm_consent', key, row.sealed);
  const { document, version, locale } = remembered.line;
  if (!row.consumedAt) return isAwaited(remembered, account) ? { document, version, locale, state: 'ask' } : undefined;
  const current = account.consents.current[document];
  return current?.answer === 'accepted' && current.version === version ? { document, version, locale, state: 'confirmed' } : undefined;
});

/**
 * Once: of many presses one writes the line.
 * @throws Refusal code_wrong, code_used; code_expired also when it was taken back since, or the account has another address or is gone.
 */
export const confirmConsent = traced(async function confirmConsent(
  { db, keyring }: Doors,
  brand: Brand,
  { token, source }: { token: string; source: Source },
): Promise<{ document: string }> {
  const { key, proof } = readShown(keyring, brand.id, { token });
  const place = { brandId: brand.id, purpose: 'confirm_consent', key } as const;
  const row = await oneTimeCodes.check(db, place, proof);
  if (!row) throw codeRefusal(await oneTimeCodes.find(db, place));
  const remembered = openRemembered<RememberedOptIn>(keyring, brand.id, 'confirm_consent', key, row.sealed);
  const { line } = remembered;
  return db.transaction(async (db) => {
    // The account before its codes, as everywhere: of two at once one waits, never both.
    const account = await accounts.lock(db, brand.id, row.accountId);
    if (!account) throw codeRefusal(undefined);
    if (!(await oneTimeCodes.take(db, place, proof))) throw new Refusal('code_used', 'code');
    if (!isAwaited(remembered, account)) throw codeRefusal(undefined);
    await accountConsents.write(db, keyring, brand, {
      accountId: row.accountId,
      before: account.consents,
      lines: [{ ...line, ...from(source), askedAt: line.at, at: new Date().toISOString() }],
      optIns: [],
      email: null,
      mails: 0,
      source,
      actor: 'end_user',
    });
    return { document: line.document };
  });
});

/** The proof is where the link was pressed; the client stays the one through which it was asked for. */
function from({ ip, userAgent }: Source) {
  return { network: coarseNetwork(ip), userAgent: userAgent?.toWellFormed().replaceAll('\0', '').slice(0, 400).toWellFormed() ?? null };
}
