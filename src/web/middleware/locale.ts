// Which language a page speaks, and its sentences: one flat catalogue per language in config/locales.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import i18next, { type i18n } from 'i18next';
import type { LocaleLink, Translate } from '../page-locals.ts';

/** A made-up right-to-left language: English, mirrored. It shows layouts and texts that only work left to right. */
export const PSEUDO_LOCALE = 'ar-XB';
const RIGHT_TO_LEFT = new Set(['ar', 'fa', 'he', 'ur', 'yi', 'ps', 'dv', 'ckb', 'sd', 'ug']);

export interface LocaleWishes {
  /** OpenID Connect Core 3.1.2.1: tags separated by spaces, best first. */
  uiLocales?: string | undefined;
  /** What the person chose with the language switch. */
  cookie?: string | undefined;
  acceptLanguage?: string | undefined;
  /** The brand's own language. */
  fallback: string;
}

export type Locales = ReturnType<typeof createLocales>;

/**
 * Reads every catalogue once. A key that is missing throws outside production; in production the English sentence stands in.
 * `folder` is the absolute path of config/locales.
 */
export function createLocales({ folder, production }: { folder: string; production: boolean }) {
  const catalogues = readCatalogues(folder);
  if (!production) catalogues[PSEUDO_LOCALE] = mirror(catalogues.en ?? {});
  const codes = Object.keys(catalogues);
  const instance = translations(catalogues, production);
  const translators = new Map(codes.map((code) => [code, sentences(instance, code)]));
  // Made once, not for every page.
  const offered = codes.filter((code) => code !== PSEUDO_LOCALE).map((code) => ({ code, label: languageName(code) }));

  return {
    codes: codes as readonly string[],

    /** The best language we speak: what the person chose, then what the app asks for, then the browser, then the brand. */
    negotiateLocale({ uiLocales, cookie, acceptLanguage, fallback }: LocaleWishes): string {
      const wishes = [cookie ?? '', ...(uiLocales ?? '').slice(0, 200).split(' '), ...acceptedLanguages(acceptLanguage), fallback];
      for (const wish of wishes) {
        const match = spoken(codes, wish);
        if (match) return match;
      }
      return 'en';
    },

    /** The sentences of one language; parameters fill `{{name}}`. Nothing is escaped here: the view does that. */
    translator(locale: string): Translate {
      return translators.get(locale) ?? translators.get('en')!;
    },

    directionOf,

    /** The language switch of the footer: the address as it is, `query` and all. The pseudo-language is reached by its address only. */
    localeLinks(current: string, query = ''): LocaleLink[] {
      const kept = query.split('&').filter((pair) => pair !== '' && !new URLSearchParams(pair).has('lang'));
      const hrefOf = (code: string) => `?${[...kept, `lang=${code}`].join('&')}`;
      return offered.map(({ code, label }) => ({ code, label, href: hrefOf(code), current: code === current }));
    },
  };
}

/** "22 November 2026", in UTC: nobody has told us the reader's time zone. */
export function dayIn(locale: string, at: Date): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' }).format(at);
}

function directionOf(locale: string): 'ltr' | 'rtl' {
  return RIGHT_TO_LEFT.has(locale.split('-')[0] ?? '') ? 'rtl' : 'ltr';
}

function translations(resources: Record<string, Record<string, string>>, production: boolean) {
  const instance = i18next.createInstance();
  instance.init({
    resources: Object.fromEntries(Object.entries(resources).map(([code, translation]) => [code, { translation }])),
    initAsync: false,
    fallbackLng: production ? 'en' : false,
    keySeparator: false,
    nsSeparator: false,
    // ejs escapes every value once; escaping here as well would show people &amp; for &.
    interpolation: { escapeValue: false },
    parseMissingKeyHandler: (key) => {
      if (production) return key;
      throw new Error(`no sentence for ${key}`);
    },
  });
  return instance;
}

function sentences(i18n: i18n, code: string): Translate {
  const sentence = i18n.getFixedT(code);
  if (directionOf(code) === 'ltr') return (key, params) => sentence(key, { ...params });
  return (key, params) => sentence(key, isolate(params ?? {}));
}

/** A Latin name inside a right-to-left sentence keeps its own full stop: first strong isolate (Unicode UAX 9). */
function isolate(params: NonNullable<Parameters<Translate>[1]>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, `\u2068${value}\u2069`]));
}

function readCatalogues(folder: string): Record<string, Record<string, string>> {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    // English first, then alphabetically: the order of the language switch.
    .sort((one, other) => Number(other === 'en.json') - Number(one === 'en.json') || one.localeCompare(other));
  return Object.fromEntries(files.map((file) => [basename(file, '.json'), JSON.parse(readFileSync(join(folder, file), 'utf8'))]));
}

/** Each stretch between placeholders is forced right to left; names and numbers stay as they are. */
function mirror(catalogue: Record<string, string>): Record<string, string> {
  const turn = (text: string) => text.replace(/(\{\{\w+\}\})|([^{]+)/g, (_, name, words) => name ?? `\u202e${words}\u202c`);
  return Object.fromEntries(Object.entries(catalogue).map(([key, text]) => [key, turn(text)]));
}

function spoken(codes: readonly string[], wish: string): string | undefined {
  const tag = wish.trim().toLowerCase();
  const exact = codes.find((code) => code.toLowerCase() === tag);
  // A region we do not know still understands its language: de-CH is answered in de.
  return exact ?? codes.find((code) => code.toLowerCase() === tag.split('-')[0]);
}

/** Tags of an Accept-Language header (RFC 9110, 12.5.4), best first. */
function acceptedLanguages(header = ''): string[] {
  const ranges = header
    .slice(0, 500)
    .split(',')
    .map((range) => {
      const [tag = '', ...parameters] = range.split(';');
      const quality = parameters.map((parameter) => /^\s*q=([\d.]+)\s*$/i.exec(parameter)?.[1]).find(Boolean);
      return { tag: tag.trim(), quality: quality === undefined ? 1 : Number(quality) };
    });
  return ranges
    .filter(({ tag, quality }) => tag && quality > 0)
    .sort((one, other) => other.quality - one.quality)
    .map(({ tag }) => tag);
}

function languageName(code: string): string {
  const name = new Intl.DisplayNames([code], { type: 'language' }).of(code) ?? code;
  return name.charAt(0).toLocaleUpperCase(code) + name.slice(1);
}
