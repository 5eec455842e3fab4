// What the account pages say about devices, places and times. Nobody has told us the reader's time zone: days are told by date,
// moments by how long ago they were.

import { deviceInWords, networkInWords } from '../../../domain/sources.ts';
import type { Drawing } from '../../drawing.ts';
import { dayIn } from '../../middleware/locale.ts';
import type { Context } from '../../request.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export type Words = ReturnType<typeof wordsFor>;

export function wordsFor({ locales }: Drawing, ctx: Context) {
  const { locale } = ctx.state;
  const t = locales.translator(locale);
  return {
    t,

    /** "Chrome on Windows", "iPhone", "Unknown device". */
    device(device: string | null): string {
      return deviceInWords(device, (parts) => t('account.device', parts)) ?? t('account.deviceUnknown');
    },

    network: networkInWords,

    /** "22 November 2026". */
    date(at: Date): string {
      return dayIn(locale, at);
    },

    /** "5 minutes ago", after a week the date. */
    ago(at: Date, now = new Date()): string {
      const seconds = Math.max(0, (now.getTime() - at.getTime()) / 1_000);
      if (seconds < MINUTE) return t('account.justNow');
      if (seconds >= 7 * DAY) return this.date(at);
      const [unit, size] =
        seconds < HOUR ? (['minute', MINUTE] as const) : seconds < DAY ? (['hour', HOUR] as const) : (['day', DAY] as const);
      return new Intl.RelativeTimeFormat(locale, { numeric: 'always' }).format(-Math.floor(seconds / size), unit);
    },

    /** "Shop, Radio and Tickets". */
    all(names: readonly string[]): string {
      return new Intl.ListFormat(locale, { type: 'conjunction' }).format(names);
    },
  };
}
