// What only the tables know: nothing is half-made, nothing is there twice, the audit trail tells of everything and both chains are whole.
import { setTimeout as sleep } from 'node:timers/promises';
import { verifyAudit } from '../src/flows/admin/verify-audit.ts';
import { verifyConsents } from '../src/flows/admin/verify-consents.ts';
import { sealAudit } from '../src/jobs/seal-audit.ts';
import type { Count, Ledger, Person } from './ledger.ts';
import type { Afterwards } from './verify.ts';

type Tables = Pick<Afterwards, 'services' | 'brand'>;

export async function brokenTables(tables: Tables): Promise<string[]> {
  const faults = await halfMade(tables);
  const ledgers = await verifyConsents(tables.services, tables.brand);
  faults.push(...ledgers.faults.map((fault) => `consent ledger: ${JSON.stringify(fault)}`));
  return [...faults, ...(await brokenTrail(tables))];
}

/** Account, identifier and password are made together or not at all, with the answers of the form. */
async function halfMade({ services: { db }, brand }: Tables): Promise<string[]> {
  const { rows } = await db.pool.query<{ what: string; whose: string }>(
    `select 'no password' as what, email as whose from portico.accounts a
     where brand_id = $1 and not exists (select from portico.passwords p where (p.brand_id, p.account_id) = (a.brand_id, a.id))
     union all
     select 'no identifier', email from portico.accounts a
     where brand_id = $1 and not exists (select from portico.identifiers i where (i.brand_id, i.account_id) = (a.brand_id, a.id))
     union all
     select 'an identifier of nobody', account_id::text from portico.identifiers i
     where brand_id = $1 and not exists (select from portico.accounts a where (a.brand_id, a.id) = (i.brand_id, i.account_id))
     union all
     select 'tokens without a grant', account_id::text from portico.oidc_tokens t
     where brand_id = $1 and kind = 'RefreshToken'
       and not exists (select from portico.oidc_grants g where (g.brand_id, g.slice, g.id) = (t.brand_id, t.slice, t.grant_id))
     union all
     select 'an address twice', email from portico.accounts where brand_id = $1 group by email having count(*) > 1`,
    [brand.id],
  );
  return rows.map(({ what, whose }) => `${whose}: ${what}`);
}

/** How many rows there may be of somebody: of what was acknowledged at least these, and of what was never sent none. */
type Bounds = (person: Person) => [least: number, most: number];

const each = ({ acknowledged, sent }: Count): [number, number] => [acknowledged, sent];
/** Made once, however often somebody who heard nothing tried again. */
const once = ({ acknowledged, sent }: Count): [number, number] => [Math.min(1, acknowledged), Math.min(1, sent)];
const registration: Bounds = ({ registered }) => [registered ? 1 : 0, 1];

const bounds: Readonly<Record<string, Bounds>> = {
  accounts: registration,
  account_registered: registration,
  // Somebody whose registration was not acknowledged and who tries again signs in.
  login_succeeded: ({ counts }) => [counts['sign-in'].acknowledged, Number.POSITIVE_INFINITY],
  profile_changed: ({ counts }) => once(counts.profile),
  password_changed: ({ counts }) => once(counts.password),
  password_reset_requested: ({ counts }) => each(counts.forgot),
  // Terms and news are answered by joining, whatever the answer; then the news once more.
  lines: ({ registered, counts }) => [registered ? 2 + once(counts.consent)[0] : 0, 2 + once(counts.consent)[1]],
};

export async function wrongCounts({ people }: Ledger, { services: { db }, brand }: Tables): Promise<string[]> {
  const { rows } = await db.pool.query<{ email: string; what: string; count: number }>(
    `select email, 'accounts' as what, count(*)::int as count from portico.accounts where brand_id = $1 group by 1
     union all
     select email, event, count(*)::int
     from portico.accounts a join portico.audit_events e on (e.brand_id, e.slice, e.account_id) = (a.brand_id, a.slice, a.id)
     where a.brand_id = $1 group by 1, 2
     union all
     select email, 'lines', count(*)::int
     from portico.accounts a join portico.consents c on (c.brand_id, c.slice, c.account_id) = (a.brand_id, a.slice, a.id)
     where a.brand_id = $1 group by 1`,
    [brand.id],
  );
  const counted = new Map(rows.map(({ email, what, count }) => [`${what} ${email}`, count]));
  const countOf = (what: string, email: string) => counted.get(`${what} ${email}`) ?? 0;
  return people.flatMap((person) => {
    const wrong = Object.entries(bounds).flatMap(([what, boundsOf]) => {
      const [count, [least, most]] = [countOf(what, person.email), boundsOf(person)];
      return count < least || count > most ? [`${person.email}: ${count} ${what}, and not ${least} to ${most}`] : [];
    });
    const [lines, told] = [countOf('lines', person.email), countOf('consent_answered', person.email)];
    return lines === told ? wrong : [...wrong, `${person.email}: ${lines} lines in the ledger of consents, ${told} in the audit trail`];
  });
}

const SEALED_WITHIN_MS = 10_000;

/** Sealed to its end and verified, as `audit verify` does. Rows that a transaction before them may still join wait for its end. */
async function brokenTrail({ services, brand }: Tables): Promise<string[]> {
  const deadline = performance.now() + SEALED_WITHIN_MS;
  for (;;) {
    await sealAudit(services);
    const { faults, unsealed } = await verifyAudit(services, brand);
    if (unsealed === 0 || faults.length > 0) return faults.map((fault) => `audit trail: ${JSON.stringify(fault)}`);
    if (performance.now() > deadline) return [`audit trail: ${unsealed} events could not be sealed`];
    await sleep(200);
  }
}
