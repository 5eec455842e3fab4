// Every mail the product sends: its name and what it says. They are drawn and posted by src/mail, minutes later if it must be.
import { randomUUID } from 'node:crypto';
import type { Brand } from './brands.ts';
import type { Seen } from './sources.ts';

/** `link` is absolute and begins with the brand's issuer; `when` is ISO 8601. */
export interface Mails {
  /** A newcomer proves their address; there is no account yet. */
  confirm_registration: { digits: string; link: string; seen: Seen };
  /** Somebody tried to join with the address of an account: a way in instead. */
  account_exists: { link: string; seen: Seen };
  /** The address of an account that exists. */
  verify_email: { digits: string; link: string };
  reset_password: { digits: string; link: string; seen: Seen };
  /** Forgot a password that was never there: signs in through these identity providers. */
  no_password: { providers: string[]; link: string; seen: Seen };
  /** Too many tries from elsewhere: lets the owner's browser in. */
  unlock: { link: string; seen: Seen };
  /** To the new address. */
  change_email: { digits: string; link: string };
  /** To an address that belongs to an account already, when another account wants it. */
  address_taken: { link: string };
  /** To the old address. `newEmail` is masked; `link` undoes it. */
  email_changed: { newEmail: string; link: string; seen: Seen; when: string };
  /** `how`: known the old one, or by a mailed code. `link`: this was not me. */
  password_changed: { how: 'changed' | 'recovered'; link: string; seen: Seen; when: string };
  new_device: { link: string; seen: Seen; when: string };
  /** `until`: when it will be erased; `link` keeps it. */
  deletion_requested: { until: string; link: string; seen: Seen };
  account_erased: Record<never, never>;
  /** Double opt-in: what was ticked, as it was shown; it counts once the link is pressed. */
  confirm_consent: { statement: string; link: string; seen: Seen };
  /** `link`: this was not me. */
  data_exported: { link: string; seen: Seen; when: string };
}

export type MailName = keyof Mails;

/**
 * Mails that versions still in use do not know: a job of each has a name of its own, so that nobody takes it who cannot draw it.
 * A new mail begins here and stays, since jobs of that name may be waiting.
 */
const laterMails: readonly MailName[] = ['confirm_consent'];

/** The name of a mail's job. */
export function mailTask(name: MailName): string {
  return laterMails.includes(name) ? `mail_${name}` : 'mail';
}

/** The names of all mails' jobs. */
export const mailTasks: readonly string[] = ['mail', ...laterMails.map(mailTask)];

export type Mail<Name extends MailName = MailName> = {
  [Each in Name]: {
    name: Each;
    params: Mails[Each];
    /** Nobody: for an address without an account the same work is done and nothing is sent. */
    to: string | null;
    locale: string;
    /** Seconds after which it says nothing that is still true; then it is not sent any more. */
    seconds: number;
  };
}[Name];

export interface SealedMail {
  brandId: number;
  /** Becomes the Message-ID: a mail that is sent twice is recognised. */
  id: string;
  /** base64. */
  sealed: string;
}

interface Sealer {
  mac(purpose: 'mails', context: string, data: string): Buffer;
  seal(purpose: 'mails' | 'smtp', place: string, plain: string): Buffer;
  open(purpose: 'mails' | 'smtp', place: string, sealed: Buffer): Buffer;
}

/** As it waits in the job queue: addresses, codes and links are readable for us alone. `at`: when it was written. */
export function sealMail(keyring: Pick<Sealer, 'seal'>, brandId: number, mail: Mail, at: Date): SealedMail {
  const id = randomUUID();
  const plain = JSON.stringify({ ...mail, at: at.toISOString() });
  return { brandId, id, sealed: keyring.seal('mails', placeOf(brandId, id), plain).toString('base64') };
}

/** @throws when it was sealed by another secret or for another brand. */
export function openMail(keyring: Pick<Sealer, 'open'>, { brandId, id, sealed }: SealedMail): Mail & { at: string } {
  return JSON.parse(keyring.open('mails', placeOf(brandId, id), Buffer.from(sealed, 'base64')).toString('utf8')) as Mail & { at: string };
}

/** Nobody wants a code that has died: past its seconds a mail is not sent any more. */
export function isLate({ at, seconds }: { at: string; seconds: number }, now: Date): boolean {
  return now.getTime() - Date.parse(at) > seconds * 1000;
}

/** Tells mails to one address of a brand from others, and nothing about it: a keyed digest. */
export function recipientTag(keyring: Pick<Sealer, 'mac'>, brandId: number, to: string): string {
  return keyring.mac('mails', `recipient/${brandId}`, to.toLowerCase()).toString('base64url').slice(0, 22);
}

/** A brand's own mail server, `smtp(s)://user:password@host:port`. */
export function sealSmtp(keyring: Pick<Sealer, 'seal'>, slug: string, url: string): Buffer {
  return keyring.seal('smtp', `brands.smtp/${slug}`, url);
}

/** @returns undefined where the brand uses the installation's. */
export function openSmtp(keyring: Pick<Sealer, 'open'>, { slug, smtp }: Pick<Brand, 'slug' | 'smtp'>): string | undefined {
  return smtp ? keyring.open('smtp', `brands.smtp/${slug}`, smtp).toString('utf8') : undefined;
}

function placeOf(brandId: number, id: string): string {
  return `mails/${brandId}/${id}`;
}
