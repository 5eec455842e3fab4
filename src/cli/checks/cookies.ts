// Whether browsers keep our cookies, and keep them to themselves.
import type { Config } from '../../config.ts';
import type { Brand } from '../../domain/brands.ts';
import { type Finding, fail, ok } from './finding.ts';

export async function checkCookies({ publicUrl }: Pick<Config, 'publicUrl'>, brands: readonly Brand[]): Promise<Finding[]> {
  const issuers = brands.length > 0 ? brands : [{ id: 0, slug: 'PUBLIC_URL', issuer: publicUrl }];
  const open = issuers.filter(({ issuer }) => issuer.startsWith('http:') && !isLoopback(issuer));
  const findings = open.map(({ slug, issuer }) =>
    fail(
      'cookies',
      `${slug}: session cookies travel in clear to ${issuer}, and browsers withhold what needs a secure address.`,
      'Give it an https address; http is for this machine only.',
    ),
  );
  if (findings.length > 0) return findings;
  const secure = issuers.find(({ issuer }) => issuer.startsWith('https:'));
  if (!secure) return [ok('cookies', 'Cookies are for http on this machine: without Secure and __Host-, which browsers keep for https.')];
  // The protocol library takes a fifth of a second to load, which no other command needs.
  const { cookieNames } = await import('../../oidc/settings.ts');
  return [ok('cookies', `Cookies are Secure and bound to their host, such as ${cookieNames(secure).session}.`)];
}

function isLoopback(issuer: string): boolean {
  const { hostname } = new URL(issuer);
  return ['localhost', '127.0.0.1', '[::1]'].includes(hostname) || hostname.endsWith('.localhost');
}
