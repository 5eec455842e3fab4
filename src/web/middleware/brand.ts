// Which brand is asked. Host and path only select among configured issuers; from here on every address comes from the issuer itself.
import { type Brand, reservedSegments } from '../../domain/brands.ts';
import type { Providers } from '../../oidc/providers.ts';
import type { BrandDirectory } from '../brand-directory.ts';
import { type Middleware, type RequestState, rememberState } from '../request.ts';

/** `home`: where another name of this machine is sent to, in development. */
export function selectBrand(directory: BrandDirectory, providers: Providers, home?: string): Middleware {
  return async (ctx, next) => {
    const { req } = ctx;
    // Absolute-form targets and asterisks are for proxies (RFC 9112 3.2); a second source for the host is one too many.
    if (!req.url?.startsWith('/')) return refuse(ctx, 400, 'The request target must be a path.');
    // Two Host headers are two readers with two opinions (RFC 9112 3.2); Node would quietly take the first.
    const host = req.headersDistinct.host?.length === 1 ? requestedHost(req.headers.host) : undefined;
    if (!host) return refuse(ctx, 400, 'The Host header is missing or malformed.');
    const brand = await directory.select(host, firstSegment(wellKnown(req.url)));
    // 421 Misdirected Request (RFC 9110 15.5.20): nobody of that name lives here.
    if (!brand && home && isAnotherName(host, home)) return ctx.redirect(home + req.url);
    if (!brand) return refuse(ctx, 421, 'No brand is configured for this host.');
    impose(ctx.req, brand, ctx.state);
    const { state } = ctx;
    state.brand = brand;
    state.mountPath = mountPathOf(brand);
    // TLS ends before us: whether a cookie may say Secure is the issuer's to say, not the socket's.
    ctx.cookies.secure = brand.issuer.startsWith('https:');
    state.provider = await providers.of(brand);
    rememberState(req, state);
    return next();
  };
}

/** 127.0.0.1 typed for localhost, at the same port. */
function isAnotherName(host: string, home: string): boolean {
  const { host: ours, port } = new URL(home);
  return host !== ours && ['localhost', '127.0.0.1', '[::1]'].some((name) => host === `${name}:${port}`);
}

/** Writes the issuer's scheme, host and path over the request's, so that nothing downstream can echo what a stranger sent. */
function impose(
  req: Parameters<typeof rememberState>[0] & { baseUrl?: string },
  brand: Brand,
  { ip, country }: Pick<RequestState, 'ip' | 'country'>,
): void {
  const issuer = new URL(brand.issuer);
  const mountPath = mountPathOf(brand);
  const url = wellKnown(req.url as string);
  req.headers.host = issuer.host;
  req.headers['x-forwarded-proto'] = issuer.protocol.slice(0, -1);
  req.headers['x-forwarded-for'] = ip;
  // For what the provider asks of the request; a stranger's own header of this name is overwritten.
  req.headers['x-portico-country'] = country ?? '';
  req.baseUrl = mountPath;
  const rest = url.slice(mountPath.length);
  req.url = rest.startsWith('/') ? rest : `/${rest}`;
}

/** RFC 8414 puts the metadata of https://host/brand at https://host/.well-known/oauth-authorization-server/brand. */
function wellKnown(url: string): string {
  const match = /^\/\.well-known\/oauth-authorization-server(\/[^/?#]+)(?=$|\?)/.exec(url);
  return match ? `${match[1]}/.well-known/oauth-authorization-server${url.slice(match[0].length)}` : url;
}

export function mountPathOf(brand: Pick<Brand, 'issuer'>): string {
  const { pathname } = new URL(brand.issuer);
  return pathname === '/' ? '' : pathname;
}

function requestedHost(host: string | undefined): string | undefined {
  if (!host || !/^([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/i.test(host)) return undefined;
  return host.toLowerCase();
}

function firstSegment(url: string): string {
  const segment = /^\/([A-Za-z0-9-]+)(?=[/?]|$)/.exec(url)?.[1] ?? '';
  return reservedSegments.has(segment) ? '' : segment;
}

function refuse(ctx: Parameters<Middleware>[0], status: number, message: string): void {
  ctx.status = status;
  ctx.type = 'text/plain; charset=utf-8';
  ctx.body = `${message}\n`;
}
