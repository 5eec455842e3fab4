// Bare oidc-provider with the MemoryAdapter it brings, told the same as Portico; the measure of everything else.
// Its login page is a constant and its accounts are one object: it does the protocol and nothing more.

import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { type Configuration, type JWKS, Provider } from 'oidc-provider';
import { api, apiScope, callback, person, secrets } from './setting.ts';

const issuer = process.env['ISSUER'] as string;
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwks = { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256' }] } as unknown as JWKS;
const page =
  '<!doctype html><title>Sign in</title><form method="post"><input name="email"><input name="password"><button>Sign in</button></form>';

const configuration: Configuration = {
  jwks,
  clients: [
    {
      client_id: 'shop',
      client_secret: secrets.shop,
      redirect_uris: [callback],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      id_token_signed_response_alg: 'ES256',
    },
    {
      client_id: 'backend',
      client_secret: secrets.backend,
      redirect_uris: [],
      grant_types: ['client_credentials'],
      response_types: [],
      id_token_signed_response_alg: 'ES256',
    },
  ],
  cookies: { keys: ['a key of the bench'] },
  scopes: ['openid', 'offline_access', 'profile', 'email', 'phone', 'address'],
  claims: { openid: ['sub', 'at_hash'], email: ['email', 'email_verified'] },
  responseTypes: ['code'],
  pkce: { required: () => true },
  findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub, email: person.email, email_verified: false }) }),
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
  rotateRefreshToken: true,
  conformIdTokenClaims: true,
  ttl: {
    AccessToken: 900,
    AuthorizationCode: 60,
    ClientCredentials: 900,
    Grant: 1_209_600,
    IdToken: 900,
    Interaction: 3600,
    RefreshToken: 1_209_600,
    Session: 1_209_600,
  },
  routes: { userinfo: '/userinfo' },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    claimsParameter: { enabled: true },
    clientCredentials: { enabled: true },
    dPoP: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    pushedAuthorizationRequests: { enabled: true },
    requestObjects: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined as unknown as string,
      useGrantedResource: () => false,
      getResourceServerInfo: () => ({
        scope: apiScope,
        audience: api,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 900,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
};

const provider = new Provider(issuer, configuration);
provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next();
  if (ctx.method === 'GET') {
    ctx.body = page;
    return;
  }
  const { prompt, params } = await provider.interactionDetails(ctx.req, ctx.res);
  const accountId = 'ada';
  const grant = new provider.Grant({ accountId, clientId: String(params['client_id']) });
  grant.addOIDCScope(String(params['scope']));
  // Both prompts in one step, as Portico does for a brand's own clients.
  const result = { ...(prompt.name === 'login' && { login: { accountId } }), consent: { grantId: await grant.save() } };
  ctx.status = 303;
  ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result));
});
const options = { keepAliveTimeout: 5_000, requestTimeout: 30_000, headersTimeout: 10_000 };
const server = createServer(options, provider.callback()).listen(Number(new URL(issuer).port), '127.0.0.1');
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeAllConnections();
});
