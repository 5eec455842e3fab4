// A person whose every word can be recognised: what they type, what they are mailed, the cookies they carry, all of it kept for the search.
import { Browser, type Navigation, type Page } from '../../support/http-browser.ts';

/** What must be found nowhere, and where it may stand all the same. */
export interface Canary {
  /** What it is; of one flow there are several of the same name. */
  what: string;
  value: string;
  /** Whose it is. */
  of: string;
}

export interface Seen {
  /** Whose browser. */
  of: string;
  page: string;
  url: string;
  body: string;
}

export class Watch {
  readonly secrets: Canary[] = [];
  /** Cookies that only name the sign-in, which stands in addresses and forms: no secret there. */
  readonly names: Canary[] = [];
  readonly pages: Seen[] = [];
  readonly locations: string[] = [];
  /** Called after everything a person does. */
  after: () => Promise<void> = async () => {};

  keep(what: string, value: string | undefined, of: string): string {
    if (!value || value.length < 8) throw new Error(`no ${what}`);
    const known = this.secrets.some((one) => one.value === value);
    if (!known) this.secrets.push({ what, value, of });
    return value;
  }
}

export class WatchedBrowser extends Browser {
  readonly #watch: Watch;
  readonly #of: string;
  readonly #issuer: string;
  readonly #headers: Record<string, string>;

  constructor(watch: Watch, issuer: string, of: string, headers: Record<string, string>) {
    super(issuer);
    [this.#watch, this.#issuer, this.#of, this.#headers] = [watch, issuer, of, headers];
  }

  override async get(url: string, navigation: Navigation = {}): Promise<Page> {
    const page = await super.get(url, { ...navigation, headers: this.#headers });
    this.#remember(page);
    await this.#watch.after();
    return page;
  }

  /** Presses a button of the page's own forms: its token, and what is typed. */
  press(page: Page, fields: Record<string, string>): Promise<Page> {
    const form = page.forms.find((one) => one.fields.csrf);
    if (!form) throw new Error(`no form at ${page.url} (${page.status}): ${page.text}`);
    const url = new URL(form.action, page.url).href;
    return this.get(url, { method: 'POST', fields: { csrf: form.fields.csrf ?? '', ...fields }, from: page.url });
  }

  #remember(page: Page): void {
    const [, ...locations] = page.trail;
    this.#watch.locations.push(...locations);
    const name = /<main class="page-([\w-]+)/.exec(page.body)?.[1] ?? (page.body === '' ? 'none' : 'file');
    this.#watch.pages.push({ of: this.#of, page: name, url: page.url, body: page.body });
    for (const url of page.trail.filter((one) => one.startsWith(this.#issuer))) this.#cookies(new URL(url));
    for (const { fields } of page.forms) if (fields.csrf) this.#name('form token', fields.csrf);
  }

  #cookies(url: URL): void {
    for (const pair of this.cookies.header(url).split('; ').filter(Boolean)) {
      const [, name = '', value = ''] = /^\d+\.([^=]+)=(.*)$/.exec(pair) ?? [];
      if (name === 'lang' || value.length < 8) continue;
      if (/^(interaction|resume)$/.test(name)) this.#name(`cookie ${name}`, value);
      else this.#watch.keep(`cookie ${name}`, value, this.#of);
    }
  }

  #name(what: string, value: string): void {
    if (!this.#watch.names.some((one) => one.value === value)) this.#watch.names.push({ what, value, of: this.#of });
  }
}
