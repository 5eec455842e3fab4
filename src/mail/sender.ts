// Who a mail is from, and where answers go.
import type { Config } from '../config.ts';
import type { Brand } from '../domain/brands.ts';

interface Address {
  name: string;
  address: string;
}

/** The brand's own words, then the installation's, then an address of the issuer's host. */
export function senderOf(brand: Brand, { mailFrom, mailReplyTo }: Pick<Config, 'mailFrom' | 'mailReplyTo'>) {
  const { mail } = brand.settings;
  const from: Address = { name: brand.name, address: mail.from ?? mailFrom ?? `no-reply@${mailDomain(brand.issuer)}` };
  const replyTo = mail.replyTo ?? mailReplyTo;
  return { from, ...(replyTo && { replyTo: { name: brand.name, address: replyTo } }) };
}

/** Stable for one mail, so that a second delivery of it is recognised (RFC 5322 3.6.4). */
export function messageIdOf(id: string, issuer: string): string {
  return `<${id}@${new URL(issuer).hostname.replace(/^\[|\]$/g, '').replaceAll(':', '-')}>`;
}

/** The issuer's host; one that mail cannot come from, such as localhost, lends its name to a reserved domain (RFC 2606). */
function mailDomain(issuer: string): string {
  const { hostname } = new URL(issuer);
  const isName = /^[a-z0-9.-]+\.[a-z][a-z0-9-]*$/i.test(hostname);
  return isName ? hostname : 'localhost.example';
}
