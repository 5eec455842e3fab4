// What each operation costs the database, counted: a regression is a red test, not a slow page.
// "Protocol only" leaves out what the sign-in itself does (limits, identifier, password, account, last login, audit, the owner's notice); "as shipped" is everything.
import { answerConsents } from '../../src/flows/answer-consents.ts';
import { register } from '../../src/flows/register.ts';
import { answerProfile } from '../../src/flows/update-profile.ts';
import * as brands from '../../src/storage/brands.ts';
import { callbacks, clientsOfTest, party, secrets } from '../support/clients.ts';
import type { Browser } from '../support/http-browser.ts';
import { demoBrand, type RunningPortico, startPortico } from '../support/portico.ts';
import { basic, createAccount, obtainTokens, password, send } from '../support/protocol.ts';
import { letters, news, question, terms } from '../support/questions.ts';
import type { Tokens } from '../support/relying-party.ts';

let portico: RunningPortico;
const person = { email: 'ada@nightfall.example' };
const api = 'https://api.nightfall.example';

beforeAll(async () => {
  const service = {
    kind: 'service' as const,
    metadata: { client_id: 'backend', resource_scopes: ['orders'] },
    secret: 'the secret of the backend',
  };
  const fields = [question('club', { ask: 'registration', required: true }), question('size', { required: true }), question('colour')];
  const asks = { consents: [terms(1, 2), news, letters], fields };
  portico = await startPortico({
    brands: [
      { ...demoBrand, clients: [...clientsOfTest, service] },
      { slug: 'meadow', path: '/meadow', clients: clientsOfTest, ...asks },
    ],
    settings: { resources: { [api]: ['orders'] } },
  });
  await createAccount(portico, person);
  await answerEverything();
  // Warm: brand, provider, clients and logo are in memory.
  await obtainTokens(await party(portico.issuer, 'shop'), person);
  await token({ grant_type: 'client_credentials', resource: api, scope: 'orders' }, basic('backend', 'the secret of the backend'));
});
afterAll(() => portico.stop());

/** The same person at the brand that asks, with nothing left to ask. */
async function answerEverything(): Promise<void> {
  const { services, db } = portico;
  const meadow = await brands.findBySlug(db, 'meadow');
  if (!meadow) throw new Error('the test has no such brand');
  const { account } = await register(services, meadow, { ...person, password, byOperator: true });
  const whose = { accountId: account.id, source: { ip: '127.0.0.1', locale: 'en' } };
  const given = {
    terms: { version: '2', accepted: true },
    news: { version: '1', accepted: true },
    letters: { version: '1', accepted: false },
  };
  await answerConsents(services, meadow, { ...whose, given, channel: 'page', at: 'sign_in' });
  await answerProfile(services, meadow, { ...whose, given: { club: 'Night Owls', size: 'large', colour: 'violet' }, by: 'person' });
}

const token = (form: Record<string, string>, headers: Record<string, string>) => send(`${portico.issuer}/token`, { form, headers });
const shop = () => basic('shop', secrets.shop as string);

const ofSignIn =
  /portico\.(limits|identifiers|passwords|audit_events|one_time_codes)|portico\.accounts\s+(set|where)|add_job\(\$1, payload => \$2::json, job_key/;
const commits = /^\s*(insert|update|delete|with w0)/;

/** Statements outside of a transaction commit by themselves; a transaction commits once. */
async function counted<Result>(work: () => Promise<Result>) {
  portico.statements.length = 0;
  const result = await work();
  const all = [...portico.statements];
  const cost = (statements: string[]) => {
    let inside = false;
    let committed = 0;
    let count = 0;
    for (const text of statements) {
      if (text === 'begin') inside = true;
      else if (text === 'commit' || text === 'rollback') inside = false;
      else count += 1;
      if (text === 'commit' || (!inside && commits.test(text))) committed += 1;
    }
    return { statements: count, commits: committed };
  };
  return { result, texts: all, shipped: cost(all), protocol: cost(all.filter((text) => !ofSignIn.test(text))) };
}

async function signedIn(): Promise<{ tokens: Tokens; browser: Browser }> {
  return obtainTokens(await party(portico.issuer, 'shop'), person);
}

test('a full sign-in', async () => {
  const client = await party(portico.issuer, 'shop');
  const { shipped, protocol } = await counted(() => obtainTokens(client, person));
  // Four requests, and one look for showing the page.
  expect(protocol.statements).toBeLessThanOrEqual(7 + 1);
  expect(protocol.commits).toBeLessThanOrEqual(4);
  expect(shipped.statements).toBeLessThanOrEqual(25);
  expect(shipped.commits).toBeLessThanOrEqual(6);
});

test('a second app with a live session', async () => {
  const { browser } = await signedIn();
  const radio = await party(portico.issuer, 'radio');
  await obtainTokens(radio, { ...person, browser });
  const { shipped } = await counted(() => obtainTokens(radio, { ...person, browser }));
  expect(shipped.statements).toBeLessThanOrEqual(5);
  expect(shipped.commits).toBeLessThanOrEqual(2);
});

test('a refresh is one read and one write', async () => {
  const { tokens } = await signedIn();
  const { shipped, result } = await counted(() =>
    token({ grant_type: 'refresh_token', refresh_token: String(tokens.refresh_token) }, shop()),
  );
  expect(result.status).toBe(200);
  expect(shipped).toEqual({ statements: 2, commits: 1 });
});

test('userinfo and introspection are one read each', async () => {
  const { tokens } = await signedIn();
  const authorization = `Bearer ${tokens.access_token}`;
  const info = await counted(() => send(`${portico.issuer}/userinfo`, { headers: { authorization } }));
  expect([info.result.status, info.shipped]).toEqual([200, { statements: 1, commits: 0 }]);
  for (const value of [tokens.access_token, tokens.refresh_token]) {
    const look = () => send(`${portico.issuer}/token/introspection`, { form: { token: String(value) }, headers: shop() });
    const { result, shipped } = await counted(look);
    expect([result.json.active, shipped]).toEqual([true, { statements: 1, commits: 0 }]);
  }
});

/** Every statement of a sign-in, a request in a live session, a refresh and userinfo, at a brand that is in memory. */
async function dayAt(issuer: string, scope: string) {
  const [shop, radio] = [await party(issuer, 'shop', undefined, scope), await party(issuer, 'radio', undefined, scope)];
  const warm = await obtainTokens(shop, person);
  await obtainTokens(radio, { ...person, browser: warm.browser });
  // The owner hears of the first few new browsers alone.
  await portico.db.pool.query('delete from portico.limits');
  const signIn = await counted(() => obtainTokens(shop, person));
  const { tokens, browser } = signIn.result;
  const live = await counted(() => obtainTokens(shop, { ...person, browser }));
  const silent = await counted(() => obtainTokens(shop, { ...person, browser, parameters: { prompt: 'none' } }));
  const refresh = await counted(() => shop.refresh(String(tokens.refresh_token)));
  const userinfo = await counted(() => shop.userinfo(refresh.result));
  return { cost: { signIn, live, silent, refresh, userinfo }, said: userinfo.result };
}

const statementsOf = (cost: Awaited<ReturnType<typeof dayAt>>['cost']) =>
  Object.fromEntries(Object.entries(cost).map(([what, { texts, shipped }]) => [what, { texts, ...shipped }]));

test('documents and questions cost nobody anything who has answered them: not a statement, not a commit', async () => {
  const scope = 'openid email profile offline_access';
  const [plain, asking] = [await dayAt(portico.issuer, scope), await dayAt(portico.issuers.meadow as string, scope)];
  expect(statementsOf(asking.cost)).toEqual(statementsOf(plain.cost));
  expect(asking.cost.signIn.shipped.statements).toBeGreaterThan(5);
});

test('and what was answered is told without one more: userinfo stays one read', async () => {
  const scope = 'openid email profile offline_access consents profile_fields';
  const [plain, asking] = [await dayAt(portico.issuer, scope), await dayAt(portico.issuers.meadow as string, scope)];
  expect(statementsOf(asking.cost)).toEqual(statementsOf(plain.cost));
  expect(asking.cost.userinfo.shipped).toEqual({ statements: 1, commits: 0 });
  expect(asking.said).toMatchObject({
    consents: { terms: { state: 'accepted', version: 2 }, news: { state: 'accepted' }, letters: { state: 'declined' } },
    profile_fields: { club: 'Night Owls', size: 'large', colour: 'violet' },
  });
  expect(plain.said).not.toHaveProperty('consents');
});

test('client credentials: nothing for a JWT, one write for an opaque token', async () => {
  const backend = basic('backend', 'the secret of the backend');
  const jwt = await counted(() => token({ grant_type: 'client_credentials', resource: api, scope: 'orders' }, backend));
  expect([jwt.result.status, jwt.shipped]).toEqual([200, { statements: 0, commits: 0 }]);
  const opaque = await counted(() => token({ grant_type: 'client_credentials' }, backend));
  expect([opaque.result.status, opaque.shipped]).toEqual([200, { statements: 1, commits: 1 }]);
});

test('discovery, keys and a request that is refused cost nothing', async () => {
  const { shipped } = await counted(async () => {
    await send(`${portico.issuer}/.well-known/openid-configuration`);
    await send(`${portico.issuer}/jwks`);
    await send(`${portico.issuer}/auth?client_id=shop&redirect_uri=${callbacks.shop}&response_type=token`);
  });
  expect(shipped.statements).toBe(0);
});
