// Durations as people type them: 0, 45s, 30m, 24h, 7d.
import { UsageError } from './command.ts';

const units = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** In seconds. @throws UsageError. */
export function readDuration(typed: string): number {
  const [, count, unit] = /^(\d{1,9})([smhd]?)$/.exec(typed) ?? [];
  if (!count || (!unit && count !== '0')) throw new UsageError(`"${typed}" is no duration. Write it as 0, 30m, 24h or 7d.`);
  return Number(count) * units[(unit || 's') as keyof typeof units];
}

/** In the largest unit that fits without a rest. */
export function sayDuration(seconds: number): string {
  const names = { d: 'day', h: 'hour', m: 'minute', s: 'second' } as const;
  for (const [unit, name] of Object.entries(names)) {
    const size = units[unit as keyof typeof units];
    if (seconds % size === 0 && seconds >= size) return `${seconds / size} ${name}${seconds === size ? '' : 's'}`;
  }
  return `${seconds} seconds`;
}
