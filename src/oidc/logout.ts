// Telling relying parties that a session has ended. The library would do it inside the person's request, once and without retry;
// here every path (sign-out, reset, disable) enqueues a job, and the job signs and posts.
import type { Provider } from 'oidc-provider';
import type { Brand } from '../domain/brands.ts';
import type { Services } from '../services.ts';
import * as brands from '../storage/brands.ts';
import type * as outbox from '../storage/outbox.ts';
import type { Providers } from './providers.ts';
import { inUnit } from './unit-of-work.ts';

export interface OidcDoor {
  /** Signs a logout token and posts it. Resolves when nobody needs to be told any more. @throws when it must be tried again. */
  sendLogoutToken(notice: outbox.BackchannelLogoutJob): Promise<void>;
}

type Send = (this: object, sub: string, sid?: string) => Promise<void>;

const senders = new WeakMap<Provider, Send>();

/** From now on the library's own call only decides a job, written by the statement that ends the session: both or neither. */
export function enqueueLogouts(provider: Provider, { db }: Pick<Services, 'db'>, brand: Brand): void {
  const prototype = provider.Client.prototype as unknown as { backchannelLogout: Send };
  senders.set(provider, prototype.backchannelLogout);
  prototype.backchannelLogout = async function enqueue(this: object, accountId, sid) {
    const { clientId } = this as { clientId: string };
    const notice: outbox.BackchannelLogoutJob = { brandId: brand.id, clientId, accountId, sid };
    await inUnit({ db }, brand.id, async (unit) =>
      unit.write(`job/backchannel_logout/${clientId}/${sid}`, { kind: 'enqueue', task: 'backchannel_logout', payload: notice }),
    );
  };
}

export function createOidcDoor({ db }: Pick<Services, 'db'>, providers: Providers): OidcDoor {
  return {
    async sendLogoutToken({ brandId, clientId, accountId, sid }) {
      const brand = await brands.findById(db, brandId);
      if (!brand) return;
      const provider = await providers.of(brand);
      const client = await provider.Client.find(clientId);
      if (!client?.backchannelLogoutUri) return;
      await senders.get(provider)?.call(client, accountId, sid);
    },
  };
}
