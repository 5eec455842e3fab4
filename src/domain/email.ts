// What an e-mail address is, in the one place that decides it: sign-in, registration, mail and uniqueness all ask here.
import { domainToASCII, domainToUnicode } from 'node:url';
import { Refusal } from '../errors.ts';

export interface Email {
  /** Where mail goes: the local part as typed, the domain lower-cased and as A-labels. ASCII only. */
  address: string;
  /** What is compared: the address in ASCII lower case. Dots and plus signs stay, since they are the mailbox provider's business. */
  canonical: string;
}

// RFC 5322 dot-atom: no quoted strings, comments, groups or display names, which mailers parse in different ways.
const localPart = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/i;
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Reads one addr-spec (RFC 5321 4.1.2, dot-string and domain only), spaces around it forgiven.
 * @throws Refusal email_required, email_invalid.
 */
export function parseEmail(input: string): Email {
  // Spaces and tabs alone: a line break in an address is an attack on a mail header, not a slip.
  const typed = input.length > 1_000 ? 'too long' : input.replace(/^[ \t]+|[ \t]+$/g, '');
  if (typed === '') throw new Refusal('email_required', 'email');
  const at = typed.indexOf('@');
  const local = typed.slice(0, Math.max(0, at));
  const domain = asciiDomain(typed.slice(at + 1));
  const address = `${local}@${domain}`;
  // An encoded word (RFC 2047) is made of allowed characters, but some mail servers decode it into another address.
  const honest = localPart.test(local) && !local.includes('=?');
  if (!domain || local.length > 64 || address.length > 254 || !honest) throw new Refusal('email_invalid', 'email');
  // All ASCII by now, so that JavaScript's and Postgres' idea of lower case cannot differ.
  return { address, canonical: address.toLowerCase() };
}

/** Exactly one address as we store it, and nothing around it: what any mail server reads the same way. */
export function isPlainAddress(text: string): boolean {
  try {
    return parseEmail(text).address === text;
  } catch {
    return false;
  }
}

/** `anna@x.example` as `a***@x.example`, for pages and logs. */
export function maskEmail(address: string): string {
  const at = address.lastIndexOf('@');
  return at < 1 ? '***' : `${address.charAt(0)}***${address.slice(at)}`;
}

/** The domain as lower-case A-labels, or undefined when it is none. */
function asciiDomain(domain: string): string | undefined {
  const lower = domain.normalize('NFC').toLowerCase();
  const ascii = domainToASCII(lower);
  if (ascii !== lower && domainToUnicode(ascii) !== lower) return undefined;
  const typed = domain.split('.');
  const labels = ascii.split('.');
  // UTS 46 drops zero-width characters and folds full-width letters and the Kelvin sign: a label with other than ASCII that
  // comes out as plain ASCII is a disguise.
  const honest = labels.every((part, index) => label.test(part) && (isAscii(typed[index] ?? '') || part.startsWith('xn--')));
  // A name in some zone; digits alone at the end would be an IP literal.
  return honest && labels.length > 1 && /[a-z]/.test(labels.at(-1) ?? '') ? ascii : undefined;
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}
