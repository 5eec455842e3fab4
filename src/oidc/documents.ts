// Discovery and keys are the same for everybody: made once when the provider is built, by asking the library under the issuer's own
// address, and served as ready bytes. Nothing a stranger sends can become part of them.
import { createHash } from 'node:crypto';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Context } from 'koa';
import type { Provider } from 'oidc-provider';

interface ReadyDocument {
  body: Buffer;
  type: string;
  etag: string;
}

/** By path below the issuer. */
type ReadyDocuments = ReadonlyMap<string, ReadyDocument>;

const PATHS = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server', '/jwks'];

// Long enough to spare the next hundred requests, short enough that a new signing key is known before it is used.
const CACHED = 'public, max-age=300';

const prepared = new WeakMap<Provider, ReadyDocuments>();

/** Called before anything of ours is put in front of the library. @throws Error when the library does not answer. */
export async function prepareDocuments(provider: Provider, issuer: string): Promise<void> {
  const documents = new Map<string, ReadyDocument>();
  for (const path of PATHS) documents.set(path, await ask(provider, new URL(issuer), path));
  prepared.set(provider, documents);
}

/** Answers GET and HEAD (also with 304) as the library would. @returns false when the request is not for one of the documents. */
export function serveDocument(ctx: Context, provider: Provider): boolean {
  const document = prepared.get(provider)?.get(ctx.path);
  if (!document || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return false;
  // What is cached for everybody holds nothing of anybody.
  ctx.remove('set-cookie');
  ctx.set({ 'cache-control': CACHED, etag: document.etag, 'access-control-allow-origin': ctx.get('origin') || '*' });
  ctx.vary('Origin');
  ctx.status = 200;
  if (ctx.fresh) ctx.status = 304;
  else {
    ctx.body = document.body;
    ctx.type = document.type;
  }
  return true;
}

/** One request that never was on a wire. */
async function ask(provider: Provider, { host, protocol, pathname }: URL, path: string): Promise<ReadyDocument> {
  const request: IncomingMessage & { baseUrl?: string } = new IncomingMessage(new Socket());
  request.method = 'GET';
  request.url = path;
  request.headers = { host, 'x-forwarded-proto': protocol.slice(0, -1) };
  request.baseUrl = pathname === '/' ? '' : pathname;
  const response = new ServerResponse(request);
  const chunks: Buffer[] = [];
  response.end = (chunk: unknown) => {
    chunks.push(Buffer.from(chunk as string | Buffer));
    return response;
  };
  await provider.callback()(request, response);
  const body = Buffer.concat(chunks);
  if (response.statusCode !== 200) throw new Error(`${path} of ${host} cannot be made: ${response.statusCode}`);
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
  return { body, type: String(response.getHeader('content-type')), etag };
}
