// How a brand looks: tokens, never free CSS, so that a theme can neither hide a consent nor leak what is typed.

export interface Theme {
  /** Primary colour of buttons and links, as #rrggbb. */
  brandColor: string;
  /** The page's colour in the light scheme, as #rrggbb. */
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
