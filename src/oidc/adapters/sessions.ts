// Sessions: the cookie's value is a bearer value and stands as its digest; the uid is not and stands as text.
import { type Adapter, type AdapterPayload, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Brand } from '../../domain/brands.ts';
import { sliceOfAccount } from '../../domain/slices.ts';
import { type Seen, seen } from '../../domain/sources.ts';
import * as oidcReads from '../../storage/oidc-reads.ts';
import * as oidcSessions from '../../storage/oidc-sessions.ts';
import type { RowKey } from '../../storage/oidc-tokens.ts';
import { pack, unpack } from '../payloads.ts';
import { inUnit, type Unit } from '../unit-of-work.ts';
import { type AdapterServices, unsupported } from './contract.ts';
import { isName, keyOf } from './keys.ts';

/** The id of a session that was found by its uid, since its own id is known to the browser alone. Good for reading only. */
const UNKNOWN_ID = '(known to the browser alone)';

export function sessionAdapter(services: AdapterServices, brand: Brand): Adapter {
  const { db, keyring, log } = services;
  const unit = <Result>(work: (unit: Unit) => Promise<Result>) => inUnit(services, brand.id, work);

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
      const key = keyOf(id);
      if (!key) return undefined;
      return unit(async (unit) => {
        const row = await unit.read(nameOf(key), () => readSession(services, brand, key, unit));
        return row && open(row, id);
      });
    },
    async findByUid(uid) {
      if (!isName(uid)) return undefined;
      return unit(async (unit) => {
        const row = await unit.read(`session-uid/${uid}`, () => oidcSessions.findByUid(db, brand.id, uid));
        return row && open(row, UNKNOWN_ID);
      });
    },
    async upsert(id, payload) {
      const key = writable(id);
      const { uid, accountId, exp } = payload;
      if (!isName(uid) || !exp) throw new Error('a session needs a uid and an end');
      if (accountId && key.slice !== sliceOfAccount(accountId)) throw new Error('a session id must carry the slice of its account');
      const session = {
        uid,
        accountId,
        signedInAt: payload.loginTs,
        expiresAt: exp,
        payload: pack(keyring, 'Session', placeOf(key), payload),
        ...whoAsks(),
      };
      // A session that ended while its request was running stays ended: sign-out wins over the request.
      await unit(async (unit) => {
        const found = unit.hasFound(nameOf(key)) ? await readAlready(unit, key) : undefined;
        unit.write(nameOf(key), { kind: found ? 'update_session' : 'save_session', key, session });
        if (found?.retired) unit.write(`${nameOf(key)}/others`, { kind: 'bind_session', key, session });
      });
    },
    async destroy(id) {
      const key = writable(id);
      await unit(async (unit) => {
        const row = await readAlready(unit, key);
        unit.write(nameOf(key), { kind: 'remove_session', key, uid: row?.uid, signsIn: signsIn() });
        unit.remember(nameOf(key), undefined);
      });
    },
  };
}

function readAlready(unit: Unit, key: RowKey): Promise<oidcSessions.StoredSession | undefined> {
  return unit.read<oidcSessions.StoredSession>(nameOf(key), async () => undefined);
}

/** The request that runs brings the answer of a sign-in page. */
function signsIn(): boolean {
  return (Provider.ctx as KoaContextWithOIDC | undefined)?.oidc?.result?.login !== undefined;
}

/** Of the request that runs: its browser, and its network as the brand middleware has written it into the request. */
function whoAsks(): Partial<Seen> {
  const { req } = (Provider.ctx as KoaContextWithOIDC | undefined) ?? {};
  const ip = req?.headers['x-forwarded-for'];
  return req && typeof ip === 'string' ? seen({ ip, userAgent: req.headers['user-agent'] }) : {};
}

function nameOf({ id }: RowKey): string {
  return `session/${id.toString('hex')}`;
}

/** The account and, when the request names a client, the grant will be asked for next. */
async function readSession(
  { db }: AdapterServices,
  brand: Brand,
  key: RowKey,
  unit: Unit,
): Promise<oidcSessions.StoredSession | undefined> {
  const found = await oidcReads.findSession(db, brand.id, key, unit.clientId);
  if (!found) return undefined;
  const { session, account, grant } = found;
  unit.know(`session-uid/${session.uid}`, session);
  if (session.accountId) unit.know(`account/${session.accountId}`, account);
  if (grant) unit.know(`grant/${grant.id}`, grant);
  return session;
}

function writable(id: string): RowKey {
  const key = id === UNKNOWN_ID ? undefined : keyOf(id);
  if (!key) throw new Error('a session found by its uid can only be read; storage/oidc-sessions.ts ends it');
  return key;
}

function placeOf({ id }: { id: Buffer }): string {
  return `oidc_sessions/Session/${id.toString('hex')}`;
}
