// Where oidc-provider keeps what it makes. It reads first and ignores what `consume` returns, so everything that happens once
// (a code, a rotation, a proof's jti) is made to happen once here, by one conditional statement that throws when it lost.
import type { Adapter, AdapterFactory } from 'oidc-provider';
import type { Brand } from '../domain/brands.ts';
import { clientAdapter } from './adapters/clients.ts';
import type { AdapterServices, ClientSource } from './adapters/contract.ts';
import { grantAdapter } from './adapters/grants.ts';
import { replayAdapter } from './adapters/replays.ts';
import { sessionAdapter } from './adapters/sessions.ts';
import { type TokenModel, tokenAdapter } from './adapters/tokens.ts';
import { fates } from './payloads.ts';

export { refuseReplays } from './adapters/replays.ts';
export { type SpentInteraction, spentInteraction } from './spent-interactions.ts';

/** The factory for the `adapter` setting. It throws for a model whose members nobody decided about (payloads.ts). */
export function createAdapter(services: AdapterServices, brand: Brand, clients: ClientSource): AdapterFactory {
  const special: Record<string, () => Adapter> = {
    Client: () => clientAdapter(clients),
    Grant: () => grantAdapter(services, brand),
    ReplayDetection: () => replayAdapter(services, brand),
    Session: () => sessionAdapter(services, brand),
  };
  // The library may also construct what it is given; an arrow function tells it that this is a factory.
  return (model) => {
    const make = special[model];
    if (make) return make();
    if (!Object.hasOwn(fates, model)) throw new Error(`nothing is decided about storing ${model}`);
    return tokenAdapter(services, brand, model as TokenModel);
  };
}
