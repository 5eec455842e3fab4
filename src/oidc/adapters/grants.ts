// Grants: found by a plain id, in the slice of their account.
import { type Adapter, errors } from 'oidc-provider';
import type { Brand } from '../../domain/brands.ts';
import { sliceOfAccount, sliceOfId } from '../../domain/slices.ts';
import * as oidcGrants from '../../storage/oidc-grants.ts';
import { pack, unpack } from '../payloads.ts';
import { type AdapterServices, unsupported } from './contract.ts';
import { isName } from './keys.ts';
import { currentRequest } from './requests.ts';

export function grantAdapter({ db, keyring }: AdapterServices, brand: Brand): Adapter {
  return {
    ...unsupported,
    async find(id) {
      const request = currentRequest();
      if (!isName(id)) return undefined;
      const row = await oidcGrants.find(db, brand.id, id);
      if (!row) return undefined;
      request?.found.add(id);
      const { accountId, clientId, expiresAt } = row;
      return { ...unpack(keyring, '', row.payload), jti: id, kind: 'Grant', accountId, clientId, exp: expiresAt };
    },
    async upsert(id, payload) {
      const { accountId, clientId, exp } = payload;
      if (!isName(id) || !accountId || !clientId || !exp) throw new Error('a grant needs an id, an account, a client and an end');
      if (sliceOfId(id) !== sliceOfAccount(accountId)) throw new Error('a grant id must carry the slice of its account');
      const grant = { accountId, clientId, expiresAt: exp, payload: pack(keyring, 'Grant', '', payload) };
      if (!currentRequest()?.found.has(id)) return oidcGrants.save(db, brand.id, id, grant);
      if (!(await oidcGrants.update(db, brand.id, id, grant))) throw new errors.AccessDenied('the grant was revoked meanwhile');
    },
    async destroy(id) {
      if (isName(id)) await oidcGrants.remove(db, brand.id, id);
    },
  };
}
