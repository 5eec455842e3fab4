// Housekeeping comes in batches, so that it can be left at any time: when its share of the minute is used, or when the process is to go.

export interface Pace {
  /** Rows at a time. */
  batch?: number;
  /** Milliseconds in all. */
  budget?: number;
  /** Fires when the process is to go. */
  leaving?: AbortSignal;
}

/** @returns whether another batch may begin. */
export function hasTime(milliseconds: number, leaving?: AbortSignal): () => boolean {
  const until = performance.now() + milliseconds;
  return () => performance.now() < until && !leaving?.aborted;
}
