import fc from 'fast-check';
import { contrast, parseColor } from '../../src/domain/colors.ts';
import { themeCss } from '../../src/domain/theme-css.ts';
import { defaultTheme } from '../../src/domain/themes.ts';

const anyColor = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, '0')}`);

/** The tokens of each scheme the stylesheet describes. */
function schemes(css: string): Record<string, string>[] {
  return [...css.matchAll(/:root\{([^}]*)\}/g)].map(([, body]) =>
    Object.fromEntries([...(body ?? '').matchAll(/--([\w-]+):(#[0-9a-f]{6})/g)].map(([, name, value]) => [name, value])),
  );
}

test('text reads and controls stand out on every surface, whatever colours a brand chooses', () => {
  fc.assert(
    fc.property(anyColor, anyColor, (brandColor, surfaceColor) => {
      for (const tokens of schemes(themeCss({ ...defaultTheme, brandColor, surfaceColor }))) {
        const ratio = (one: string, other: string) => contrast(parseColor(tokens[one]!), parseColor(tokens[other]!));
        for (const background of ['surface', 'surface-raised', 'surface-tint']) {
          for (const text of ['text', 'text-quiet', 'link', 'danger', 'ok']) expect(ratio(text, background)).toBeGreaterThanOrEqual(4.5);
          for (const control of ['brand', 'line', 'focus']) expect(ratio(control, background)).toBeGreaterThanOrEqual(3);
        }
        expect(ratio('on-brand', 'brand')).toBeGreaterThanOrEqual(4.5);
        expect(ratio('on-brand', 'brand-hover')).toBeGreaterThanOrEqual(4.5);
      }
    }),
    { numRuns: 400 },
  );
});

test('a colour that reads well is left as the brand chose it', () => {
  expect(schemes(themeCss(defaultTheme))[0]).toMatchObject({
    brand: '#1f4fd8',
    surface: '#ffffff',
    link: '#1f4fd8',
    'on-brand': '#ffffff',
  });
});

test('a light brand has a dark scheme, a dark brand stays dark in both', () => {
  expect(schemes(themeCss(defaultTheme))).toHaveLength(2);
  const dark = themeCss({ ...defaultTheme, surfaceColor: '#0b1017' });
  expect(schemes(dark)).toHaveLength(1);
  expect(dark).toContain('color-scheme:dark');
});

test('the stylesheet holds declarations and nothing else', () => {
  expect(themeCss(defaultTheme)).toMatch(/^:root\{[^{}<>\\@]+\}@media \(prefers-color-scheme:dark\)\{:root\{[^{}<>\\@]+\}\}$/);
});
