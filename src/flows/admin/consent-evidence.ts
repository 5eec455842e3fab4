// Proof of what one person agreed to, for them, a court or an authority: every line with the words that were shown, and whether the
// ledger is what was written. It is written down that somebody looked.

import type { Brand } from '../../domain/brands.ts';
import { type ConsentLine, checkLedger, type LedgerFault } from '../../domain/consent-ledger.ts';
import { textHash } from '../../domain/consents.ts';
import { Refusal } from '../../errors.ts';
import type { Services } from '../../services.ts';
import * as accounts from '../../storage/accounts.ts';
import * as auditEvents from '../../storage/audit-events.ts';
import * as consents from '../../storage/consents.ts';
import type { Db } from '../../storage/database.ts';
import { traced } from '../../traced.ts';

/** Names a reader understands; times are ISO 8601 in UTC. */
export interface ConsentEvidence {
  provider: { name: string; issuer: string };
  account: { sub: string; email: string | null };
  exported_at: string;
  /** The ledger is whole and unchanged. */
  verified: boolean;
  faults: LedgerFault[];
  answers: ReturnType<typeof tell>[];
}

/** @throws Refusal not_found. */
export const consentEvidence = traced(async function consentEvidence(
  { db, keyring }: Pick<Services, 'db' | 'keyring'>,
  brand: Brand,
  accountId: string,
): Promise<ConsentEvidence> {
  return db.transaction(async (db) => {
    const account = await accounts.find(db, brand.id, accountId);
    if (!account) throw new Refusal('not_found');
    const lines = await consents.listOf(db, brand.id, accountId);
    const found = checkLedger(keyring, { brandId: brand.id, accountId }, account.consents, lines);
    const faults = found.length > 0 ? found : await untold(db, brand, accountId, lines);
    await auditEvents.record(db, brand.id, { event: 'data_exported', actor: 'operator', accountId, details: { what: 'consents' } });
    return {
      provider: { name: brand.name, issuer: brand.issuer },
      account: { sub: accountId, email: account.email },
      exported_at: new Date().toISOString(),
      verified: faults.length === 0,
      faults,
      answers: lines.map((line) => tell(brand, line)),
    };
  });
});

/** The audit trail tells of each line: one that is gone together with what the account's row knew of it is missed there. */
async function untold(db: Db, brand: Brand, accountId: string, lines: readonly ConsentLine[]): Promise<LedgerFault[]> {
  const events = await auditEvents.listOf(db, brand.id, accountId, { event: 'consent_answered', limit: 1_000 });
  // Of two events about one line, one is about a line that was written over.
  const tells = ({ number, document, version, answer }: ConsentLine) => `${number} ${document} ${version} ${answer}`;
  const known = new Set(lines.map(tells));
  const told = events.map(({ details: { line, document, version, answer } }) => ({
    line: Number(line),
    what: `${line} ${document} ${version} ${answer}`,
  }));
  const twice = told.filter(({ line }, at) => told.findIndex((other) => other.line === line) < at);
  const missing = [...told.filter(({ what }) => !known.has(what)), ...twice].map(({ line }) => line);
  return [...new Set(missing)].sort((one, other) => one - other).map((line) => ({ fault: 'line_missing', line }));
}

function tell(brand: Brand, line: ConsentLine) {
  const document = brand.consents.find(({ name }) => name === line.document);
  const version = document?.versions.find((one) => one.version === line.version);
  const text = version?.texts[line.locale];
  return {
    line: line.number,
    answer: line.answer,
    at: line.at,
    asked_at: line.askedAt,
    document: line.document,
    version: line.version,
    defined_by: document?.owner ?? null,
    language: line.locale,
    text: text ?? null,
    text_sha256: line.textHash,
    /** The words above are those that were shown. */
    text_matches: text !== undefined && textHash(text) === line.textHash,
    url: version?.url ?? null,
    app: line.clientId,
    by_way_of: line.channel,
    network: line.network,
    user_agent: line.userAgent,
    digest: line.digest,
  };
}
