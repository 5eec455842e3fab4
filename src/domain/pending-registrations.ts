// What a registration remembers until its mail is proved. It is sealed in its row, whether or not the address has an account already.
import type { AccountClaims } from './claims.ts';
import { nothingAnswered, type RegistrationAnswers } from './registration-forms.ts';
import type { Seen } from './sources.ts';

export interface PendingRegistration {
  /** Where the mail went, as `parseEmail` wrote it. */
  email: string;
  /** Of the password that was chosen, as a PHC string. */
  hash: string;
  /** What was answered beside them; an older version wrote only claims. */
  said?: RegistrationAnswers;
  claims?: AccountClaims;
  /** Where it was begun: whoever opens the link in another place should know it again. */
  seen: Seen;
}

export function answersOf({ said, claims = {} }: PendingRegistration): RegistrationAnswers {
  return said ?? { ...nothingAnswered, claims };
}
