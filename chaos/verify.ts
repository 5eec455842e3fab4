// Afterwards: is everything there that people were told? Over HTTP, as they would find out themselves; then mails and tables.
import type { Brand } from '../src/domain/brands.ts';
import type { Services } from '../src/services.ts';
import type { TestSmtp } from '../test/support/smtp.ts';
import { type Device, openDevice, type Tokens } from './device.ts';
import type { Ledger, Person } from './ledger.ts';
import { missingMails } from './mails.ts';
import { signIn } from './steps.ts';
import { brokenTables, wrongCounts } from './tables.ts';

export interface Afterwards {
  issuer: string;
  services: Services;
  brand: Brand;
  smtp: Pick<TestSmtp, 'mails'>;
}

const AT_A_TIME = 4;

/** @returns a sentence for each thing that was acknowledged and is not so; none when nothing was lost. */
export async function lostOf(ledger: Ledger, afterwards: Afterwards): Promise<string[]> {
  // Before the look below signs everybody in: it would make the rows that it looks for.
  const lost = await wrongCounts(ledger, afterwards);
  const waiting = ledger.people.filter(({ registered }) => registered);
  const worker = async () => {
    for (let person = waiting.pop(); person; person = waiting.pop()) {
      const { email } = person;
      lost.push(...(await lostTo(person, afterwards.issuer)).map((what) => `${email}: ${what}`));
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  lost.push(...(await missingMails(ledger, afterwards)), ...(await brokenTables(afterwards)));
  return lost;
}

async function lostTo(person: Person, issuer: string): Promise<string[]> {
  const device = openDevice(issuer);
  try {
    const tokens = await open(person, issuer);
    if (typeof tokens === 'string') return [tokens];
    return [...(await lostAnswers(person, device, tokens)), ...(await lostFamilies(person, device))];
  } finally {
    device.close();
  }
}

/** @returns tokens, or why nobody gets in. */
async function open({ email, passwords }: Person, issuer: string): Promise<Tokens | string> {
  let why = '';
  for (const password of passwords) {
    try {
      return await signIn(issuer, { email, password });
    } catch (error) {
      why = (error as Error).message;
    }
  }
  return `nobody gets in: ${why}`;
}

async function lostAnswers({ email, names, news }: Person, device: Device, tokens: Tokens): Promise<string[]> {
  const claims = await device.userinfo(tokens).catch((error: Error) => ({ error: error.message }) as Record<string, unknown>);
  const { terms, news: mailing } = (claims['consents'] ?? {}) as Record<string, { state: string } | undefined>;
  const whole = {
    address: claims['email'] === email,
    name: names.includes(claims['given_name'] as string | undefined),
    terms: terms?.state === 'accepted',
    news: news.includes(mailing?.state === 'accepted') && mailing?.state !== 'unanswered',
  };
  return Object.entries(whole).flatMap(([what, isThere]) =>
    isThere ? [] : [`${what} is not what was answered: ${JSON.stringify(claims)}`],
  );
}

async function lostFamilies({ families }: Person, device: Device): Promise<string[]> {
  const lost: string[] = [];
  for (const family of families) {
    try {
      family.token = (await device.refresh(family.token)).refresh_token;
    } catch (error) {
      lost.push(`a refresh token is not taken: ${(error as Error).message}`);
    }
  }
  return lost;
}
