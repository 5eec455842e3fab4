// Clients that fail to authenticate and people who guess user codes are slowed down. A success costs a client no statement.
import type { Middleware } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Brand } from '../domain/brands.ts';
import { clientFailure, refuseExceeded, registerAttempt, userCodeAttempt } from '../domain/limits.ts';
import { networkOf } from '../domain/networks.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import * as limits from '../storage/limits.ts';
import type { ProviderPages } from './pages.ts';

type Doors = Pick<Services, 'db' | 'keyring'>;

export function limitFailures(services: Doors, brand: Brand, pages: ProviderPages): Middleware {
  return async (plain, next) => {
    const ctx = plain as unknown as KoaContextWithOIDC;
    if (/^\/reg(\/|$)/.test(ctx.path) && changing.has(ctx.method)) return limitRegistrations(services, brand, ctx, next);
    if (ctx.path === '/device' && ctx.method === 'POST') return limitUserCodes(services, brand, pages, ctx, next);
    await next();
    if (ctx.status === 401 && (ctx.body as { error?: string } | null)?.error === 'invalid_client') await countFailure(services, brand, ctx);
  };
}

const changing = new Set(['POST', 'PUT', 'DELETE']);

/** Anybody may register a client where a brand allows it, but not any number. */
async function limitRegistrations({ db, keyring }: Doors, brand: Brand, ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  const exceeded = await exceeds(limits.reserve(db, brand.id, registerAttempt(keyring, brand, networkOf(ctx.ip))));
  if (!exceeded) return next();
  ctx.status = 429;
  ctx.set('retry-after', String(exceeded.retryAfter ?? 60));
  ctx.body = { error: 'temporarily_unavailable', error_description: 'too many registrations from this network, try again later' };
}

async function countFailure({ db, keyring }: Doors, brand: Brand, ctx: KoaContextWithOIDC): Promise<void> {
  const clientId = ctx.oidc.client?.clientId ?? '';
  const exceeded = await exceeds(limits.reserve(db, brand.id, clientFailure(keyring, brand, { clientId, network: networkOf(ctx.ip) })));
  if (!exceeded) return;
  ctx.status = 429;
  ctx.set('retry-after', String(exceeded.retryAfter ?? 60));
  ctx.body = { error: 'invalid_client', error_description: 'too many failed authentications, try again later' };
}

/** Counted before the look-up, so that parallel guesses cannot exceed the limit (RFC 8628 5.1); a right code gives its attempt back. */
async function limitUserCodes(
  { db, keyring }: Doors,
  brand: Brand,
  pages: ProviderPages,
  ctx: KoaContextWithOIDC,
  next: () => Promise<void>,
) {
  const attempt = userCodeAttempt(keyring, brand, networkOf(ctx.ip));
  const exceeded = await exceeds(limits.reserve(db, brand.id, attempt));
  if (exceeded) return pages.tooMany(ctx, exceeded);
  await next();
  if (ctx.oidc?.entities?.DeviceCode) await limits.succeed(db, brand.id, attempt);
}

async function exceeds(reserved: ReturnType<typeof limits.reserve>): Promise<Refusal | undefined> {
  try {
    refuseExceeded(await reserved);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}
