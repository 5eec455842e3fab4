// Every form in every standing: what is not allowed there changes nothing, whatever is posted (security.md SE-6, SE-7).
import { readdirSync, readFileSync } from 'node:fs';
import type { Router } from '@koa/router';
import { createApp } from '../../src/app.ts';
import { prompts } from '../../src/oidc/prompts.ts';
import { type Answer, exchange } from '../support/exchange.ts';
import { type Post, posts } from './state-matrix/posts.ts';
import { agent, type Place, placeOf, press } from './state-matrix/press.ts';
import { type Standing, type StandingName, standings } from './state-matrix/standings.ts';
import { changed, type Digest, digestOf, emptyWorld, forgetTries, startWorld, type World } from './state-matrix/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  agent.destroy();
  await world.portico.stop();
});

const routes = [...new Set(posts.map(({ route }) => route))];

interface Pressed {
  what: string;
  changes: string;
  answer: Answer;
}

/** Somebody stands there, and stays there for as long as nothing they do changes anything. */
class Player {
  #standing: Standing | undefined;
  #before: Digest | undefined;
  readonly name: StandingName;
  constructor(name: StandingName) {
    this.name = name;
  }

  async press(what: string, { route }: Pick<Post, 'route'>, fields: (standing: Standing, place: Place) => Record<string, string>) {
    if (!this.#standing) {
      await emptyWorld(world);
      this.#standing = await standings[this.name](world);
    }
    await forgetTries(world);
    this.#before ??= await digestOf(world);
    const place = placeOf(world, { route }, this.#standing);
    const answer = await press(place, fields(this.#standing, place));
    const after = await digestOf(world);
    const changes = changed(this.#before, after);
    if (changes) this.#standing = this.#before = undefined;
    return { what: `${this.name}: POST ${route} ${what}`, changes, answer };
  }
}

/** A page of ours, or the way to one; never a fault. */
function expectOurs({ what, answer: { status, headers, body } }: Pressed): void {
  const at = `${what} ${status} ${headers.location ?? ''}`;
  const isPage = /<main class="page-[a-z-]+/.test(body) || /^attachment/.test(headers['content-disposition'] ?? '');
  const isOnTheWay = status === 303 && (headers.location?.startsWith(world.portico.issuer) || /^\/[^/\\]/.test(headers.location ?? ''));
  expect([at, status < 500, isPage || isOnTheWay]).toEqual([at, true, true]);
}

describe.each(Object.keys(standings) as StandingName[])('%s', (name) => {
  test('looking at any page changes nothing', () => expectLookingHarmless(name), 60_000);

  test('a form with its token changes what it may, and most change nothing', async () => {
    const player = new Player(name);
    for (const post of posts) {
      const pressed = await player.press(post.does, post, (standing, { csrf }) => ({ csrf, ...post.fields(standing) }));
      expect([pressed.what, pressed.changes]).toEqual([pressed.what, post.changes[name] ?? '']);
      expectOurs(pressed);
    }
  }, 60_000);

  test('without its token, with nothing, or with half of it, no form changes anything', async () => {
    const player = new Player(name);
    for (const route of routes) {
      for (const [what, fields] of Object.entries(halves(route))) await expectNothing(player.press(what, { route }, fields));
    }
    for (const post of posts) {
      await expectNothing(player.press(`${post.does}, without the token`, post, (standing) => post.fields(standing)));
      const action = (standing: Standing) => post.fields(standing).action;
      await expectNothing(
        player.press(`${post.does}, with the action alone`, post, (standing, { csrf }) => {
          const { length } = Object.keys(post.fields(standing));
          return { csrf: length > 1 ? csrf : '', ...(length > 1 && { action: action(standing) ?? '' }) };
        }),
      );
    }
  }, 60_000);
});

type Fields = Parameters<Player['press']>[2];

/** As a mail scanner, a link preview, a reload or a stranger's page would. */
async function expectLookingHarmless(name: StandingName): Promise<void> {
  await emptyWorld(world);
  const standing: Standing = await standings[name](world);
  const before = await digestOf(world);
  for (const route of routes) {
    const { url, cookie, csrf } = placeOf(world, { route }, standing);
    const query = new URLSearchParams({
      csrf,
      ...Object.assign({}, ...posts.map((post) => post.route === route && post.fields(standing))),
    });
    for (const [method, address] of [
      ['GET', url],
      ['HEAD', url],
      ['GET', `${url}?${query}`],
      ['GET', `${url}?done&sent&resume`],
    ] as const) {
      const answer = await exchange(address, { method, agent, headers: { accept: 'text/html', ...(cookie && { cookie }) } });
      const what = `${name}: ${method} ${route} ${address.slice(url.length)}`;
      expect([what, changed(before, await digestOf(world)), answer.status < 500]).toEqual([what, '', true]);
    }
  }
}

function halves(route: string): Record<string, Fields> {
  // Where a press says everything, its token alone is the whole form.
  const whole = posts.some((post) => post.route === route && Object.keys(post.fields({} as Standing)).length === 0);
  return { 'with nothing': () => ({}), ...(!whole && { 'with its token alone': (_: Standing, { csrf }: Place) => ({ csrf }) }) };
}

async function expectNothing(pressing: Promise<Pressed>): Promise<void> {
  const pressed = await pressing;
  expect([pressed.what, pressed.changes]).toEqual([pressed.what, '']);
  expectOurs(pressed);
}

test('every route of our pages that takes a form has its rows, and each of its words', () => {
  const { koa } = createApp(world.portico.services);
  const layers = koa.middleware.flatMap((one) => (one as { router?: Router }).router?.stack ?? []);
  const taking = layers.filter(({ methods }) => methods.includes('POST')).map(({ path }) => String(path));
  expect(taking.toSorted()).toEqual(routes.toSorted());
  expect(taking.length).toBeGreaterThan(20);
  const policy = prompts(world.brands.nightfall) as readonly { name: string }[];
  expect(policy.map(({ name }) => name)).toEqual(['create', 'login', 'verify_email', 'accept_terms', 'complete_account', 'consent']);
});

test('every field and every action that a page reads is posted by some row', () => {
  const sources = (readdirSync('src/web/pages', { recursive: true, encoding: 'utf8' }) as string[])
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(`src/web/pages/${file}`, 'utf8'))
    .join('\n');
  const posted = posts.map((post) => post.fields({ digits: '123456', email: 'a@b.example' } as Standing));
  const read = (pattern: RegExp) => [...new Set([...sources.matchAll(pattern)].map(([, word = '']) => word))];
  const taken = [...sources.matchAll(/const \{([^}]*)\} = form;/g)].flatMap(([, names = '']) => names.match(/(?<=^|,)\s*\w+/g) ?? []);
  const fields = [
    ...read(/(?<!\/)\bform\.(?!csrf\b|values\b)(\w+)/g),
    ...taken.map((name) => name.trim()).filter((name) => name !== 'csrf'),
  ];
  const unposted = fields.filter((field) => !posted.some((form) => field in form));
  // Of the sign-in page: how long the session is to live.
  expect([...new Set(unposted)]).toEqual(['remember']);
  expect(fields).toEqual(expect.arrayContaining(['document', 'version']));
  const actions = [...read(/\baction [!=]== '([\w-]+)'/g), ...read(/case '([\w-]+)':/g)];
  expect(actions.filter((action) => !posted.some((form) => form.action === action))).toEqual([]);
  expect(actions.length).toBeGreaterThan(18);
});
