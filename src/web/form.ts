// Reads a posted form: small, well-formed, each field once. Shape only; meaning is the domain's.
import type { IncomingMessage } from 'node:http';

/** The same bound oidc-provider sets for its own endpoints. */
const LIMIT = 56 * 1024;
const FIELDS = 100;

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

/** The form as it was encoded, for a request that is sent on. @throws MalformedBody 413, 415 or 400. */
export async function readFormText(req: IncomingMessage): Promise<string> {
  const type = (req.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') throw new MalformedBody(415, 'The body must be a form.');
  return decode(await readBody(req));
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

/** Percent-encoded UTF-8 that is none, and NUL, would be refused by Postgres much later and much less kindly. */
function decode(body: Buffer): string {
  const text = body.toString('latin1');
  if (/%00/.test(text) || text.includes('\0')) throw new MalformedBody(400, 'The form holds a character that cannot be stored.');
  return text;
}

function parseForm(text: string): Form {
  const form: Record<string, string> = Object.create(null);
  const pairs = text === '' ? [] : text.split('&');
  if (pairs.length > FIELDS) throw new MalformedBody(400, 'The form has too many fields.');
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const [name, value] = at === -1 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
    const key = decodeComponent(name);
    if (key in form) throw new MalformedBody(400, 'The form names a field twice.');
    form[key] = decodeComponent(value);
  }
  return form;
}

function decodeComponent(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    throw new MalformedBody(400, 'The form is not valid UTF-8.');
  }
}
