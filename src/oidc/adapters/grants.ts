// Grants: found by a plain id, in the slice of their account.
import { type Adapter, errors } from 'oidc-provider';
import type { Brand } from '../../domain/brands.ts';
import { sliceOfAccount, sliceOfId } from '../../domain/slices.ts';
import * as oidcGrants from '../../storage/oidc-grants.ts';
import { LostRace } from '../../storage/unit-of-work.ts';
import { pack, unpack } from '../payloads.ts';
import { inUnit, type Unit } from '../unit-of-work.ts';
import { type AdapterServices, unsupported } from './contract.ts';
import { isName } from './keys.ts';

export function grantAdapter(services: AdapterServices, brand: Brand): Adapter {
  const { db, keyring } = services;
  const unit = <Result>(work: (unit: Unit) => Promise<Result>) => inUnit(services, brand.id, work);

  return {
    ...unsupported,
    async find(id) {
      if (!isName(id)) return undefined;
      return unit(async (unit) => {
        const row = await unit.read(`grant/${id}`, () => oidcGrants.find(db, brand.id, id));
        if (!row) return undefined;
        const { accountId, clientId, expiresAt } = row;
        return { ...unpack(keyring, '', row.payload), jti: id, kind: 'Grant', accountId, clientId, exp: expiresAt };
      });
    },
    async upsert(id, payload) {
      const { accountId, clientId, exp } = payload;
      if (!isName(id) || !accountId || !clientId || !exp) throw new Error('a grant needs an id, an account, a client and an end');
      if (sliceOfId(id) !== sliceOfAccount(accountId)) throw new Error('a grant id must carry the slice of its account');
      const grant = { accountId, clientId, expiresAt: exp, payload: pack(keyring, 'Grant', '', payload) };
      await unit(async (unit) => {
        unit.write(`grant/${id}`, { kind: unit.hasFound(`grant/${id}`) ? 'update_grant' : 'save_grant', id, grant });
        unit.remember(`grant/${id}`, { ...grant, payload: JSON.parse(grant.payload) });
      }).catch((error) => Promise.reject(error instanceof LostRace ? new errors.AccessDenied('the grant was revoked meanwhile') : error));
    },
    async destroy(id) {
      if (!isName(id)) return;
      await unit(async (unit) => {
        unit.write(`grant/${id}`, { kind: 'remove_grant', id });
        unit.remember(`grant/${id}`, undefined);
      });
    },
  };
}
