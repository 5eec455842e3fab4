// A thousand brands in one process: nothing of one is known in another.
import { createLocalJWKSet, jwtVerify } from 'jose';
import { createApp } from '../../src/app.ts';
import { register } from '../../src/flows/register.ts';
import * as brands from '../../src/storage/brands.ts';
import { Browser } from '../support/http-browser.ts';
import { type BrandOfTest, type RunningPortico, startPortico } from '../support/portico.ts';
import { basic, enter, obtainTokens, password, send } from '../support/protocol.ts';
import { createRelyingParty } from '../support/relying-party.ts';

const COUNT = 1_000;
const email = 'ada@nightfall.example';
// The same client with the same secret everywhere: only the brand keeps them apart.
const secret = 'one secret in a thousand brands';
const redirectUri = 'https://shop.example/callback';
const pathOf = (index: number) => (index === 0 ? '' : `/b${index}`);
const slugOf = (index: number) => `brand-${index}`;

const all: BrandOfTest[] = Array.from({ length: COUNT }, (_, index) => ({
  slug: slugOf(index),
  name: `Brand ${index}`,
  path: pathOf(index),
  clients: [
    {
      kind: 'web',
      metadata: { client_id: 'shop', redirect_uris: [redirectUri], post_logout_redirect_uris: ['https://shop.example/'] },
      secret,
    },
    ...(index === 1 ? [{ kind: 'web' as const, metadata: { client_id: 'only-here', redirect_uris: [redirectUri] }, secret }] : []),
  ],
}));

let portico: RunningPortico;
beforeAll(async () => {
  portico = await startPortico({ brands: all });
}, 120_000);
afterAll(() => portico.stop());

const issuerOf = (index: number) => portico.issuers[slugOf(index)] as string;
const partyOf = (index: number) => createRelyingParty({ issuer: issuerOf(index), clientId: 'shop', clientSecret: secret, redirectUri });

async function createAccount(index: number): Promise<string> {
  const brand = await brands.findBySlug(portico.db, slugOf(index));
  const { account } = await register(portico.services, brand!, { email, password, byOperator: true });
  return account.id;
}

test('a thousand issuers answer for themselves, each with keys of its own', async () => {
  const kids = new Set<string>();
  for (let start = 0; start < COUNT; start += 20) {
    const indexes = Array.from({ length: 20 }, (_, offset) => start + offset);
    await Promise.all(
      indexes.map(async (index) => {
        const [discovery, jwks] = await Promise.all([
          send(`${issuerOf(index)}/.well-known/openid-configuration`),
          send(`${issuerOf(index)}/jwks`),
        ]);
        expect(discovery.json.issuer).toBe(issuerOf(index));
        expect(discovery.json.token_endpoint).toBe(`${issuerOf(index)}/token`);
        for (const { kid } of jwks.json.keys as { kid: string }[]) kids.add(kid);
      }),
    );
  }
  expect(kids.size).toBe(2 * COUNT);
}, 60_000);

test('one process keeps a bounded number of providers, the last used ones, and builds a changed brand anew', async () => {
  const app = createApp(portico.services);
  const known = await brands.list(portico.db);
  const more = Array.from({ length: 50 }, (_, index) => ({ ...(known[index] as (typeof known)[number]), id: 1_000_000 + index }));
  for (const brand of [...known, ...more]) await app.providers.of(brand);
  expect(app.providers.size).toBe(1_000);
  const last = more.at(-1) as (typeof known)[number];
  const provider = await app.providers.of(last);
  expect(await app.providers.of(last)).toBe(provider);
  expect(await app.providers.of({ ...last, version: last.version + 1 })).not.toBe(provider);
  expect(app.providers.size).toBe(1_000);
}, 60_000);

test('one address is another account in every brand, and an account of one cannot sign in at another', async () => {
  const [first, second] = [await createAccount(2), await createAccount(3)];
  expect(first).not.toBe(second);
  const stranger = await partyOf(4);
  const browser = new Browser(portico.issuer);
  const page = await enter(browser, await browser.get((await stranger.begin()).url), { email });
  expect(page.status).toBe(422);
  expect(page.text).toContain('That email and password don’t match.');
});

test('tokens, codes, clients and keys of one brand are worth nothing in another', async () => {
  await createAccount(1);
  const [here, there] = [await partyOf(1), await partyOf(5)];
  const { tokens } = await obtainTokens(here, { email });
  expect((await here.userinfo(tokens)).email).toBe(email);

  const headers = { authorization: `Bearer ${tokens.access_token}` };
  expect((await send(`${issuerOf(5)}/userinfo`, { headers })).status).toBe(401);
  expect((await there.introspect(tokens.access_token)).active).toBe(false);
  await expect(there.refresh(tokens.refresh_token ?? '')).rejects.toMatchObject({ error: 'invalid_grant' });
  await there.revoke(tokens.refresh_token ?? '');
  const jwks = createLocalJWKSet((await send(`${issuerOf(5)}/jwks`)).json as never);
  await expect(jwtVerify(tokens.id_token ?? '', jwks)).rejects.toThrow('no applicable key');

  const begun = await here.begin();
  const browser = new Browser(portico.issuer);
  const back = await enter(browser, await browser.get(begun.url), { email });
  await expect(
    there.finish(back.url.replace(encodeURIComponent(issuerOf(1)), encodeURIComponent(issuerOf(5))), begun),
  ).rejects.toMatchObject({
    error: 'invalid_grant',
  });
  expect((await here.finish(back.url, begun)).claims()?.iss).toBe(issuerOf(1));

  const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' };
  const unknown = await send(`${issuerOf(5)}/token`, { form, headers: basic('only-here', secret) });
  expect(unknown).toMatchObject({ status: 401, json: { error: 'invalid_client' } });
  // Nothing the other brand was asked has harmed this one.
  expect((await here.refresh(tokens.refresh_token ?? '')).access_token).toBeDefined();
});

test('two brands on one host keep their sessions in one cookie jar, and signing out of one leaves the other', async () => {
  await Promise.all([createAccount(6), createAccount(7)]);
  const [one, other] = [await partyOf(6), await partyOf(7)];
  const browser = new Browser(portico.issuer);
  const first = await obtainTokens(one, { email, browser });
  await obtainTokens(other, { email, browser });
  const stillIn = async (party: typeof one) => (await browser.get((await party.begin()).url)).url.startsWith(redirectUri);
  expect([await stillIn(one), await stillIn(other)]).toEqual([true, true]);
  expect(browser.cookies.list().filter(({ name }) => name.endsWith('.session'))).toHaveLength(2);

  const asked = await browser.get(one.endSessionUrl(first.tokens, 'https://shop.example/'));
  expect((await browser.submit(asked, asked.form('logout'))).url).toBe('https://shop.example/');
  expect([await stillIn(one), await stillIn(other)]).toEqual([false, true]);
});

test('an interaction of one brand cannot be finished at another', async () => {
  await createAccount(8);
  const browser = new Browser(portico.issuer);
  const page = await browser.get((await (await partyOf(8)).begin()).url);
  const elsewhere = page.url.replace(issuerOf(8), issuerOf(9));
  const answer = await browser.get(elsewhere);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.text).not.toContain('Sign in or join Brand 8');
  expect((await enter(browser, page, { email })).url).toContain('/callback?code=');
});
