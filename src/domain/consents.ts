// What a brand, or the installation for all its brands, asks people to agree to: documents, their versions, and when somebody is asked.
// A consent is an answer to one of them; the OAuth approval is called a grant.
import { createHash } from 'node:crypto';
import { isCountry } from './countries.ts';
import type { Texts } from './texts.ts';

export type ConsentKind = 'required' | 'optional';

/** Published once and never changed: who agreed to it agreed to exactly this. */
export interface ConsentVersion {
  version: number;
  kind: ConsentKind;
  /** From this moment on it is the one that is asked for. ISO 8601 in UTC. */
  effectiveAt: string;
  /** The sentence beside the box, with links to the document (texts.ts). */
  texts: Texts;
  /** Where the whole document stands. */
  url: string | null;
  /** Only people who come through these clients; null: all. */
  clients: readonly string[] | null;
  /** Only people of these countries, and those whose country nobody knows; null: all. */
  countries: readonly string[] | null;
  /** The re-consent cut-off: the oldest version whose acceptance still counts. Its own number asks everybody anew. */
  cutoff: number;
  /** Days from `effectiveAt` in which people who accepted an older version may put the new one off. */
  graceDays: number;
  /** An acceptance counts once the link of a mail was pressed (for mailings). */
  doubleOptIn: boolean;
}

export interface ConsentDocument {
  name: string;
  owner: 'installation' | 'brand';
  enabled: boolean;
  /** Ascending. */
  versions: readonly ConsentVersion[];
}

export type ConsentAnswer = 'accepted' | 'declined' | 'withdrawn';

/** The last line of the ledger about a document. */
export interface CurrentConsent {
  version: number;
  answer: ConsentAnswer;
  /** ISO 8601. */
  at: string;
  /** Its number in the ledger. */
  line: number;
}

/** What an account's own row knows of its ledger, so that no sign-in has to read it. */
export interface AccountConsents {
  /** How many lines the ledger has, and the digest of the last one (consent-ledger.ts). */
  lines: number;
  head: string | null;
  current: Readonly<Record<string, CurrentConsent>>;
  /** "Not now": until when (ISO 8601) a version is not asked for again. */
  deferred?: Readonly<Record<string, { version: number; until: string }>>;
  /** Ticked, and a mail is on its way: since when, and since when at first where it was sent again. ISO 8601. */
  pending?: Readonly<Record<string, { version: number; at: string; first?: string }>>;
}

export const noConsents: AccountConsents = { lines: 0, head: null, current: {} };

/** Who is asked, where from and when. */
export interface ConsentMoment {
  now: Date;
  clientId?: string | undefined;
  country?: string | undefined;
}

export interface AskedConsent {
  document: ConsentDocument;
  version: ConsentVersion;
  /** `fresh`: no answer that counts; `renewed`: an older version was accepted. */
  reason: 'fresh' | 'renewed';
  /** Nobody gets on without it. */
  must: boolean;
}

const DAY = 86_400_000;

/** Seconds for which "Not now" holds. */
export const DEFERRED_SECONDS = 86_400;

/** The version somebody is asked for: the newest in effect whose audience they belong to. */
export function applicableVersion({ enabled, versions }: ConsentDocument, moment: ConsentMoment): ConsentVersion | undefined {
  if (!enabled) return undefined;
  return versions.findLast((version) => Date.parse(version.effectiveAt) <= moment.now.getTime() && isAudience(version, moment));
}

function isAudience({ clients, countries }: ConsentVersion, { clientId, country }: ConsentMoment): boolean {
  if (clients && !(clientId && clients.includes(clientId))) return false;
  return !countries || !country || !isCountry(country) || countries.includes(country);
}

/**
 * What a newer version may not do to the one before: leave out people the older one is for (they would go on with that one, and an
 * acceptance of either would count for both), or let acceptances count again that did not.
 */
export function contradictionWith(
  older: Pick<ConsentVersion, 'version' | 'clients' | 'countries' | 'cutoff'>,
  newer: Pick<ConsentVersion, 'version' | 'clients' | 'countries' | 'cutoff'>,
): { member: 'clients' | 'countries' | 'cutoff'; message: string } | undefined {
  for (const member of ['clients', 'countries'] as const) {
    const [before, now] = [older[member], newer[member]];
    if (now && !before?.every((one) => now.includes(one)))
      return {
        member,
        message: `leaves out people of version ${older.version}; what only some are asked is a document with a name of its own`,
      };
  }
  if (newer.cutoff >= older.cutoff) return undefined;
  return {
    member: 'cutoff',
    message: `lets acceptances count again that version ${older.version} has ended (its cutoff is ${older.cutoff})`,
  };
}

/** Every document that concerns them, in the order it was defined, with the version of the moment. */
export function applicableConsents(documents: readonly ConsentDocument[], moment: ConsentMoment) {
  return documents.flatMap((document) => {
    const version = applicableVersion(document, moment);
    return version ? [{ document, version }] : [];
  });
}

/** The same, and those they have answered through another app or from another country: what was agreed to can be withdrawn, also of a document that is switched off. */
export function concerningConsents(documents: readonly ConsentDocument[], consents: AccountConsents, moment: ConsentMoment) {
  return documents.flatMap((document) => {
    const version = applicableVersion(document, moment) ?? answeredVersion(document, consents, moment.now);
    return version ? [{ document, version }] : [];
  });
}

/** Of a document that is switched off only what can still be taken back. */
function answeredVersion({ name, enabled, versions }: ConsentDocument, { current, pending }: AccountConsents, now: Date) {
  const last = current[name];
  const waiting = isPending(name, pending, now) ? pending?.[name] : undefined;
  const answered = enabled || last?.answer === 'accepted' ? last : undefined;
  return versions.find(({ version }) => version === (answered ?? waiting)?.version);
}

/** True when what was answered last still counts for this version. */
export function isAccepted(version: ConsentVersion, current: CurrentConsent | undefined): boolean {
  return current?.answer === 'accepted' && current.version >= version.cutoff;
}

/**
 * What stands between a person and the app: nothing, unless a required document is open; then the optional ones that were never answered
 * come along. `silent` (prompt=none) leaves out what may still be put off.
 */
export function consentsToAsk(
  documents: readonly ConsentDocument[],
  consents: AccountConsents,
  moment: ConsentMoment,
  { silent = false } = {},
): AskedConsent[] {
  const open = applicableConsents(documents, moment).flatMap((applicable) => asked(applicable, consents, moment) ?? []);
  const stops = open.some(
    ({ document, version, must }) => must || (!silent && version.kind === 'required' && !isDeferred(document, version, consents, moment)),
  );
  return stops ? open : [];
}

function asked(
  { document, version }: { document: ConsentDocument; version: ConsentVersion },
  { current, pending }: AccountConsents,
  { now }: ConsentMoment,
): AskedConsent | undefined {
  const last = current[document.name];
  if (isAccepted(version, last)) return undefined;
  const reason = last?.answer === 'accepted' ? 'renewed' : 'fresh';
  if (version.kind === 'required') return { document, version, reason, must: reason === 'fresh' || !isInGrace(version, now) };
  // A "no" stays a "no", and whoever waits for a mail has said yes.
  if ((last && reason === 'fresh') || isPending(document.name, pending, now)) return undefined;
  return { document, version, reason, must: false };
}

/** Days for which the link of a double opt-in works (one-time-codes.ts). */
const OPT_IN_DAYS = 7;

/** A mail is on its way, and its link still works. */
export function isPending(name: string, pending: AccountConsents['pending'], now: Date): boolean {
  const since = pending?.[name]?.at;
  return since !== undefined && now.getTime() < Date.parse(since) + OPT_IN_DAYS * DAY;
}

function isInGrace(version: ConsentVersion, now: Date): boolean {
  return now.getTime() < graceEndOf(version);
}

function graceEndOf({ effectiveAt, graceDays }: ConsentVersion): number {
  return Date.parse(effectiveAt) + graceDays * DAY;
}

/** Until when all of what was put off may be put off again. Milliseconds since 1970. */
export function graceEnd(asked: readonly AskedConsent[]): number {
  return Math.min(...asked.flatMap(({ version }) => (version.kind === 'required' ? [graceEndOf(version)] : [])));
}

function isDeferred(
  { name }: ConsentDocument,
  { version }: ConsentVersion,
  { deferred }: AccountConsents,
  { now }: ConsentMoment,
): boolean {
  const put = deferred?.[name];
  return put !== undefined && put.version === version && now.getTime() < Date.parse(put.until);
}

/** "Not now" for everything that may be put off. */
export function deferConsents(asked: readonly AskedConsent[], consents: AccountConsents, now: Date): AccountConsents {
  const until = new Date(now.getTime() + DEFERRED_SECONDS * 1_000).toISOString();
  const put = asked.filter(({ must, version }) => !must && version.kind === 'required');
  const entries = put.map(({ document, version }) => [document.name, { version: version.version, until }] as const);
  return { ...consents, deferred: { ...consents.deferred, ...Object.fromEntries(entries) } };
}

/** What a relying party learns under the scope `consents` (not standardised; the seed's `state`, `version` and `needsUpdate`). */
export function consentClaims(documents: readonly ConsentDocument[], { current }: AccountConsents, moment: ConsentMoment) {
  // Where nobody knows the country, nobody knows either whether they are ever asked.
  const isCertain = ({ document, version }: { document: ConsentDocument; version: ConsentVersion }) =>
    current[document.name] !== undefined || version.countries === null || isCountry(moment.country ?? '');
  const known = applicableConsents(documents, moment)
    .filter(isCertain)
    .map(({ document, version }) => {
      const last = current[document.name];
      const claim = {
        state: last ? (last.answer === 'accepted' ? 'accepted' : 'declined') : 'unanswered',
        version: last?.version ?? null,
        newest_version: version.version,
        required: version.kind === 'required',
        needs_update: !isAccepted(version, last) && (version.kind === 'required' || last?.answer === 'accepted'),
        updated_at: last ? Math.floor(Date.parse(last.at) / 1_000) : null,
      };
      return [document.name, claim] as const;
    });
  return Object.fromEntries(known);
}

/** sha256 of the text as it was shown (UTF-8), hexadecimal. */
export function textHash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
