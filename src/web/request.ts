// What every middleware and page may know about the request at hand.
import type { IncomingMessage } from 'node:http';
import type Koa from 'koa';
import type { Brand } from '../domain/brands.ts';
import type { Provider } from '../oidc/pages.ts';

export interface RequestState {
  requestId: string;
  /** The client's address, from the socket or from proxies we trust. */
  ip: string;
  /** Where the request seems to come from (domain/countries.ts); a guess. */
  country?: string | undefined;
  brand: Brand;
  provider: Provider;
  /** Refused at the door, before anybody looked where it leads. */
  malformed?: boolean;
  /** The path of the issuer, '' for a brand on a host of its own. */
  mountPath: string;
  /** A language of the catalogues. */
  locale: string;
}

export type Context = Koa.ParameterizedContext<RequestState>;
export type Middleware = Koa.Middleware<RequestState>;

const states = new WeakMap<IncomingMessage, RequestState>();

/** oidc-provider makes a context of its own; its pages find ours through the request they share. */
export function rememberState(req: IncomingMessage, state: RequestState): void {
  states.set(req, state);
}

export function stateOf(req: IncomingMessage): RequestState {
  const state = states.get(req);
  if (!state) throw new Error('the request did not pass through the brand middleware');
  return state;
}
