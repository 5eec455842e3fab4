// The sites this process serves: each is one client of one issuer.
import { readFileSync } from 'node:fs';
import type { Language } from './words.ts';

export type Look = 'roast' | 'harbour';

export interface Site {
  /** '' or '/harbour'. */
  path: string;
  /** Where the site lives, without a trailing slash: http://localhost:3001/harbour. */
  url: string;
  issuer: string;
  clientId: string;
  clientSecret: string;
  look: Look;
  name: string;
  stylesheet: string;
  /** The visitor's; English until a request says otherwise. */
  language: Language;
}

const names: Record<Look, string> = { roast: 'Roast & Co.', harbour: 'Harbour' };

/** @throws when the JSON is not a list of sites. */
export function readSites(json: string, origin: string): Site[] {
  const given = JSON.parse(json) as Pick<Site, 'path' | 'issuer' | 'clientId' | 'clientSecret'>[];
  // The longest path first, so that the site at the root takes what is left.
  return given.sort((one, other) => other.path.length - one.path.length).map((site) => dress(site, origin));
}

/** The address as it was registered: `/` at the root, no trailing slash elsewhere. */
export function homeOf(site: Site): string {
  return site.path === '' ? `${site.url}/` : site.url;
}

function dress(
  { path, issuer, clientId, clientSecret }: Pick<Site, 'path' | 'issuer' | 'clientId' | 'clientSecret'>,
  origin: string,
): Site {
  const look: Look = path === '/harbour' ? 'harbour' : 'roast';
  const stylesheet = ['shop', look].map((name) => readFileSync(new URL(`./looks/${name}.css`, import.meta.url), 'utf8')).join('\n');
  return { path, url: origin + path, issuer, clientId, clientSecret, look, name: names[look], stylesheet, language: 'en' };
}
