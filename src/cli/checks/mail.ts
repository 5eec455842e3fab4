// Whether the mail servers take our mail: the installation's, and each brand's own. Nothing is sent.
import type { Config } from '../../config.ts';
import type { Brand } from '../../domain/brands.ts';
import { openSmtp } from '../../domain/mails.ts';
import { createKeyring } from '../../keyring.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

type Settings = Pick<Config, 'smtpUrl' | 'production' | 'secret'> & Partial<Pick<Config, 'mailInbox' | 'publicUrl'>>;

export async function checkMail(config: Settings, brands: readonly Pick<Brand, 'slug' | 'smtp'>[] = []): Promise<Finding[]> {
  const installation = config.smtpUrl
    ? await checkServer(config.smtpUrl, config, { setting: 'SMTP_URL' })
    : [withoutServer(config, brands)];
  const own = brands.filter(({ smtp }) => smtp);
  return [...installation, ...(await Promise.all(own.map((brand) => checkBrand(brand, config)))).flat()];
}

function withoutServer({ production, mailInbox, publicUrl }: Settings, brands: readonly Pick<Brand, 'smtp'>[]): Finding {
  const remedy = 'Set SMTP_URL, such as smtps://user:password@smtp.example.com';
  if (mailInbox) return ok('mail', `Without SMTP_URL no mail leaves this machine: read it at ${publicUrl}/dev/mail.`);
  if (!production) return warn('mail', 'Mail is not configured yet: nothing can be sent.', remedy);
  if (brands.length > 0 && brands.every(({ smtp }) => smtp)) return ok('mail', 'Every brand has a mail server of its own.');
  return fail('mail', 'SMTP_URL is not set: nobody gets a code or a link, and mail waits in the queue.', remedy);
}

async function checkBrand(brand: Pick<Brand, 'slug' | 'smtp'>, config: Settings): Promise<Finding[]> {
  const setting = `mail.smtpUrl of the brand ${brand.slug}`;
  try {
    const url = openSmtp(createKeyring(config.secret), brand) as string;
    return await checkServer(url, config, { setting, brand: brand.slug });
  } catch {
    return [fail('mail', `PORTICO_SECRET does not open ${setting}.`, 'Set the secret the brand was made with, or apply its folder again.')];
  }
}

async function checkServer(
  url: string,
  { production }: Settings,
  { setting, brand }: { setting: string; brand?: string },
): Promise<Finding[]> {
  const { host, protocol, username } = new URL(url);
  const whose = brand ? `${brand}'s` : 'our';
  const { createTransports } = await import('../../mail/transports.ts');
  try {
    await createTransports({ production }).verify(url);
    return [ok('mail', `${host} takes ${whose} mail.`), ...inClear(protocol, username, production, setting)];
  } catch (error) {
    const says = `${host} does not take ${whose} mail: ${(error as Error).message}.`;
    return [fail('mail', says, `Check host, port, user and password in ${setting}.`)];
  }
}

function inClear(protocol: string, username: string, production: boolean, setting: string): Finding[] {
  if (protocol === 'smtps:' || !username || !production) return [];
  return [warn('mail', `${setting} begins in clear and relies on STARTTLS.`, 'Use smtps:// where the server offers it.')];
}
