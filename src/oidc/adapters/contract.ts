// What the adapters of all models share: the doors they need, and the methods of the contract that a model does not have.
import type { Adapter } from 'oidc-provider';
import type { Services } from '../../services.ts';

export type AdapterServices = Pick<Services, 'db' | 'keyring' | 'log'>;

/** Clients as client metadata (RFC 7591); they are configuration, so their store stands elsewhere. */
export interface ClientSource {
  find(id: string): Promise<object | undefined>;
  upsert(id: string, payload: object): Promise<void>;
  destroy(id: string): Promise<void>;
}

const never = (method: string) => async () => {
  throw new Error(`this model has no ${method}`);
};

export const unsupported: Pick<Adapter, 'consume' | 'findByUid' | 'findByUserCode' | 'revokeByGrantId'> = {
  consume: never('consume'),
  findByUid: never('findByUid'),
  findByUserCode: never('findByUserCode'),
  revokeByGrantId: never('revokeByGrantId'),
};
