// How much processor this process may really use: a container's share counts, not the machine it runs on.
import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';

/** Whole cores, at least one: what the scheduler lets us see, bounded by the control group's quota (cgroup v2 `cpu.max`, else v1). */
export function usableCores(): number {
  const quota =
    quotaOf(read('/sys/fs/cgroup/cpu.max')) ??
    quotaOf(`${read('/sys/fs/cgroup/cpu/cpu.cfs_quota_us')} ${read('/sys/fs/cgroup/cpu/cpu.cfs_period_us')}`);
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(quota ?? Number.POSITIVE_INFINITY)));
}

/** Bytes this process may fill: the machine's memory, bounded by the control group's limit. */
export function usableMemory(): number {
  const limit = Number(read('/sys/fs/cgroup/memory.max') || read('/sys/fs/cgroup/memory/memory.limit_in_bytes'));
  return limit > 0 ? Math.min(totalmem(), limit) : totalmem();
}

/** Cores from "quota period" in microseconds; undefined for "max", -1 or nothing. */
export function quotaOf(text: string): number | undefined {
  const [quota, period] = text.trim().split(/\s+/).map(Number);
  return quota && period && quota > 0 && period > 0 ? quota / period : undefined;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
