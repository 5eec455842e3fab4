// A person at "my account".
import { Browser, type Page } from './http-browser.ts';
import { newEmail } from './people.ts';
import type { RunningPortico } from './portico.ts';
import { createAccount, enter } from './protocol.ts';

export interface AtHome {
  id: string;
  email: string;
  browser: Browser;
  page: Page;
}

/** Signs in to the account, an old or a new one, in a browser, an old or a new one. `path` is below `/account`. */
export async function enterAccount(
  portico: RunningPortico,
  { path = '', issuer = portico.issuer, ...who }: { path?: string; issuer?: string; browser?: Browser; id?: string; email?: string } = {},
): Promise<AtHome> {
  const { email = newEmail(), browser = new Browser(issuer) } = who;
  const id = who.id ?? (await createAccount(portico, { email }));
  const page = await enter(browser, await browser.get(`${issuer}/account${path}`), { email });
  return { id, email, browser, page };
}
