// Clients stand in their own table; this only brings their store into the library's shape.
import type { Adapter, AdapterPayload } from 'oidc-provider';
import { type ClientSource, unsupported } from './contract.ts';

export function clientAdapter(clients: ClientSource): Adapter {
  return {
    ...unsupported,
    async find(id) {
      if (typeof id !== 'string' || id.length > 512 || id.includes('\0')) return undefined;
      return (await clients.find(id)) as AdapterPayload | undefined;
    },
    upsert: (id, payload) => clients.upsert(id, payload),
    destroy: (id) => clients.destroy(id),
  };
}
