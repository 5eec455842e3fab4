// The ledger: one line for each answer, never changed, each under a keyed digest that covers the line before. Whoever has the database
// but not the key can neither alter nor add a line unseen; a missing end shows by what the account's own row says of it, and an older
// state that was put back whole by the audit trail, which tells of each line.
import { canonical } from './audit.ts';
import type { AccountConsents, ConsentAnswer, CurrentConsent } from './consents.ts';

/** Where an answer was given. */
export type ConsentChannel = 'page' | 'api' | 'admin' | 'import';

export interface ConsentLine {
  /** From 1, without gaps. */
  number: number;
  document: string;
  version: number;
  /** The language the text was shown in, and its sha256 (hexadecimal). */
  locale: string;
  textHash: string;
  answer: ConsentAnswer;
  /** ISO 8601 in UTC, to the millisecond. */
  at: string;
  /** Double opt-in: when the box was ticked; `at` is when the mailed link was pressed. */
  askedAt: string | null;
  clientId: string | null;
  channel: ConsentChannel;
  /** IPv4 by /24, IPv6 by /48. */
  network: string | null;
  /** As the browser sent it, at most 400 characters. */
  userAgent: string | null;
  /** Hexadecimal; 64 zeros before the first line. */
  previous: string;
  digest: string;
}

/** What somebody said, before it has its place. */
export type NewConsentLine = Omit<ConsentLine, 'number' | 'previous' | 'digest'>;

interface Keyring {
  mac(purpose: 'consents', context: string, data: string): Buffer;
}

export interface LedgerPlace {
  brandId: number;
  accountId: string;
}

export const FIRST = '0'.repeat(64);

/** The lines with their places and digests, and what the account's row knows afterwards. The caller holds the account. */
export function appendLines(
  keyring: Keyring,
  place: LedgerPlace,
  consents: AccountConsents,
  said: readonly NewConsentLine[],
): { consents: AccountConsents; lines: ConsentLine[] } {
  let after = consents;
  const lines = said.map((one) => {
    const unsigned = { ...one, number: after.lines + 1, previous: after.head ?? FIRST };
    const line: ConsentLine = { ...unsigned, digest: digestOf(keyring, place, unsigned) };
    after = noteLine(after, line);
    return line;
  });
  return { consents: after, lines };
}

/** What is answered is neither put off nor waited for any more. */
function noteLine(consents: AccountConsents, line: ConsentLine): AccountConsents {
  const { document, version, answer, at, number, digest } = line;
  const { deferred, pending, current } = consents;
  return {
    lines: number,
    head: digest,
    current: { ...current, [document]: { version, answer, at, line: number } },
    ...kept('deferred', deferred, document),
    ...kept('pending', pending, document),
  };
}

function kept<Name extends string, Entry>(name: Name, entries: Readonly<Record<string, Entry>> | undefined, without: string) {
  const { [without]: _answered, ...others } = entries ?? {};
  return Object.keys(others).length > 0 ? { [name]: others } : {};
}

export function digestOf(keyring: Keyring, { brandId, accountId }: LedgerPlace, line: Omit<ConsentLine, 'digest'>): string {
  const { digest: _own, ...covered } = line as ConsentLine;
  return keyring.mac('consents', String(brandId), canonical({ ...covered, brandId, accountId })).toString('hex');
}

/**
 * `line_changed`: the line is not what was written; `line_missing`: it is not there; `line_added`: the account's row knows nothing of it;
 * `head_changed`: the account's row tells of another end; `answer_changed`: of another answer than the ledger.
 */
export interface LedgerFault {
  fault: 'line_changed' | 'line_missing' | 'line_added' | 'head_changed' | 'answer_changed';
  line?: number;
  document?: string;
}

/** Walks the chain from its first line and compares its end with the account's row. `lines` in ascending order. */
export function checkLedger(
  keyring: Keyring,
  place: LedgerPlace,
  consents: Pick<AccountConsents, 'lines' | 'head' | 'current'>,
  lines: readonly ConsentLine[],
): LedgerFault[] {
  const faults: LedgerFault[] = [];
  let previous = FIRST;
  let next = 1;
  for (const line of lines) {
    for (; next < line.number; next += 1) faults.push({ fault: 'line_missing', line: next });
    const follows = line.previous === previous || faults.at(-1)?.line === line.number - 1;
    if (!follows || digestOf(keyring, place, line) !== line.digest) faults.push({ fault: 'line_changed', line: line.number });
    if (line.number > consents.lines) faults.push({ fault: 'line_added', line: line.number });
    previous = line.digest;
    next = line.number + 1;
  }
  for (; next <= consents.lines; next += 1) faults.push({ fault: 'line_missing', line: next });
  if (faults.length === 0 && (consents.head ?? FIRST) !== previous) faults.push({ fault: 'head_changed', line: consents.lines });
  return faults.length > 0 ? faults : changedAnswers(consents.current, lines);
}

function changedAnswers(current: Readonly<Record<string, CurrentConsent>>, lines: readonly ConsentLine[]): LedgerFault[] {
  const last = Object.fromEntries(
    lines.map(({ document, version, answer, at, number }) => [document, { version, answer, at, line: number }]),
  );
  const names = Object.keys({ ...current, ...last });
  return names
    .filter((name) => canonical(current[name]) !== canonical(last[name]))
    .map((document) => ({ fault: 'answer_changed', document }));
}
