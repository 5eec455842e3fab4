// Whether the mail server takes our mail.
import type { Config } from '../../config.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

export async function checkMail({ smtpUrl, production }: Pick<Config, 'smtpUrl' | 'production'>): Promise<Finding[]> {
  if (!smtpUrl)
    return [
      warn('mail', 'Mail is not configured yet: nothing can be sent.', 'Set SMTP_URL, such as smtps://user:password@smtp.example.com'),
    ];
  const { host, protocol, username } = new URL(smtpUrl);
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({ url: smtpUrl, connectionTimeout: 5_000, greetingTimeout: 5_000, socketTimeout: 5_000 });
  try {
    await transport.verify();
    return [ok('mail', `${host} takes our mail.`), ...inClear(protocol, username, production)];
  } catch (error) {
    return [
      fail('mail', `${host} does not take our mail: ${(error as Error).message}.`, 'Check host, port, user and password in SMTP_URL.'),
    ];
  } finally {
    transport.close();
  }
}

function inClear(protocol: string, username: string, production: boolean): Finding[] {
  if (protocol === 'smtps:' || !username || !production) return [];
  return [warn('mail', 'SMTP_URL begins in clear and relies on STARTTLS.', 'Use smtps:// where the server offers it.')];
}
