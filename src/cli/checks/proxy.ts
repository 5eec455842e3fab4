// Who may say where a request came from. Portico speaks plain HTTP, so that an https address always means a proxy in front.
import ipaddr from 'ipaddr.js';
import type { Config } from '../../config.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

export function checkProxy({ publicUrl, trustedProxies }: Pick<Config, 'publicUrl' | 'trustedProxies'>): Finding {
  const wide = trustedProxies.find(isEverybody);
  if (wide)
    return fail(
      'proxy',
      `TRUSTED_PROXIES contains ${wide}: anybody may claim any address and pass every limit.`,
      'Name your proxies only, such as 10.0.0.0/8.',
    );
  const named = trustedProxies.join(', ');
  if (publicUrl.startsWith('https:')) {
    if (named) return ok('proxy', `Forwarded addresses are believed from ${named} only.`);
    return fail(
      'proxy',
      'PUBLIC_URL is https, so a proxy stands in front, and TRUSTED_PROXIES is empty: all visitors seem to come from the proxy and share one limit.',
      'Set TRUSTED_PROXIES to the address of the proxy as Portico sees it, such as 10.0.0.5.',
    );
  }
  if (named)
    return warn('proxy', `TRUSTED_PROXIES names ${named}, and PUBLIC_URL is http.`, 'Set PUBLIC_URL to the https address of the proxy.');
  return ok('proxy', 'No proxy is trusted, and none is needed without https.');
}

function isEverybody(entry: string): boolean {
  return ipaddr.isValidCIDR(entry) && ipaddr.parseCIDR(entry)[1] < 4;
}
