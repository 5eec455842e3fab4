// A temporary folder that goes with its test, however that ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface KeptFolder {
  folder: string;
  remove(): Promise<void>;
}

/** `folder` is gone after `remove`, and also when this process is stopped or killed: a shell waits for the end of its pipe. */
export function keepFolder(folder: string): KeptFolder {
  const script = 'trap "" INT TERM HUP; cat > /dev/null; rm -rf "$1"';
  const keeper = spawn('sh', ['-c', script, 'sh', folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  keeper.unref();
  const ended = once(keeper, 'exit');
  return {
    folder,
    remove: async () => {
      keeper.stdin.end();
      await ended;
    },
  };
}
