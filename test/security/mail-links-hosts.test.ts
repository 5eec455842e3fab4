// Whatever a request says of its host, links in mails begin with the brand's issuer, or no mail is sent (security.md PW-16, 0.4).
import { rawExchange } from '../support/exchange.ts';
import { mailSamples } from '../support/mail-samples.ts';
import { waitingMails } from '../support/mails.ts';
import { type Post, posts } from './state-matrix/posts.ts';
import { type Place, placeOf } from './state-matrix/press.ts';
import { type Standing, type StandingName, standings } from './state-matrix/standings.ts';
import { changed, digestOf, emptyWorld, startWorld, type World } from './state-matrix/world.ts';

/** Headers by which a stranger says that the request was for another place; a browser cannot be made to send most of them, a program can. */
const lies: readonly (readonly string[])[] = [
  ['X-Forwarded-Host: evil.example'],
  ['X-Forwarded-Host: evil.example, localhost'],
  ['X-Forwarded-Host: localhost@evil.example'],
  ['X-Forwarded-Proto: https'],
  ['X-Forwarded-Proto: javascript'],
  ['X-Forwarded-Port: 666'],
  ['X-Forwarded-Prefix: /evil'],
  ['X-Forwarded-Server: evil.example', 'X-Forwarded-For: evil.example'],
  ['Forwarded: for=6.6.6.6;host=evil.example;proto=https'],
  ['Forwarded: host="evil.example"'],
  ['X-Host: evil.example', 'X-Original-Host: evil.example', 'X-HTTP-Host-Override: evil.example'],
  ['X-Original-URL: //evil.example/', 'X-Rewrite-URL: //evil.example/'],
  ['X-Forwarded-Host: evil.example', 'X-Forwarded-Host: localhost'],
  ['Referer: https://evil.example/reset', 'Via: 1.1 evil.example'],
  [
    'X-Forwarded-Host: evil.example',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Port: 443',
    'Forwarded: host=evil.example',
    'X-Host: evil.example',
  ],
];

/** What stands in the Host line, and what it is answered with. `:PORT` is the product's own. */
const strangers: readonly (readonly [host: readonly string[], status: number])[] = [
  [['evil.example'], 421],
  [['evil.example:PORT'], 421],
  [['localhost'], 421],
  [['localhost:1'], 421],
  [['localhost.evil.example:PORT'], 421],
  [['evil.localhost:PORT'], 421],
  [['127.0.0.1:PORT'], 421],
  [['localhost.:PORT'], 421],
  [['a@evil'], 400],
  [['localhost:PORT@evil.example'], 400],
  [['evil.example@localhost:PORT'], 400],
  [['localhost:PORT/evil'], 400],
  [['localhost:PORT?evil'], 400],
  [['localhost:PORT#evil'], 400],
  [['localhost:PORT, evil.example'], 400],
  [['localhost:evil'], 400],
  [['localhost:PORT '.repeat(2)], 400],
  [['localhost:PORT', 'evil.example'], 400],
  [['evil.example', 'localhost:PORT'], 400],
  [[''], 400],
  [[], 400],
];

/** Targets that name a host of their own; `PATH` is the page's. */
const targets = ['http://evil.example/PATH', 'http://localhost:PORT/PATH', 'https://evil.example:443/PATH', '*', 'evil.example:443'];

interface Asking {
  post: Post;
  name: StandingName;
  says: string;
  /** SQL before it. */
  prepare?: string;
}

/** Every form that mails something, in the first standing of each kind where it does. */
const asking: Asking[] = posts.flatMap((post) => {
  const mailing = Object.entries(post.changes).filter(([, what]) => /\bmails\b/.test(what));
  const kinds = [...new Set(mailing.map(([, what]) => what))];
  const firsts = kinds.map((kind) => mailing.find(([, what]) => what === kind)?.[0] as StandingName);
  return firsts.map((name) => ({ post, name, says: `${post.route} ${post.does} (${name})` }));
});

const recovery = posts.find(({ does }) => does === 'ask for a code') as Post;
asking.push({
  post: recovery,
  name: 'a fresh sign-in',
  says: `${recovery.route} ${recovery.does} (no password)`,
  prepare: `with gone as (delete from portico.passwords)
    insert into portico.federated_identities (brand_id, slice, account_id, issuer, subject, provider_name)
    select brand_id, slice, id, 'https://evil.idp.example', 'evil', 'Google' from portico.accounts`,
});

/** Names of the mails the flows below made. */
const mailed = new Set<string>();

const places = [
  { says: 'a brand at the root of its host', path: '', env: {} },
  { says: 'a brand under a path, behind a proxy that is trusted', path: '/nightfall', env: { TRUSTED_PROXIES: '127.0.0.1,::1' } },
];

describe.each(places)('$says', ({ path, env }) => {
  let world: World;
  let port: number;
  beforeAll(async () => {
    world = await startWorld({ path, env });
    port = Number(new URL(world.portico.issuer).port);
  });
  afterAll(() => world.portico.stop());

  async function stand({ post, name, prepare }: Asking): Promise<{ standing: Standing; place: Place }> {
    await emptyWorld(world);
    const standing: Standing = await standings[name](world);
    await world.portico.db.pool.query(`${prepare ?? ''}; delete from graphile_worker._private_jobs`);
    return { standing, place: placeOf(world, post, standing) };
  }

  function send({ post }: Asking, { standing, place }: { standing: Standing; place: Place }, raw: Partial<Raw> = {}) {
    const { hosts = [`localhost:${port}`], lines = [], target = new URL(place.url).pathname } = raw;
    const body = new URLSearchParams({ csrf: place.csrf, ...post.fields(standing) }).toString();
    const head = [
      `POST ${target} HTTP/1.1`,
      ...hosts.map((host) => `Host: ${host}`),
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${body.length}`,
      `Cookie: ${place.cookie}`,
      ...lines,
      'Connection: close',
    ];
    return rawExchange(port, `${head.join('\r\n')}\r\n\r\n${body}`);
  }

  interface Raw {
    hosts: readonly string[];
    lines: readonly string[];
    target: string;
  }

  test.each(asking)(
    '$says: links begin with the issuer, whatever headers say',
    async (asked) => {
      for (const lines of lies) {
        const stood = await stand(asked);
        const { issuer } = world.brands[stood.standing.brand];
        const answer = await send(asked, stood, { lines });
        expect([lines, answer.status < 400]).toEqual([lines, true]);
        const mails = await waitingMails(world.portico.services);
        for (const { name } of mails) mailed.add(name);
        const links = mails.flatMap(({ params }) => Object.values(params).filter((value) => /:\/\//.test(String(value)))).map(String);
        expect([lines, links.length > 0]).toEqual([lines, true]);
        for (const link of links) expect(link).toMatch(new RegExp(`^${issuer}/[\\w/-]+(\\?token=[\\w-]{44})?$`));
        expect(JSON.stringify([mails, answer.headers, answer.body])).not.toContain('evil');
      }
    },
    60_000,
  );

  test.each(asking)(
    '$says: under a foreign host nothing is asked at all',
    async (asked) => {
      const stood = await stand(asked);
      const before = await digestOf(world);
      const own = (text: string) => text.replaceAll('PORT', String(port)).replaceAll('/PATH', new URL(stood.place.url).pathname);
      const refused = async (what: string, raw: Partial<Raw>, status: number) => {
        const answer = await send(asked, stood, raw);
        const seen = [what, answer.status, changed(before, await digestOf(world)), answer.body.includes('evil')];
        expect(seen).toEqual([what, status, '', false]);
      };
      for (const [hosts, status] of strangers) await refused(`Host: ${hosts.join(' and ')}`, { hosts: hosts.map(own) }, status);
      for (const target of targets) await refused(target, { target: own(target) }, 400);
      // From another site's page: refused as a form that is not ours.
      for (const origin of ['https://evil.example', 'null', `https://localhost:${port}`, `http://localhost:${port}.evil.example`])
        await refused(`Origin: ${origin}`, { lines: [`Origin: ${origin}`] }, 403);
      // And the same form without any of it is accepted.
      await send(asked, stood);
      expect(changed(before, await digestOf(world))).toMatch(/mails/);
    },
    60_000,
  );
});

test('every kind of mail with a link was among them', () => {
  const linking = Object.entries(mailSamples('https://id.example')).flatMap(([name, { params }]) => ('link' in params ? [name] : []));
  expect([...mailed].toSorted()).toEqual(linking.toSorted());
});
