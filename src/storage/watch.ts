// Who looks on while statements run.

/** Called for every statement; tests and the bench count with it. */
export type StatementObserver = (text: string) => void;

/** Called when a statement is through, with the milliseconds it took, its wait for a connection included. */
export type StatementTimer = (text: string, outcome: 'ok' | 'failed', milliseconds: number) => void;

export interface Watch {
  observe: StatementObserver;
  timed: StatementTimer | undefined;
}

/** `sent` as it is. */
export function watched<Result>({ observe, timed }: Watch, text: string, sent: Promise<Result>): Promise<Result> {
  observe(text);
  return timed ? clocked(timed, text, sent) : sent;
}

async function clocked<Result>(timed: StatementTimer, text: string, sent: Promise<Result>): Promise<Result> {
  const began = performance.now();
  try {
    const result = await sent;
    timed(text, 'ok', performance.now() - began);
    return result;
  } catch (error) {
    timed(text, 'failed', performance.now() - began);
    throw error;
  }
}
