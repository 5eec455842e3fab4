// What was started and written is ended and removed, in the opposite order, however the run ends.

export interface Cleanup {
  /** Done at the end; at once when the end has come already. */
  add(step: () => unknown): Promise<void>;
  /** Each step once, the last one first. What fails is told to nobody: the next step matters more. */
  run(): Promise<void>;
}

export function createCleanup(): Cleanup {
  const steps: (() => unknown)[] = [];
  let over = false;
  const run = async () => {
    over = true;
    for (let step = steps.pop(); step; step = steps.pop())
      await Promise.resolve()
        .then(step)
        .catch(() => {});
  };
  return {
    async add(step) {
      steps.push(step);
      if (over) await run();
    },
    run,
  };
}
