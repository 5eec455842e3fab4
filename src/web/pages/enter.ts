// Somebody has shown who they are: this browser is known from now on, and the sign-in goes on.
import type { Account } from '../../domain/accounts.ts';
import { clientOf } from '../../oidc/clients.ts';
import { signedIn } from '../../oidc/interactions.ts';
import { rememberDeviceCookie } from '../device-cookie.ts';
import { goOn } from './go-on.ts';
import type { Visit } from './visit.ts';

export interface Entered {
  account: Account;
  deviceCookie: string;
}

/** `remember` keeps the session when the browser closes. */
export function enter(visit: Visit, { account, deviceCookie }: Entered, { remember = false } = {}): Promise<void> {
  rememberDeviceCookie(visit.ctx, deviceCookie);
  const firstParty = clientOf(visit.client).first_party === true;
  return goOn(visit, signedIn(account.id, { remember, firstParty, signedOutAt: account.signedOutAt }));
}
