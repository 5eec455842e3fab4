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
export function watched<Result>(watch: Watch, text: string, sent: Promise<Result>): Promise<Result> {
  watch.observe(text);
  return clocked(watch, text, sent);
}

/** The same for what is waited for and is no statement. */
export function clocked<Result>({ timed }: Pick<Watch, 'timed'>, text: string, sent: Promise<Result>): Promise<Result> {
  if (!timed) return sent;
  const began = performance.now();
  sent.then(
    () => timed(text, 'ok', performance.now() - began),
    () => timed(text, 'failed', performance.now() - began),
  );
  return sent;
}
