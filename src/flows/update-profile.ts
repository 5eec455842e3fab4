// The end-user changes what they say of themselves. Of several changes at once each is whole, and the last one stands.
import type { Brand } from '../domain/brands.ts';
import { changeProfile, type Profile } from '../domain/profile.ts';
import type { Source } from '../domain/sources.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import * as accounts from '../storage/accounts.ts';
import * as auditEvents from '../storage/audit-events.ts';

export interface UpdateProfile {
  accountId: string;
  profile: Profile;
  source: Source;
}

/**
 * @returns the names of the claims that changed; none when everything was so already.
 * @throws Refusal birthdate_invalid, locale_invalid, name_malformed, name_too_long, phone_number_invalid with the field; account_unavailable.
 */
export async function updateProfile(
  { db }: Pick<Services, 'db'>,
  brand: Brand,
  { accountId, profile, source }: UpdateProfile,
): Promise<string[]> {
  // Until the day has begun everywhere (UTC+14).
  const today = new Date(Date.now() + 14 * 3_600_000).toISOString().slice(0, 10);
  return db.transaction(async (db) => {
    const account = await accounts.lock(db, brand.id, accountId);
    if (!account) throw new Refusal('account_unavailable');
    const { claims, changed } = changeProfile(account.claims, profile, today);
    if (changed.length === 0) return changed;
    await accounts.saveClaims(db, brand.id, accountId, claims);
    const details = { fields: changed.join(' ') };
    await auditEvents.record(db, brand.id, { event: 'profile_changed', actor: 'end_user', accountId, source, details });
    return changed;
  });
}
