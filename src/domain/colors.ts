// Colours as [red, green, blue] in 0..255, and contrast as WCAG 2.2 measures it.

export type Color = readonly [number, number, number];

export const black: Color = [0, 0, 0];
export const white: Color = [255, 255, 255];

/** Reads #rrggbb. */
export function parseColor(hex: string): Color {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

export function formatColor(color: Color): string {
  return `#${color.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}

/** `amount` 0 gives `from`, 1 gives `to`. Whole channels, so that what was measured is what is written. */
export function mix(from: Color, to: Color, amount: number): Color {
  const channel = (index: 0 | 1 | 2) => Math.round(from[index] + (to[index] - from[index]) * amount);
  return [channel(0), channel(1), channel(2)];
}

/** Relative luminance, 0 to 1 (WCAG 2.2, "relative luminance"). */
export function luminance([red, green, blue]: Color): number {
  const linear = (channel: number) => (channel <= 10 ? channel / 255 / 12.92 : ((channel / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

/** 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrast(one: Color, other: Color): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** The colour nearest to `color` on its way to `ink` that has at least `ratio` against every background. */
export function readable(color: Color, ink: Color, ratio: number, backgrounds: readonly Color[]): Color {
  for (let amount = 0; amount < 1; amount += 0.02) {
    const candidate = mix(color, ink, amount);
    if (backgrounds.every((background) => contrast(candidate, background) >= ratio)) return candidate;
  }
  return ink;
}
