// What a browser fetches before somebody can sign in.
import type { Answer } from './connection.ts';
import type { Figure } from './figure.ts';
import type { Scene } from './figures.ts';
import type { Target } from './peer.ts';
import { callback, scope } from './setting.ts';
import { round } from './statistics.ts';

const MOST_BYTES = 15_000;

export async function loginPage({ peer, say }: Pick<Scene, 'peer' | 'say'>): Promise<Figure[]> {
  say('login page ...');
  const raw = await fetchAll(peer, {});
  const packed = await fetchAll(peer, { 'accept-encoding': 'br, gzip' });
  const total = (parts: readonly Part[]) => parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const origins = new Set(packed.map(({ url }) => url.origin)).size;
  const [sent, unpacked] = [total(packed), total(raw)];
  const each = packed.map(({ kind, bytes }) => `${kind} ${bytes}`).join(', ');
  return [
    {
      name: 'login page with all it needs',
      value: `${round(sent / 1_000, 1)} kB`,
      target: `<= ${MOST_BYTES / 1_000} kB, one origin`,
      met: sent <= MOST_BYTES && origins === 1,
      from: `${packed.length} requests to ${origins} origin (${each} bytes), ${round(unpacked / 1_000, 1)} kB unpacked; signing in needs no script`,
      numbers: { sent, unpacked, requests: packed.length, origins },
    },
  ];
}

interface Part {
  url: URL;
  kind: 'page' | 'style' | 'script' | 'other';
  bytes: number;
}

/** The page and whatever it names, and what that names. */
async function fetchAll(target: Target, headers: Record<string, string>): Promise<Part[]> {
  const { url, page } = await openPage(target, headers);
  // What is named is read from the plain text; its size may be that of the packed one.
  const plain = 'accept-encoding' in headers ? (await openPage(target, {})).page : page;
  const parts: Part[] = [{ url, kind: 'page', bytes: page.bytes }];
  const wanted = namedIn(plain.body, url);
  for (const next of wanted) {
    if (parts.some((part) => part.url.href === next.href)) continue;
    if (next.origin !== url.origin) {
      parts.push({ url: next, kind: 'other', bytes: 0 });
      continue;
    }
    const answer = await target.connection.send(next.href, { headers });
    if (answer.status !== 200) throw new Error(`the login page needs ${next.pathname}, which answers ${answer.status}`);
    parts.push({ url: next, kind: kindOf(answer), bytes: answer.bytes });
    const { body } = 'accept-encoding' in headers ? await target.connection.send(next.href) : answer;
    wanted.push(...namedIn(body, next));
  }
  return parts;
}

async function openPage(target: Target, headers: Record<string, string>): Promise<{ url: URL; page: Answer }> {
  const query = new URLSearchParams({
    client_id: 'shop',
    response_type: 'code',
    scope,
    redirect_uri: callback,
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  });
  const begun = await target.connection.send(`${target.issuer}/auth?${query}`);
  const url = new URL(begun.headers.location ?? '', target.issuer);
  const cookie = (begun.headers['set-cookie'] ?? []).map((line) => line.split(';')[0]).join('; ');
  const page = await target.connection.send(url.href, { headers: { accept: 'text/html', cookie, ...headers } });
  if (page.status !== 200) throw new Error(`the login page answers ${page.status}`);
  return { url, page };
}

/** Of a page: its styles, scripts, images and icon; of a style: imports and images; of a script: what it imports. */
function namedIn(text: string, base: URL): URL[] {
  const patterns = [
    /<link\b[^>]*\brel="(?:stylesheet|icon|preload|modulepreload)"[^>]*\bhref="([^"]+)"/g,
    /<(?:script|img|iframe|source)\b[^>]*\bsrc="([^"]+)"/g,
    /\burl\(\s*["']?([^"')]+)["']?\s*\)/g,
    /(?:^|[;\n])\s*import\b[^;"']*["']([^"']+)["']/g,
  ];
  const names = patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([, name = '']) => name.replaceAll('&amp;', '&')));
  return names.filter((name) => !name.startsWith('data:') && !name.startsWith('#')).map((name) => new URL(name, base));
}

function kindOf({ headers }: Answer): Part['kind'] {
  const type = headers['content-type'] ?? '';
  return type.startsWith('text/css') ? 'style' : type.startsWith('text/javascript') ? 'script' : 'other';
}
