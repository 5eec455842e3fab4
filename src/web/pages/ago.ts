// How long ago something was, in words. The person's time zone is not known, so that a clock's time would be wrong for many.

const steps: readonly [seconds: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
];

/** "5 minutes ago" in this language; "now" below a minute. */
export function ago(locale: string, at: Date, now: number): string {
  const seconds = Math.max(0, (now - at.getTime()) / 1_000);
  const [size, unit] = steps.find(([size]) => seconds >= size) ?? [Number.POSITIVE_INFINITY, 'second'];
  const words = new Intl.RelativeTimeFormat(locale, { numeric: unit === 'second' ? 'auto' : 'always' });
  return words.format(-Math.floor(seconds / size) || 0, unit);
}
