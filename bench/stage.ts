// What a mode of the bench starts, ended once, the last first, however the bench ends.
import { createServer } from 'node:net';

export interface Stoppable {
  stop(): Promise<void>;
}

export interface Stage {
  /** Keeps what is being started; its `stop` is called at the end. */
  add<Started extends Stoppable>(coming: Promise<Started>): Promise<Started>;
  /** Ends one before the others. */
  end(started: Stoppable): Promise<void>;
  clear(): Promise<void>;
}

export function createStage(): Stage {
  const started: Stoppable[] = [];
  const coming = new Set<Promise<unknown>>();
  let clearing: Promise<void> | undefined;
  const end = async (one: Stoppable) => {
    const at = started.indexOf(one);
    if (at < 0) return;
    started.splice(at, 1);
    await one.stop();
  };
  return {
    async add(next) {
      const kept = next.then((one) => void started.push(one));
      coming.add(kept);
      await kept.finally(() => coming.delete(kept));
      return next;
    },
    end,
    clear() {
      clearing ??= (async () => {
        // What is on its way has files already.
        while (coming.size > 0) await Promise.allSettled(coming);
        for (const one of started.toReversed()) await end(one);
      })();
      return clearing;
    },
  };
}

/** On loopback, free a moment ago. */
export async function freeIssuer(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return `http://localhost:${port}`;
}
