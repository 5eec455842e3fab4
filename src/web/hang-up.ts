// A person who leaves before the answer (a closed tab, a second press) is waited for by nobody.
import type { Context } from './request.ts';

/** Fires when the connection closes without its answer. */
export function hangUp({ res }: Pick<Context, 'res'>): AbortSignal {
  const controller = new AbortController();
  if (res.closed) controller.abort();
  else
    res.once('close', () => {
      if (!res.writableFinished) controller.abort();
    });
  return controller.signal;
}
