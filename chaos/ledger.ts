// What people were told. Whatever was acknowledged has to be there afterwards, whatever happened meanwhile; of what broke off on the way
// nobody knows, so that either is right.

/** `live sign-in`: an app joins the session of somebody who is signed in, without a page. */
export const kinds = ['register', 'sign-in', 'live sign-in', 'refresh', 'profile', 'consent', 'password', 'forgot'] as const;

export type Kind = (typeof kinds)[number];

/** 503 with Retry-After: a clear "not now". */
export class Refused extends Error {}

/** The refresh token that has to work next. */
export interface Family {
  token: string;
}

export interface Person {
  email: string;
  /** They were told that they have an account. */
  registered: boolean;
  /** The first was acknowledged; the second was sent, and the answer did not come. One of them opens the account. */
  passwords: string[];
  /** What may stand in the profile, and under the agreements, for the same reason. */
  names: (string | undefined)[];
  news: boolean[];
  families: Family[];
  counts: Record<Kind, Count>;
}

export interface Count {
  sent: number;
  acknowledged: number;
}

export interface Ledger {
  people: Person[];
  /** How often something went wrong in a way that may happen, by what it was. */
  errors: Record<string, number>;
  /** What must not happen: answers that are neither yes, nor no, nor "not now". */
  unexpected: string[];
  newPerson(email: string, password: string, news: boolean): Person;
  /** Counts one write. @returns what was acknowledged; undefined when it was not, or nobody knows. */
  write<Result>(person: Person, kind: Kind, work: () => Promise<Result>): Promise<Result | undefined>;
  /** The cause of the trouble is gone: from now on everything should work again soon. */
  over(): void;
  /** When that was last, by the monotonic clock. */
  causeGoneAt: number;
  /** Milliseconds from each `over` to the first acknowledged write that began after it. */
  recoveries: number[];
  isRecovered(): boolean;
}

export function createLedger(): Ledger {
  let overAt: number | undefined;
  const ledger: Ledger = {
    people: [],
    errors: {},
    unexpected: [],
    recoveries: [],
    causeGoneAt: 0,
    newPerson(email, password, news) {
      const counts = Object.fromEntries(kinds.map((kind) => [kind, { sent: 0, acknowledged: 0 }])) as Person['counts'];
      const person = { email, registered: false, passwords: [password], names: [undefined], news: [news], families: [], counts };
      ledger.people.push(person);
      return person;
    },
    async write(person, kind, work) {
      const began = performance.now();
      person.counts[kind].sent += 1;
      try {
        const result = await work();
        person.counts[kind].acknowledged += 1;
        if (overAt !== undefined && began >= overAt) {
          ledger.recoveries.push(performance.now() - overAt);
          overAt = undefined;
        }
        return result;
      } catch (error) {
        note(ledger, `${kind} of ${person.email}`, error as Error);
        return undefined;
      }
    },
    over: () => {
      overAt = performance.now();
      ledger.causeGoneAt = overAt;
    },
    isRecovered: () => overAt === undefined,
  };
  return ledger;
}

export function totalOf({ people }: Pick<Ledger, 'people'>, only: readonly Kind[] = kinds): Count {
  const total = { sent: 0, acknowledged: 0 };
  for (const { counts } of people) {
    for (const kind of only) {
      total.sent += counts[kind].sent;
      total.acknowledged += counts[kind].acknowledged;
    }
  }
  return total;
}

/** What goes on going wrong is told in full so many times; all of it is counted. */
const MOST_TOLD = 50;

const broken = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'];

function note({ errors, unexpected }: Ledger, what: string, error: Error & { code?: string }): void {
  const kind = error instanceof Refused ? '503' : broken.find((code) => code === error.code);
  errors[kind ?? 'unexpected'] = (errors[kind ?? 'unexpected'] ?? 0) + 1;
  if (!kind && unexpected.length < MOST_TOLD) unexpected.push(`${what}: ${error.message}`);
}
