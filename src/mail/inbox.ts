// Development only: every mail is also a file, so that a person without a mail server can read it at /dev/mail.
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Message } from './messages.ts';

export interface KeptMail {
  id: string;
  /** Its name in domain/mails.ts. */
  mail: string;
  /** ISO 8601. */
  at: string;
  /** The brand's name. */
  brand: string;
  to: string;
  /** What is typed or pressed, where the mail has such. */
  digits?: string | undefined;
  link?: string | undefined;
  subject: string;
  html: string;
  text: string;
  headers: Record<string, string>;
}

export type Inbox = ReturnType<typeof createInbox>;

const KEPT = 200;

/** `folder` holds one JSON file per mail; it is made when the first one comes. */
export function createInbox(folder: string) {
  return {
    /** A mail that is delivered again takes its own place. */
    async keep({ logo, ...mail }: Omit<KeptMail, 'html'> & Pick<Message, 'html' | 'logo'>): Promise<void> {
      const { id, at } = mail;
      const picture = logo && `data:${logo.mediaType};base64,${logo.bytes.toString('base64')}`;
      const kept = { ...mail, html: picture ? mail.html.replaceAll('cid:logo', picture) : mail.html };
      await mkdir(folder, { recursive: true });
      const name = `${at.replace(/[^0-9TZ]/g, '-')}.${id}.json`;
      // Written aside and renamed: a page that is drawn meanwhile reads all of it or nothing.
      await writeFile(join(folder, `${name}.part`), JSON.stringify(kept), { mode: 0o600 });
      await rename(join(folder, `${name}.part`), join(folder, name));
      for (const old of (await names(folder)).slice(KEPT)) await rm(join(folder, old), { force: true });
    },

    /** Newest first. */
    async list(): Promise<KeptMail[]> {
      const mails = await Promise.all((await names(folder)).slice(0, KEPT).map((name) => read(folder, name)));
      return mails.filter((mail) => mail !== undefined);
    },

    async find(id: string): Promise<KeptMail | undefined> {
      const name = (await names(folder)).find((each) => each.endsWith(`.${id}.json`));
      return name ? read(folder, name) : undefined;
    },
  };
}

/** Newest first: a name begins with the time. */
async function names(folder: string): Promise<string[]> {
  const all = await readdir(folder).catch(() => []);
  return all
    .filter((name) => name.endsWith('.json'))
    .sort()
    .reverse();
}

/** undefined when it was removed meanwhile, or is no mail of ours. */
async function read(folder: string, name: string): Promise<KeptMail | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, name), 'utf8')) as KeptMail;
  } catch {
    return undefined;
  }
}
