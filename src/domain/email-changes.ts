// What the rows of codes and links remember of a change of address (sealed; one-time-codes.ts).

import type { Seen } from './sources.ts';

/** Of a request that waits for its proof: the address to be, and where it was asked for. */
export interface RememberedChange {
  email: string;
  seen: Seen;
}

/** Of an undo link: the address to put back, and the one that took its place. */
export interface RememberedUndo {
  before: string;
  email: string;
}
