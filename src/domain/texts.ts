// What a brand writes for its people, by language: labels, help, what somebody agrees to. Plain text, and links in it that are safe.
import { isSafeLink } from './themes.ts';

/** By language tag, such as `en` or `de-CH`. */
export type Texts = Readonly<Record<string, string>>;

/** A stretch of words, perhaps a link. */
export interface TextPart {
  words: string;
  href?: string | undefined;
}

/** The best of the languages there are: the very one, its language without the region, the brand's own, any. */
export function textIn(texts: Texts, locale: string, fallback: string): { locale: string; text: string } {
  const languages = Object.keys(texts);
  const found =
    [locale, locale.split('-')[0], fallback, fallback.split('-')[0]].flatMap((tag) => languages.find((one) => same(one, tag)) ?? [])[0] ??
    languages[0] ??
    '';
  return { locale: found, text: texts[found] ?? '' };
}

function same(one: string, other: string | undefined): boolean {
  return one.toLowerCase() === other?.toLowerCase();
}

const LINK = /\[([^[\]]{1,200})\]\(([^\s()]{1,2048})\)/g;

/** `I agree to the [terms](https://shop.example/terms).` in its parts. What is no safe link stays the words that were written. */
export function partsOf(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const [whole, words = '', href = ''] = match;
    if (!isSafeLink(href)) continue;
    if (match.index > end) parts.push({ words: text.slice(end, match.index) });
    parts.push({ words, href });
    end = match.index + whole.length;
  }
  return end < text.length ? [...parts, { words: text.slice(end) }] : parts;
}

/** The addresses that a text tries to link to and may not, or not in this way: what is left in its words looks like a link and is none. */
export function unsafeLinks(text: string): string[] {
  const words = partsOf(text).filter(({ href }) => href === undefined);
  return words.flatMap(({ words }) => [...words.matchAll(/\]\(([^)]*)\)/g)].map(([, href = '']) => href));
}
