// What a browser that forgot its password has told us so far, under the sign-in it happens in. It stands in the sealed cookie: neither an
// address, which histories and logs keep, nor a look-up, which would answer differently once somebody else's mail was used.
import type { Keyring } from '../keyring.ts';
import { type FlowPlace, flowHandle, rememberFlow } from './flow-cookie.ts';
import type { Context } from './request.ts';

export interface Recovery {
  email: string;
  /** Names the code it waits for; absent before one was asked for. */
  handle?: string | undefined;
  /** Wrong codes typed here. */
  tries?: number | undefined;
}

/** `purpose` is `unlock` where a link was asked for that lets the browser in. */
export function recall(
  keyring: Keyring,
  ctx: Context,
  uid: string,
  purpose: FlowPlace['purpose'] = 'reset_password',
): Recovery | undefined {
  const text = flowHandle(keyring, ctx, placeOf(uid, purpose));
  return text === undefined ? undefined : (JSON.parse(text) as Recovery);
}

/** What was typed is cut at the length of the longest address there is. */
export function remember(
  keyring: Keyring,
  ctx: Context,
  uid: string,
  { email, ...more }: Recovery,
  purpose: FlowPlace['purpose'] = 'reset_password',
): void {
  rememberFlow(keyring, ctx, placeOf(uid, purpose), JSON.stringify({ ...more, email: email.slice(0, 254) }));
}

function placeOf(uid: string, purpose: FlowPlace['purpose']): FlowPlace {
  return { purpose, under: `/interaction/${uid}` };
}
