// A process that runs jobs says every few seconds that it lives, and frees the jobs of those that no longer do.
import type { Services } from '../services.ts';
import * as workers from '../storage/workers.ts';

const BEAT_MS = 10_000;
// Several missed beats: a busy process is not a dead one. Together well under a minute.
const SILENT_SECONDS = 40;

export interface Heartbeat {
  stop(): Promise<void>;
}

export async function startHeartbeat({ db, log }: Pick<Services, 'db' | 'log'>, ids: () => readonly string[]): Promise<Heartbeat> {
  const beat = async () => {
    try {
      await workers.beat(db, ids());
      const released = await workers.releaseSilent(db, SILENT_SECONDS);
      if (released > 0) log.warn({ event: 'silent_workers_released', count: released });
    } catch (error) {
      log.warn({ err: error, event: 'heartbeat_failed' });
    }
  };
  await beat();
  const timer = setInterval(beat, BEAT_MS).unref();
  return {
    async stop() {
      clearInterval(timer);
      await workers.forget(db, ids()).catch(() => {});
    },
  };
}
