// A theme as custom properties, for the light and the dark scheme.
// Whatever colours a brand chooses, text keeps 4.5:1 and controls and focus keep 3:1 (WCAG 2.2, 1.4.3 and 1.4.11).
import { black, type Color, contrast, formatColor, luminance, mix, parseColor, readable, white } from './colors.ts';
import type { Theme } from './themes.ts';

const TEXT = 4.5;
const CONTROL = 3;

const fonts = {
  system: 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif',
  serif: '"Iowan Old Style","Palatino Linotype",Palatino,"Book Antiqua",Georgia,serif',
  rounded: 'ui-rounded,"SF Pro Rounded","Hiragino Maru Gothic ProN",Quicksand,Nunito,system-ui,sans-serif',
  mono: 'ui-monospace,"SF Mono","Cascadia Code",Menlo,Consolas,monospace',
} as const;

/** The stylesheet's first rules. Holds only checked colours, numbers and our own font names, so no value can leave its declaration. */
export function themeCss(theme: Theme): string {
  const { light, dark, font, radius } = lookOf(theme);
  const shape = `--radius:${radius}px;--font:${font};--density:${theme.density === 'compact' ? 0.9167 : 1}`;
  const darkRule = dark ? `@media (prefers-color-scheme:dark){:root{${declarations(dark)}}}` : '';
  return `:root{${declarations(light)};${shape}}${darkRule}`;
}

/** What pages and mails are drawn with. `dark` is absent where the brand is dark by choice, and so in both schemes. `radius` in px. */
export function lookOf(theme: Theme): { light: Palette; dark: Palette | undefined; font: string; radius: number } {
  const brand = parseColor(theme.brandColor);
  const chosen = parseColor(theme.surfaceColor);
  const light = calm(chosen, isDark(chosen));
  // A brand that is dark by choice stays itself; a light one gets a near-black that remembers the brand's hue.
  const dark = isDark(light) ? undefined : palette(brand, mix([16, 16, 18], brand, 0.08));
  return { light: palette(brand, light), dark, font: fonts[theme.font], radius: Number(theme.radius) };
}

export type Palette = ReturnType<typeof palette>;

/** Every colour token of one scheme. */
export function palette(brand: Color, surface: Color) {
  const dark = isDark(surface);
  const ink = dark ? white : black;
  const raised = mix(surface, white, dark ? 0.06 : 0.7);
  // A light page takes a breath of the brand's colour; a dark one only lifts its own hue, since two hues turn muddy in the dark.
  const tint = calm(dark ? lift(surface) : mix(surface, brand, 0.06), dark);
  const backgrounds = [surface, raised, tint];
  const on = (color: Color, ratio: number) => readable(color, ink, ratio, backgrounds);
  const fill = on(brand, CONTROL);
  const label = contrast(fill, white) >= TEXT ? white : black;
  return {
    brand: fill,
    // Hovering moves away from the label's colour: contrast can only grow.
    'brand-hover': mix(fill, label === white ? black : white, 0.14),
    'on-brand': label,
    link: on(brand, TEXT),
    surface,
    'surface-raised': raised,
    'surface-tint': tint,
    text: on(mix(surface, ink, 0.9), 7),
    'text-quiet': on(mix(surface, ink, 0.62), TEXT),
    line: on(mix(surface, ink, 0.4), CONTROL),
    danger: on(dark ? [255, 138, 128] : [179, 38, 30], TEXT),
    ok: on(dark ? [118, 209, 150] : [22, 112, 62], TEXT),
    focus: on(brand, CONTROL),
  };
}

/** Mid-tones carry neither black nor white text well: they move to the nearest lightness that leaves room for quiet text. */
function calm(surface: Color, dark: boolean): Color {
  return dark ? readable(surface, black, 11, [white]) : readable(surface, white, 11, [black]);
}

function lift([red, green, blue]: Color): Color {
  return [Math.min(255, red * 2), Math.min(255, green * 2), Math.min(255, blue * 2)];
}

function isDark(surface: Color): boolean {
  return luminance(surface) < 0.179;
}

function declarations(colors: Palette): string {
  const scheme = isDark(colors.surface) ? 'dark' : 'light';
  const tokens = Object.entries(colors).map(([name, color]) => `--${name}:${formatColor(color)}`);
  return [`color-scheme:${scheme}`, ...tokens].join(';');
}
