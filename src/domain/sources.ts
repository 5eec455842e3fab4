// Where a request came from, as far as flows may know: for limits, mails and the audit trail.
import { describeDevice } from './devices.ts';
import { coarseNetwork } from './networks.ts';

export interface Source {
  /** The end-user's address as the trusted proxies tell it. */
  ip: string;
  /** The User-Agent header. */
  userAgent?: string | undefined;
  /** The client whose page, or request, it was. */
  clientId?: string | undefined;
  /** The language the person reads; mails answer in it. */
  locale: string;
}

/** What is shown, and kept, of a source: enough to be recognised by its owner, too little to follow anybody. */
export interface Seen {
  /** "Chrome on Windows" as `Chrome/Windows`; undefined when it says nothing we know. */
  device?: string | undefined;
  /** IPv4 by /24, IPv6 by /48. */
  network: string;
}

export function seen({ ip, userAgent }: Pick<Source, 'ip' | 'userAgent'>): Seen {
  return { device: describeDevice(userAgent), network: coarseNetwork(ip) };
}

/** `Chrome/Windows` as a person says it, by way of `both`; a part alone stands for itself; undefined when nothing is known. */
export function deviceInWords(
  device: string | null | undefined,
  both: (parts: { browser: string; system: string }) => string,
): string | undefined {
  const [browser = '', system = ''] = (device ?? '').split('/');
  if (browser && system) return both({ browser, system });
  return browser || system || undefined;
}

/** "203.0.113.*" or "2001:db8:1:*": where from, as far as that may be told; undefined when nobody knows. */
export function networkInWords(network: string | null | undefined): string | undefined {
  if (!network || network === 'unknown') return undefined;
  return network.replace(/\.0\/24$/, '.*').replace(/::\/48$/, ':*');
}
