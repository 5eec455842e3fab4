// Who an account's owner is at upstream identity providers.
import { sliceOfAccount } from '../domain/slices.ts';
import { type Db, sql } from './database.ts';

export interface FederatedIdentity {
  issuer: string;
  subject: string;
  /** What people call it, such as "Google". */
  providerName: string;
  linkedAt: Date;
}

export async function listOf(db: Db, brandId: number, accountId: string): Promise<FederatedIdentity[]> {
  return db.rows<FederatedIdentity>(sql`
    select issuer, subject, provider_name as "providerName", linked_at as "linkedAt"
    from portico.federated_identities
    where brand_id = ${brandId} and slice = ${sliceOfAccount(accountId)} and account_id = ${accountId}
    order by linked_at`);
}
