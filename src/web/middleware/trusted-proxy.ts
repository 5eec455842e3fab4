// Who is asking. Forwarding headers count only when the socket's peer is a proxy the operator named; everyone else's are removed.
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { guessCountry } from '../../domain/countries.ts';
import type { Middleware } from '../request.ts';

/** `countryHeader`, in lower case: where a trusted proxy says which country a request comes from. */
export function trustedProxy(trusted: readonly string[], countryHeader?: string): Middleware {
  const networks = trusted.map(parseNetwork);
  return (ctx, next) => {
    const peer = ctx.req.socket.remoteAddress ?? '';
    ctx.state.ip = clientAddress(peer, ctx.req.headers, networks);
    const address = normalize(peer);
    const told = countryHeader && address && isTrusted(address, networks) ? ctx.get(countryHeader) : undefined;
    ctx.state.country = guessCountry({ header: told, acceptLanguage: ctx.get('accept-language') });
    removeForwarding(ctx.req.headers);
    return next();
  };
}

type Network = ReturnType<typeof parseNetwork>;

export function parseNetwork(entry: string) {
  if (entry.includes('/')) return ipaddr.parseCIDR(entry);
  const address = ipaddr.process(entry);
  return [address, address.kind() === 'ipv4' ? 32 : 128] as const;
}

/**
 * The right-most address of X-Forwarded-For that no trusted proxy added. What stands further left was written by the client.
 * An entry that is no address ends the walk: the last hop we could verify counts.
 */
export function clientAddress(peer: string, headers: IncomingHttpHeaders, networks: readonly Network[]): string {
  let address = normalize(peer);
  if (!address || !isTrusted(address, networks)) return address ?? peer;
  const hops = String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((hop) => hop.trim())
    .filter(Boolean);
  for (const hop of hops.reverse()) {
    const next = normalize(hop);
    if (!next) break;
    address = next;
    if (!isTrusted(next, networks)) break;
  }
  return address;
}

function normalize(value: string): string | undefined {
  const bare = value
    .replace(/%.*$/, '')
    .replace(/^\[(.*)\](:\d+)?$/, '$1')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
  // ipaddr.js also takes 1, 127.1, octal and hexadecimal for addresses; proxies write none of these.
  return isIP(bare) ? ipaddr.process(bare).toString() : undefined;
}

function isTrusted(address: string, networks: readonly Network[]): boolean {
  const parsed = ipaddr.process(address);
  return networks.some(([range, bits]) => parsed.kind() === range.kind() && parsed.match(range, bits));
}

function removeForwarding(headers: IncomingHttpHeaders): void {
  for (const name of Object.keys(headers)) {
    if (name.startsWith('x-forwarded') || name === 'forwarded' || name === 'x-real-ip' || name.startsWith('x-original-'))
      delete headers[name];
  }
}
