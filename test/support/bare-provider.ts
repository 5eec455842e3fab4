// oidc-provider with our adapter and nothing else of ours, served on a loopback port, with a browser and a client to drive it.
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { type AdapterFactory, type ClientMetadata, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { pino } from 'pino';
import { type Brand, defaultSettings } from '../../src/domain/brands.ts';
import { createKeyring } from '../../src/keyring.ts';
import { createAdapter, refuseReplays } from '../../src/oidc/adapter.ts';
import { commitRequest } from '../../src/oidc/commit.ts';
import { routeIds } from '../../src/oidc/route-ids.ts';
import type { TestDatabase } from './database.ts';

export const accountId = '3d1f0a3e-52a1-4c8e-9d7c-0b5f6a7c1234';
export const redirectUri = 'https://app.example.com/callback';
export const keyring = createKeyring('a root secret for tests, long enough to be taken');

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
  json: Record<string, unknown>;
}

export interface BareProvider {
  provider: Provider;
  brand: Brand;
  issuer: string;
  adapterFor: AdapterFactory;
  /** Every bearer value the provider made, as `model value`; ids of grants and sessions' uids are none. */
  made: Set<string>;
  /** Called when the provider looks up the account, in the middle of a request. */
  whileRunning: { hook?: ((ctx: KoaContextWithOIDC) => Promise<void>) | undefined };
  send(method: string, path: string, options?: { form?: Record<string, string>; headers?: Record<string, string> }): Promise<Answer>;
  close(): Promise<void>;
}

export const services = (database: TestDatabase) => ({ db: database.db, keyring, log: pino({ level: 'silent' }) });

export async function createBrand(database: TestDatabase, issuer: string): Promise<Brand> {
  const slug = `b${randomBytes(6).toString('hex')}`;
  const { rows } = await database.db.pool.query(
    `insert into portico.brands (slug, issuer, name, home_slice, identifier_key) values ($1, $2, 'Test', 7, '') returning id`,
    [slug, issuer],
  );
  return { id: rows[0].id, slug, issuer, name: 'Test', settings: defaultSettings } as Brand;
}

export async function startBareProvider(database: TestDatabase, clients: ClientMetadata[]): Promise<BareProvider> {
  const server = http.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const brand = await createBrand(database, issuer);
  const made = new Set<string>();
  const whileRunning: BareProvider['whileRunning'] = {};
  const adapterFor = createAdapter(services(database), brand, clientsInMemory(clients));
  const provider = await bareProvider(issuer, noting(adapterFor, made), whileRunning);
  provider.use(commitRequest(services(database), brand));
  const answer = provider.callback();
  server.on('request', (req, res) => (req.url?.startsWith('/interaction/') ? finish(provider, req, res) : answer(req, res)));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  const send: BareProvider['send'] = (method, path, options = {}) => exchange(agent, new URL(path, issuer), method, options);
  return {
    provider,
    brand,
    issuer,
    adapterFor,
    made,
    whileRunning,
    send,
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bareProvider(issuer: string, adapter: AdapterFactory, whileRunning: BareProvider['whileRunning']): Promise<Provider> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const provider = new Provider(issuer, {
    adapter,
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', kid: 'k' }] },
    cookies: { keys: ['a key'] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    scopes: ['openid', 'offline_access'],
    ttl: { Session: 3600, Interaction: 600, Grant: 86_400, AuthorizationCode: 60, AccessToken: 900, RefreshToken: 86_400, IdToken: 60 },
    rotateRefreshToken: true,
    issueRefreshToken: async () => true,
    expiresWithSession: async () => false,
    findAccount: async (ctx, id) => {
      await whileRunning.hook?.(ctx);
      return { accountId: id, claims: async () => ({ sub: id }) };
    },
    loadExistingGrant,
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      dPoP: { enabled: true, nonceSecret: randomBytes(32) },
      deviceFlow: { enabled: true },
      introspection: { enabled: true, allowedPolicy: async () => true },
      pushedAuthorizationRequests: { enabled: true },
      registration: { enabled: true, initialAccessToken: true },
      revocation: { enabled: true },
    },
  });
  routeIds(provider);
  refuseReplays(provider);
  return provider;
}

async function loadExistingGrant(ctx: KoaContextWithOIDC) {
  const { client, session, provider } = ctx.oidc;
  const known = session?.grantIdFor(client?.clientId as string);
  const grant =
    (known && (await provider.Grant.find(known))) ||
    new provider.Grant({ accountId: session?.accountId as string, clientId: client?.clientId as string });
  grant.addOIDCScope('openid offline_access');
  await grant.save();
  return grant;
}

function clientsInMemory(clients: ClientMetadata[]) {
  const known = new Map(clients.map((client) => [client.client_id, client as object]));
  return {
    find: async (id: string) => known.get(id),
    upsert: async (id: string, payload: object) => void known.set(id, payload),
    destroy: async (id: string) => void known.delete(id),
  };
}

function noting(factory: AdapterFactory, made: Set<string>): AdapterFactory {
  return (model) => {
    const adapter = factory(model);
    if (['Client', 'Grant', 'ReplayDetection'].includes(model)) return adapter;
    return {
      ...adapter,
      upsert: (id, payload, expiresIn) => {
        made.add(`${model} ${id}`);
        if (payload.userCode) made.add(`userCode ${payload.userCode}`);
        const secret = (payload as { state?: { secret?: string } }).state?.secret;
        if (secret) made.add(`secret ${secret}`);
        return adapter.upsert(id, payload, expiresIn);
      },
    };
  };
}

/** Signs in whoever comes. */
async function finish(provider: Provider, req: http.IncomingMessage, res: http.ServerResponse): Promise<void> {
  try {
    const { prompt } = await provider.interactionDetails(req, res);
    await provider.interactionFinished(req, res, prompt.name === 'login' ? { login: { accountId } } : { consent: {} });
  } catch (error) {
    res.statusCode = 400;
    res.end(String(error));
  }
}

function exchange(
  agent: http.Agent,
  url: URL,
  method: string,
  { form, headers = {} }: { form?: Record<string, string>; headers?: Record<string, string> },
): Promise<Answer> {
  const body = form && new URLSearchParams(form).toString();
  const sent = { accept: 'application/json', ...(body && { 'content-type': 'application/x-www-form-urlencoded' }), ...headers };
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, agent, headers: sent }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text, json: parsed(text) }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** Opens the connections first, so that the requests leave in one go. */
export async function atOnce(bare: BareProvider, times: number, request: (index: number) => Promise<Answer>): Promise<Answer[]> {
  const indexes = Array.from({ length: times }, (_, index) => index);
  await Promise.all(indexes.map(() => bare.send('GET', '/jwks')));
  return Promise.all(indexes.map(request));
}

/** A browser's cookie jar; it keeps no paths, one issuer has one jar. */
export function createBrowser(bare: BareProvider) {
  const jar = new Map<string, string>();

  async function visit(location: string, options: { method?: string; form?: Record<string, string> } = {}): Promise<Answer> {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await bare.send(options.method ?? 'GET', location, { ...options, headers: { cookie, accept: 'text/html' } });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) as unknown as [string, string, string];
      if (value && !line.includes('1970')) jar.set(name, value);
      else jar.delete(name);
    }
    return answer;
  }

  /** Follows redirects until one leaves the issuer, or `stop` says so. @returns where it stood last. */
  async function follow(location: string, stop: (location: string) => boolean = () => false): Promise<string> {
    let next = location;
    for (let hops = 0; hops < 12; hops += 1) {
      if (stop(next)) return next;
      const answer = await visit(next);
      const target = answer.headers.location;
      if (!target) throw new Error(`${next} answered ${answer.status}: ${answer.body}`);
      if (!new URL(target, bare.issuer).href.startsWith(`${bare.issuer}/`)) return target;
      next = target;
    }
    throw new Error('too many redirects');
  }

  return { jar, visit, follow };
}

export const verifier = randomBytes(32).toString('base64url');

export function authorizationParams(more: Record<string, string> = {}): Record<string, string> {
  return {
    client_id: 'web',
    response_type: 'code',
    scope: 'openid offline_access',
    prompt: 'login',
    redirect_uri: redirectUri,
    state: 'a-state',
    nonce: 'a-nonce',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  };
}

export function authorizationPath(more: Record<string, string> = {}): string {
  return `/auth?${new URLSearchParams(authorizationParams(more))}`;
}

export async function newCode(bare: BareProvider, browser = createBrowser(bare), more: Record<string, string> = {}): Promise<string> {
  const callback = new URL(await browser.follow(authorizationPath(more)));
  const code = callback.searchParams.get('code');
  if (!code) throw new Error(`no code: ${callback}`);
  return code;
}

export function redeem(bare: BareProvider, code: string, headers: Record<string, string> = {}): Promise<Answer> {
  const form = { grant_type: 'authorization_code', client_id: 'web', code, redirect_uri: redirectUri, code_verifier: verifier };
  return bare.send('POST', '/token', { form, headers });
}

export function refresh(bare: BareProvider, token: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return bare.send('POST', '/token', { form: { grant_type: 'refresh_token', client_id: 'web', refresh_token: String(token) }, headers });
}

export function userinfo(bare: BareProvider, token: unknown): Promise<Answer> {
  return bare.send('GET', '/me', { headers: { authorization: `Bearer ${token}` } });
}

export async function createSigner() {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), alg: 'ES256' };

  /** A DPoP proof (RFC 9449 4.2). */
  const proof = (htm: string, htu: string, more: object = {}) =>
    new SignJWT({ htm, htu, jti: randomBytes(12).toString('hex'), ...more })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .setIssuedAt()
      .sign(privateKey);

  /** A client assertion (RFC 7523 3). */
  const assertion = (clientId: string, audience: string, more: object = {}) =>
    new SignJWT({ iss: clientId, sub: clientId, aud: audience, jti: randomBytes(12).toString('hex'), ...more })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuedAt()
      .setExpirationTime('60s')
      .sign(privateKey);

  return { jwk, proof, assertion };
}

export const webClient: ClientMetadata = {
  client_id: 'web',
  token_endpoint_auth_method: 'none',
  redirect_uris: [redirectUri],
  response_types: ['code'],
  grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
};
