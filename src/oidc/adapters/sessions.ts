// Sessions: the cookie's value is a bearer value and stands as its digest; the uid is not and stands as text.
import type { Adapter, AdapterPayload } from 'oidc-provider';
import type { Brand } from '../../domain/brands.ts';
import { sliceOfAccount } from '../../domain/slices.ts';
import * as oidcSessions from '../../storage/oidc-sessions.ts';
import type { RowKey } from '../../storage/oidc-tokens.ts';
import { pack, unpack } from '../payloads.ts';
import { type AdapterServices, unsupported } from './contract.ts';
import { isName, keyOf } from './keys.ts';
import { currentRequest } from './requests.ts';

/** The id of a session that was found by its uid, since its own id is known to the browser alone. Good for reading only. */
const UNKNOWN_ID = '(known to the browser alone)';

export function sessionAdapter({ db, keyring, log }: AdapterServices, brand: Brand): Adapter {
  function open(row: oidcSessions.StoredSession, jti: string): AdapterPayload | undefined {
    try {
      const { uid, accountId, expiresAt } = row;
      const payload = unpack(keyring, placeOf(row), row.payload);
      return { ...payload, jti, kind: 'Session', uid, exp: expiresAt, ...(accountId && { accountId }) };
    } catch (error) {
      log.error({ err: error, model: 'Session' }, 'a stored row could not be opened');
      return undefined;
    }
  }

  return {
    ...unsupported,
    async find(id) {
      const request = currentRequest();
      const key = keyOf(id);
      const row = key && (await oidcSessions.find(db, brand.id, key));
      if (!row) return undefined;
      request?.found.add(id);
      return open(row, id);
    },
    async findByUid(uid) {
      if (!isName(uid)) return undefined;
      const row = await oidcSessions.findByUid(db, brand.id, uid);
      return row && open(row, UNKNOWN_ID);
    },
    async upsert(id, payload) {
      const key = writable(id);
      const { uid, accountId, exp } = payload;
      if (!isName(uid) || !exp) throw new Error('a session needs a uid and an end');
      if (accountId && key.slice !== sliceOfAccount(accountId)) throw new Error('a session id must carry the slice of its account');
      const session = { uid, accountId, expiresAt: exp, payload: pack(keyring, 'Session', placeOf(key), payload) };
      // A session that ended while its request was running stays ended: sign-out wins over the request.
      if (currentRequest()?.found.has(id)) await oidcSessions.update(db, brand.id, key, session);
      else await oidcSessions.save(db, brand.id, key, session);
    },
    async destroy(id) {
      await oidcSessions.remove(db, brand.id, writable(id));
    },
  };
}

function writable(id: string): RowKey {
  const key = id === UNKNOWN_ID ? undefined : keyOf(id);
  if (!key) throw new Error('a session found by its uid can only be read; storage/oidc-sessions.ts ends it');
  return key;
}

function placeOf({ id }: { id: Buffer }): string {
  return `oidc_sessions/Session/${id.toString('hex')}`;
}
