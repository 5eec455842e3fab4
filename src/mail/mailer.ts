// A mail leaves the outbox: opened, drawn, and posted to exactly one address, by the brand's own server or the installation's.
import type { Brand } from '../domain/brands.ts';
import { isPlainAddress } from '../domain/email.ts';
import { isLate, type Mail, openMail, openSmtp, type SealedMail } from '../domain/mails.ts';
import type { Services } from '../services.ts';
import * as brandAssets from '../storage/brand-assets.ts';
import * as brands from '../storage/brands.ts';
import type { Locales } from '../web/middleware/locale.ts';
import { createInbox, type Inbox } from './inbox.ts';
import { createMessages, type Message } from './messages.ts';
import { messageIdOf, senderOf } from './sender.ts';
import { createTransports, MailFault, type OutgoingMail } from './transports.ts';

export interface Mailer {
  /**
   * Sends one mail of the outbox, or finds that nobody wants it any more.
   * @throws MailFault when it should be tried again later.
   */
  deliver(sealed: SealedMail): Promise<void>;
  /** Gives up what is on its way; the jobs try again. */
  close(): void;
}

type Needs = Pick<Services, 'config' | 'db' | 'keyring' | 'log'>;

export function createMailer(services: Needs, locales: Locales): Mailer {
  const { config, db, keyring, log } = services;
  const { projectFolder, production } = config;
  const messages = createMessages({ projectFolder, cache: config.environment !== 'development', locales });
  const transports = createTransports({ production });
  const inbox: Inbox | undefined = config.mailInbox ? createInbox(config.mailInbox) : undefined;

  return {
    async deliver(sealed) {
      const mail = openMail(keyring, sealed);
      const entry = { mailName: mail.name, mailId: sealed.id };
      const why = uselessness(mail);
      if (why) return log.debug({ event: 'mail_dropped', code: why, ...entry });
      const brand = await brands.findById(db, sealed.brandId);
      if (!brand || brand.disabledAt) return log.info({ event: 'mail_dropped', code: 'brand', ...entry });
      const message = messages.draw(
        brand,
        mail,
        (await brandAssets.list(db, brand.id)).find(({ name }) => name === 'logo'),
      );
      const outgoing = envelope(services, brand, { id: sealed.id, to: mail.to as string, message });
      await inbox?.keep({
        ...message,
        id: sealed.id,
        mail: mail.name,
        ...handlesOf(mail),
        brand: brand.name,
        headers: headersOf(outgoing),
      });
      await post(brand, outgoing, entry);
    },
    close: transports.close,
  };

  async function post(brand: Brand, outgoing: OutgoingMail, entry: { mailName: string; mailId: string }): Promise<void> {
    const url = openSmtp(keyring, brand) ?? config.smtpUrl;
    const place = { server: url && new URL(url).host, brand: brand.slug, ...entry };
    if (!url && inbox) return;
    try {
      if (!url) throw new MailFault('no mail server');
      const { outcome, code } = await transports.post(url, outgoing);
      if (outcome === 'refused') log.warn({ event: 'mail_refused', code, ...place });
      else log.info({ event: 'mail_sent', ...place });
    } catch (error) {
      if (error instanceof MailFault) log.warn({ event: 'mail_deferred', code: error.code, ...place });
      throw error;
    }
  }
}

/** Why nothing is sent, where nothing is. */
function uselessness(mail: Mail & { at: string }): string | undefined {
  if (mail.to === null) return 'nobody';
  if (isLate(mail, new Date())) return 'late';
  if (!isPlainAddress(mail.to)) return 'address';
  // RFC 2606: a domain that can never exist.
  return /\.invalid$/i.test(mail.to) ? 'invalid domain' : undefined;
}

function envelope({ config }: Needs, brand: Brand, { id, to, message }: { id: string; to: string; message: Message }) {
  const { from, replyTo } = senderOf(brand, config);
  const { subject, html, text, logo } = message;
  return {
    from,
    ...(replyTo && { replyTo }),
    // As objects, both: nothing of them is ever parsed as a list.
    to: { name: '', address: to },
    envelope: { from: from.address, to: [to] },
    messageId: messageIdOf(id, brand.issuer),
    subject,
    text,
    html,
    // RFC 3834: nobody's holiday answers us.
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    ...(logo && { attachments: [attached(logo)] }),
  };
}

function attached({ mediaType, bytes }: NonNullable<Message['logo']>) {
  const filename = mediaType === 'image/png' ? 'logo.png' : 'logo.jpg';
  return { cid: 'logo', filename, content: bytes, contentType: mediaType, contentDisposition: 'inline' as const };
}

function handlesOf({ at, to, params }: Mail & { at: string }) {
  const { digits, link } = params as { digits?: string; link?: string };
  return { at, to: to as string, digits, link };
}

/** As the inbox page shows them. */
function headersOf({ from, replyTo, messageId }: ReturnType<typeof envelope>): Record<string, string> {
  return { from: `${from.name} <${from.address}>`, ...(replyTo && { 'reply-to': replyTo.address }), 'message-id': messageId };
}
