// Cookies as a browser keeps them (RFC 6265bis): by host, path and name, never by port.

interface Cookie {
  name: string;
  value: string;
  host: string;
  path: string;
  secure: boolean;
  sameSite: string;
  /** Milliseconds; undefined ends with the browser. */
  expires: number | undefined;
}

export class CookieJar {
  readonly #cookies = new Map<string, Cookie>();

  /** Takes the Set-Cookie lines of an answer from `url`. */
  take(url: URL, lines: string[]): void {
    for (const line of lines) {
      const cookie = parse(url, line);
      const key = [cookie.host, cookie.path, cookie.name].join('\n');
      if (cookie.expires !== undefined && cookie.expires <= Date.now()) this.#cookies.delete(key);
      else this.#cookies.set(key, cookie);
    }
  }

  /** The Cookie header for a request; the longer path first. `fromElsewhere` is a POST that another site began. */
  header(url: URL, fromElsewhere = false): string {
    return this.#matching(url)
      .filter(({ sameSite }) => !fromElsewhere || sameSite === 'none')
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  /** Names of what is stored, with the end of each: undefined for a cookie of the browser session. */
  list(): { name: string; path: string; expires: number | undefined }[] {
    return [...this.#cookies.values()].map(({ name, path, expires }) => ({ name, path, expires }));
  }

  /** What is left when the browser was closed and opened again. */
  endBrowserSession(): void {
    for (const [key, { expires }] of this.#cookies) if (expires === undefined) this.#cookies.delete(key);
  }

  #matching(url: URL): Cookie[] {
    const secure = url.protocol === 'https:' || url.hostname === 'localhost';
    return [...this.#cookies.values()]
      .filter((cookie) => cookie.host === url.hostname && isUnder(url.pathname, cookie.path) && (secure || !cookie.secure))
      .filter((cookie) => cookie.expires === undefined || cookie.expires > Date.now())
      .sort((one, other) => other.path.length - one.path.length);
  }
}

function parse(url: URL, line: string): Cookie {
  const [pair = '', ...rest] = line.split(';').map((part) => part.trim());
  const attributes = new Map(rest.map((part) => [part.split('=')[0]?.toLowerCase(), part.slice(part.indexOf('=') + 1)]));
  const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
  const maxAge = attributes.get('max-age');
  const expires = attributes.get('expires');
  return {
    name,
    value,
    host: url.hostname,
    path: attributes.get('path') || url.pathname.replace(/\/[^/]*$/, '') || '/',
    secure: attributes.has('secure'),
    sameSite: (attributes.get('samesite') ?? 'lax').toLowerCase(),
    expires: maxAge !== undefined ? Date.now() + Number(maxAge) * 1_000 : expires ? Date.parse(expires) : undefined,
  };
}

function isUnder(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith('/') ? root : `${root}/`);
}
