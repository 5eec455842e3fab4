// What went wrong inside the library, in words the web ring can use without knowing the library.
import { type ErrorOut, errors } from 'oidc-provider';
import { isDatabaseAway } from '../storage/database.ts';

export type FaultKind = 'gone' | 'request' | 'unavailable' | 'fault';

/** `gone`: the person's sign-in cannot go on. `request`: the app asked for something it may not. */
export function faultKind(error: Error, out: ErrorOut): FaultKind {
  if (isDatabaseAway(error)) return 'unavailable';
  if (error instanceof errors.SessionNotFound) return 'gone';
  return out.error === 'server_error' ? 'fault' : 'request';
}
