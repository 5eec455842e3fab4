// Draws a mail: its subject, and the same words as HTML and as plain text, in the brand's look and the person's language.
import { join } from 'node:path';
import type { Brand } from '../domain/brands.ts';
import { formatColor } from '../domain/colors.ts';
import type { Mail } from '../domain/mails.ts';
import { lookOf, type Palette } from '../domain/theme-css.ts';
import type { Theme } from '../domain/themes.ts';
import type { Locales } from '../web/middleware/locale.ts';
import { createMailViews } from './mail-views.ts';
import { createWords, type Words } from './words.ts';

/** A brand's logo small enough for a mail, in a format that mail programs show. */
export interface MailLogo {
  mediaType: string;
  bytes: Buffer;
}

export interface Message {
  subject: string;
  html: string;
  text: string;
  /** Attached as `cid:logo`, which the HTML shows. */
  logo: MailLogo | undefined;
}

export type Messages = ReturnType<typeof createMessages>;

/** `projectFolder` holds views/; with `cache` files are read and compiled once. */
export function createMessages({ projectFolder, cache, locales }: { projectFolder: string; cache: boolean; locales: Locales }) {
  const views = createMailViews({ folder: join(projectFolder, 'views'), cache });

  return {
    draw(brand: Brand, mail: Mail, logo?: MailLogo): Message {
      const { name, params } = mail;
      const locale = locales.codes.includes(mail.locale) ? mail.locale : brand.settings.locale;
      const t = locales.translator(locale);
      const words = createWords(t, locale);
      const shown = logo && isShown(logo) ? logo : undefined;
      const say = (key: string, more: object = {}) => withoutSecondStop(t(key, { brand: brand.name, ...more }), brand.name);
      const frame = {
        mail: name,
        params,
        lead: leadOf(mail, say, words),
        lasts: words.duration(mail.seconds),
        words,
        brand: { name: brand.name, slug: brand.slug, host: new URL(brand.issuer).host, hasLogo: shown !== undefined },
        look: inHex(brand.theme),
        locale,
        dir: locales.directionOf(locale),
        t: say,
      };
      return {
        subject: frame.t(`mail.${name}.subject`),
        html: views.html(frame),
        text: views.text(frame),
        logo: shown,
      };
    },
  };
}

/** "Roast & Co." at the end of a sentence brings its own full stop. */
function withoutSecondStop(text: string, name: string): string {
  return name.endsWith('.') ? text.replaceAll(`${name}.`, name) : text;
}

/** The first sentence, which mail programs also show in the list of mails. */
function leadOf(mail: Mail, say: (key: string, more?: object) => string, words: Words): string {
  const key = `mail.${mail.name}.text`;
  switch (mail.name) {
    case 'password_changed':
      return say(mail.params.how === 'recovered' ? 'mail.password_changed.recovered' : key);
    case 'email_changed':
      return say(key, { email: mail.params.newEmail });
    case 'no_password':
      return say(key, { providers: words.either(mail.params.providers) });
    case 'confirm_consent':
      return say(key, { statement: mail.params.statement });
    case 'deletion_requested':
      return say(key, { until: words.date(mail.params.until) });
    default:
      return say(key);
  }
}

/** Mail programs know no custom properties: each colour is written where it is used. */
function inHex(theme: Theme) {
  const { light, dark, font, radius } = lookOf(theme);
  return { light: hexes(light), dark: dark && hexes(dark), font, radius };
}

function hexes(palette: Palette): Record<string, string> {
  return Object.fromEntries(Object.entries(palette).map(([name, color]) => [name, formatColor(color)]));
}

const LOGO_LIMIT = 64 * 1024;

/** Not WebP: a good part of the mail programs show a broken picture. */
function isShown({ mediaType, bytes }: MailLogo): boolean {
  return bytes.length <= LOGO_LIMIT && (mediaType === 'image/png' || mediaType === 'image/jpeg');
}
