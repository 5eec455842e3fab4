// What a mail says about devices, places and times, in a person's words.
import { deviceInWords, networkInWords, type Seen } from '../domain/sources.ts';
import type { Translate } from '../web/page-locals.ts';

export type Words = ReturnType<typeof createWords>;

export function createWords(t: Translate, locale: string) {
  return {
    /** "Chrome on Windows", "iPhone", "an unknown device". */
    device({ device }: Seen): string {
      return deviceInWords(device, (parts) => t('account.device', parts)) ?? t('mail.device.unknown');
    },

    network: ({ network }: Seen) => networkInWords(network),

    /** What a notice lists: when, with what, from where. */
    facts({ seen, when }: { seen: Seen; when: string }): [label: string, value: string][] {
      const device = seen.device ? this.device(seen) : t('mail.device.unknownAlone');
      const network = this.network(seen);
      const facts: [string, string][] = [
        [t('mail.facts.when'), this.time(when)],
        [t('mail.facts.device'), device],
      ];
      return network ? [...facts, [t('mail.facts.network'), network]] : facts;
    },

    /** ISO 8601 to "22 November 2026 at 10:30 UTC": nobody has told us where the reader lives. */
    time(iso: string): string {
      const at = new Date(iso);
      const date = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' }).format(at);
      const time = new Intl.DateTimeFormat(locale, { timeStyle: 'short', timeZone: 'UTC' }).format(at);
      return t('mail.time', { date, time });
    },

    date(iso: string): string {
      return new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(iso));
    },

    /** Whole minutes, hours or days: "1 hour", "7 days". */
    duration(seconds: number): string {
      // One day is told as 24 hours: no midnight to think of.
      const [unit, size] =
        seconds >= 2 * DAY ? (['day', DAY] as const) : seconds >= HOUR ? (['hour', HOUR] as const) : (['minute', 60] as const);
      return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(Math.floor(seconds / size));
    },

    /** "Google or Apple". */
    either(names: readonly string[]): string {
      return new Intl.ListFormat(locale, { type: 'disjunction' }).format(names);
    },
  };
}

const HOUR = 3600;
const DAY = 24 * HOUR;
