// People of the journeys, and what they do most often.
import type { Browser, Page } from './http-browser.ts';
import type { BegunSignIn, RelyingParty, Tokens } from './relying-party.ts';

export const password = 'tremolo cassette 47';

let count = 0;

/** An address nobody has used yet. */
export function newEmail(name = 'ada'): string {
  count += 1;
  return `${name}${count}@nightfall.example`;
}

export interface SignedInAt {
  tokens: Tokens;
  begun: BegunSignIn;
  page: Page;
  back: Page;
}

/** From the app to the page, through one of its forms, and back with verified tokens. */
export async function enter(
  browser: Browser,
  app: RelyingParty,
  action: 'login' | 'register',
  typed: Record<string, string>,
  parameters: Record<string, string> = {},
): Promise<SignedInAt> {
  const begun = await app.begin(parameters);
  const page = await browser.get(begun.url);
  const back = await browser.submit(page, page.form(action), { password, ...typed });
  return { begun, page, back, tokens: await app.finish(back.url, begun) };
}

/** A person the provider knows already: from the app straight back. */
export async function passThrough(browser: Browser, app: RelyingParty, parameters: Record<string, string> = {}): Promise<Tokens> {
  const begun = await app.begin(parameters);
  return app.finish((await browser.get(begun.url)).url, begun);
}
