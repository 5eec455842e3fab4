// Dynamic registration (RFC 7591, 7592) around a secret that is not stored: shown once, then only recognised.
import type { IncomingMessage } from 'node:http';
import type { Middleware } from 'koa';
import type { Provider } from 'oidc-provider';
import { compareSecret, extraClientMetadata, PLACEHOLDER } from './clients.ts';

const LIMIT = 56 * 1024;

export function guardRegistration(provider: Provider): Middleware {
  return async (ctx, next) => {
    const clientId = /^\/reg\/([^/]+)$/.exec(ctx.path)?.[1];
    if (clientId && ctx.method === 'PUT') await recognizeSecret(provider, ctx.req, decodeURIComponent(clientId));
    await next();
    if (ctx.path.startsWith('/reg') && isObject(ctx.body)) ctx.body = withoutOurs(ctx.body);
  };
}

/** A client may repeat its secret in an update (RFC 7592 2.2); the library compares it with what it holds, which is the placeholder. */
async function recognizeSecret(provider: Provider, req: IncomingMessage & { body?: string }, clientId: string): Promise<void> {
  const text = await readText(req);
  req.body = text;
  const body = parse(text);
  if (typeof body?.client_secret !== 'string') return;
  const client = await provider.Client.find(clientId);
  const matches = client !== undefined && compareSecret(client, body.client_secret);
  // Whoever sends the placeholder itself knows nothing: anything that does not match is made unlike it.
  req.body = JSON.stringify({ ...body, client_secret: matches ? PLACEHOLDER : '' });
}

function withoutOurs(body: Record<string, unknown>): Record<string, unknown> {
  const ours = new Set<string>(extraClientMetadata);
  return Object.fromEntries(Object.entries(body).filter(([name, value]) => !ours.has(name) && value !== PLACEHOLDER));
}

async function readText(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LIMIT) return '{"error":"too large"}';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);
}
