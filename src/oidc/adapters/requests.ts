// What one request has read so far. The library keeps the request it serves in an AsyncLocalStorage and offers it as `Provider.ctx`.
import { Provider } from 'oidc-provider';

export interface SeenByRequest {
  /** performance.now() of its first look into the store. */
  readonly began: number;
  /** Grants and sessions that it found; it may change them but not bring them back. */
  readonly found: Set<string>;
}

const requests = new WeakMap<object, SeenByRequest>();

/** undefined outside of a request to the provider. */
export function currentRequest(): SeenByRequest | undefined {
  const ctx = Provider.ctx;
  if (!ctx) return undefined;
  let seen = requests.get(ctx);
  if (!seen) {
    seen = { began: performance.now(), found: new Set() };
    requests.set(ctx, seen);
  }
  return seen;
}
