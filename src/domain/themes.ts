// How a brand looks: tokens, never free CSS, so that a theme can neither hide a consent nor leak what is typed.
import { z } from 'zod';
import { OperatorError } from '../errors.ts';

export interface Theme {
  /** Primary colour of buttons and links, as #rrggbb. */
  brandColor: string;
  /** The page's colour in the light scheme, as #rrggbb. A dark one makes the brand dark in both schemes. */
  surfaceColor: string;
  /** Corner radius of inputs and buttons in px, 0 to 24. */
  radius: number;
  /** A system font stack by name; nothing is fetched. */
  font: 'system' | 'serif' | 'rounded' | 'mono';
  density: 'comfortable' | 'compact';
  links: ThemeLinks;
}

/** Absolute https links (http on localhost); each may be absent. `home` is where "Back to <brand>" leads. */
export interface ThemeLinks {
  home?: string | undefined;
  help?: string | undefined;
  privacy?: string | undefined;
  terms?: string | undefined;
}

export const defaultTheme: Theme = {
  brandColor: '#1f4fd8',
  surfaceColor: '#ffffff',
  radius: 8,
  font: 'system',
  density: 'comfortable',
  links: {},
};

/** True for an absolute https URL without credentials; http is accepted for this machine only. */
export function isSafeLink(value: string): boolean {
  const url = URL.parse(value);
  // `https:shop` is a path of our own to a browser.
  if (!url || url.username || url.password || !/^https?:\/\//i.test(value)) return false;
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
}

const color = z
  .string()
  .regex(/^#[0-9a-f]{6}$/i, 'must be a colour such as #1f4fd8')
  .toLowerCase();
const link = z.string().max(2048).refine(isSafeLink, 'must be an https address (http only on localhost)').optional();

/** theme.json: every member is optional, unknown ones are refused so that a typing mistake does not go unnoticed. */
export const themeSchema = z.strictObject({
  brandColor: color.default(defaultTheme.brandColor),
  surfaceColor: color.default(defaultTheme.surfaceColor),
  radius: z.number().int().min(0).max(24).default(defaultTheme.radius),
  font: z.enum(['system', 'serif', 'rounded', 'mono']).default(defaultTheme.font),
  density: z.enum(['comfortable', 'compact']).default(defaultTheme.density),
  links: z.strictObject({ home: link, help: link, privacy: link, terms: link }).default({}),
});

/**
 * A complete theme from what an operator wrote; absent members take their defaults.
 * @throws OperatorError naming each member that cannot be used.
 */
export function parseTheme(input: unknown): Theme {
  const result = themeSchema.safeParse(input);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `  ${issue.path.join('.') || 'theme'}: ${issue.message}`);
  throw new OperatorError(`This theme cannot be used:\n${lines.join('\n')}`);
}
