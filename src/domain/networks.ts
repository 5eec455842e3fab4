// Who counts as "the same place" for limits.
import ipaddr from 'ipaddr.js';

/** Where every address that is none ends up: one shared bucket, so that garbage is limited hardest. */
export const UNKNOWN_NETWORK = 'unknown';

/**
 * The network an address belongs to: an IPv4 address alone, IPv6 by /64 (what one subscriber gets).
 * `::ffff:1.2.3.4` is `1.2.3.4`; a zone id is dropped.
 */
export function networkOf(ip: string): string {
  const address = parse(ip.replace(/%.*$/s, ''));
  if (!address) return UNKNOWN_NETWORK;
  if (address instanceof ipaddr.IPv4) return `${address.toString()}/32`;
  const prefix = [...address.parts.slice(0, 4), 0, 0, 0, 0];
  return `${new ipaddr.IPv6(prefix).toString()}/64`;
}

/** What may be shown and kept of an address: IPv4 by /24, IPv6 by /48 (security notices, the account's list of sessions, the audit trail). */
export function coarseNetwork(ip: string): string {
  const address = parse(ip.replace(/%.*$/s, ''));
  if (!address) return UNKNOWN_NETWORK;
  if (address instanceof ipaddr.IPv4) return `${address.octets.slice(0, 3).join('.')}.0/24`;
  return `${new ipaddr.IPv6([...address.parts.slice(0, 3), 0, 0, 0, 0, 0]).toString()}/48`;
}

function parse(ip: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  // Four decimal parts only: `1`, `0x7f.1` and `010.0.0.1` mean different hosts to different parsers.
  if (ipaddr.IPv4.isValidFourPartDecimal(ip)) return ipaddr.IPv4.parse(ip);
  return ipaddr.IPv6.isValid(ip) ? ipaddr.process(ip) : undefined;
}
