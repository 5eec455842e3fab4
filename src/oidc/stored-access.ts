// What grants let a client do, read from their rows: for the person who looks at them, without asking the library for each.
import type { Access } from './grant-access.ts';

/** As the library packs a grant (payloads.ts). */
interface GrantPayload {
  openid?: { scope?: string; claims?: string[] };
  resources?: Record<string, string>;
  rejected?: { openid?: { scope?: string; claims?: string[] }; resources?: Record<string, string> };
}

/** Everything that at least one of them gives. */
export function storedAccess(payloads: readonly Record<string, unknown>[]): Access {
  const scopes = new Set<string>();
  const claims = new Set<string>();
  const apis = new Map<string, Set<string>>();
  for (const { openid, resources = {}, rejected } of payloads as readonly GrantPayload[]) {
    for (const scope of without(words(openid?.scope), words(rejected?.openid?.scope))) scopes.add(scope);
    for (const claim of without(openid?.claims ?? [], rejected?.openid?.claims ?? [])) claims.add(claim);
    for (const [api, granted] of Object.entries(resources)) {
      const names = apis.get(api) ?? new Set();
      for (const scope of without(words(granted), words(rejected?.resources?.[api]))) names.add(scope);
      apis.set(api, names);
    }
  }
  return { scopes: [...scopes], claims: [...claims], apis: Object.fromEntries([...apis].map(([api, names]) => [api, [...names]])) };
}

function words(scope = ''): string[] {
  return scope.split(' ').filter(Boolean);
}

function without(all: readonly string[], rejected: readonly string[]): string[] {
  return all.filter((one) => !rejected.includes(one));
}
