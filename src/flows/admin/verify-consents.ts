// An operator asks whether the ledgers of a brand are what was written: each is walked from its first line and compared with its account's row.
import type { Brand } from '../../domain/brands.ts';
import { checkLedger, type LedgerFault } from '../../domain/consent-ledger.ts';
import type { Services } from '../../services.ts';
import * as accounts from '../../storage/accounts.ts';
import * as consents from '../../storage/consents.ts';
import { traced } from '../../traced.ts';

export interface LedgersReport {
  accounts: number;
  lines: number;
  /** Nothing, or the first thousand of what is wrong. */
  faults: (LedgerFault & { accountId: string })[];
}

const PAGE = 500;
const MOST_FAULTS = 1_000;

/** Answers go on being given meanwhile: what does not fit is looked at once more before it counts as a fault. */
export const verifyConsents = traced(async function verifyConsents(
  services: Pick<Services, 'db' | 'keyring'>,
  brand: Brand,
): Promise<LedgersReport> {
  const report: LedgersReport = { accounts: 0, lines: 0, faults: [] };
  let after: string | undefined;
  do {
    const page = await accounts.list(services.db, brand.id, { limit: PAGE, ...(after && { after }) });
    const last = page.at(-1)?.id;
    const lines = last ? await consents.listBetween(services.db, brand.id, after, last) : new Map();
    for (const { id, consents: known } of page) {
      const own = lines.get(id) ?? [];
      report.accounts += own.length > 0 || known.lines > 0 ? 1 : 0;
      report.lines += own.length;
      const faults = checkLedger(services.keyring, { brandId: brand.id, accountId: id }, known, own);
      if (faults.length > 0) report.faults.push(...(await again(services, brand, id)));
    }
    report.faults.splice(MOST_FAULTS);
    after = page.length === PAGE ? last : undefined;
  } while (after);
  return report;
});

async function again({ db, keyring }: Pick<Services, 'db' | 'keyring'>, brand: Brand, accountId: string) {
  return db.transaction(async (db) => {
    // Held, so that row and ledger are of one moment; a disabled account is answered by nobody.
    const account = (await accounts.lock(db, brand.id, accountId)) ?? (await accounts.find(db, brand.id, accountId));
    if (!account) return [];
    const lines = await consents.listOf(db, brand.id, accountId);
    return checkLedger(keyring, { brandId: brand.id, accountId }, account.consents, lines).map((fault) => ({ accountId, ...fault }));
  });
}
