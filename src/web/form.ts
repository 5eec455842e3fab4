// Reads a posted form: small, well-formed, each field once. Shape only; meaning is the domain's.
import type { IncomingMessage } from 'node:http';

/** The same bound oidc-provider sets for its own endpoints. */
const LIMIT = 56 * 1024;
/** A brand may ask much, in groups with many items. */
const FIELDS = 1_000;

/** A body that is no form of ours; `status` is what to answer. */
export class MalformedBody extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'MalformedBody';
    this.status = status;
  }
}

export type Form = Readonly<Record<string, string>>;

/** @throws MalformedBody 413, 415 or 400. */
export async function readForm(req: IncomingMessage): Promise<Form> {
  return parseForm(await readFormText(req));
}

/**
 * The form as it was encoded, for a request that is sent on; only the fields named may stand in it more than once.
 * @throws MalformedBody 413, 415 or 400.
 */
export async function readFormText(req: IncomingMessage, repeatable: readonly string[] = []): Promise<string> {
  const type = (req.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') throw new MalformedBody(415, 'The body must be a form.');
  const text = decode(await readBody(req));
  parseForm(text, repeatable);
  return text;
}

async function readBody(req: IncomingMessage): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > LIMIT) throw new MalformedBody(413, 'The form is too large.');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LIMIT) throw new MalformedBody(413, 'The form is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Text of the form with every raw byte percent-encoded, so that it may stand in an address or a header as it is.
 * Percent-encoded UTF-8 that is none, and NUL, would be refused by Postgres much later and much less kindly.
 */
function decode(body: Buffer): string {
  const text = body.toString('latin1').replace(/[^\x21\x24-\x7e]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
  if (!isText(text)) throw new MalformedBody(400, 'The form holds a character that cannot be read.');
  return text;
}

/** True when `encoded` decodes to text: percent-encoded UTF-8 (RFC 3986 2.5) without NUL. */
export function isText(encoded: string): boolean {
  try {
    return !decodeURIComponent(encoded).includes('\0');
  } catch {
    return false;
  }
}

function parseForm(text: string, repeatable: readonly string[] = []): Form {
  const form: Record<string, string> = Object.create(null);
  const pairs = text === '' ? [] : text.split('&');
  if (pairs.length > FIELDS) throw new MalformedBody(400, 'The form has too many fields.');
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const [name, value] = at === -1 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
    const key = decodeComponent(name);
    if (key in form && !repeatable.includes(key)) throw new MalformedBody(400, 'The form names a field twice.');
    form[key] = decodeComponent(value);
  }
  return form;
}

/** The whole is text, so each part is: separators are no part of a longer character. */
function decodeComponent(value: string): string {
  return decodeURIComponent(value.replaceAll('+', ' '));
}
