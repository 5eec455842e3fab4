// What every kind of imported hash is to the hasher: a form it recognises and a way to compare.
import { timingSafeEqual } from 'node:crypto';

export type Matches = (password: string) => Promise<boolean>;

export interface HashFormat {
  /** Undefined when the hash is of another form, is damaged, or would cost more than any honest import. */
  parse(hash: string): Matches | undefined;
}

/** Never true for different lengths; takes as long wherever the first difference is. */
export function equalBytes(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

/** Base64 with or without padding; `.` stands for `+` in passlib's, `-_` for `+/` in the URL's alphabet. */
export function fromBase64(text: string): Buffer {
  return Buffer.from(text.replaceAll('.', '+'), 'base64');
}

/** Lengths of derived keys that programs store; any other length is a hash that was cut. */
export const keyLengths: ReadonlySet<number> = new Set([20, 32, 64]);

/** The loop of an old scheme runs in JavaScript: now and then it lets everybody else go on. */
export async function repeatedly(times: number, step: (index: number) => void): Promise<void> {
  for (let index = 0; index < times; index += 1) {
    step(index);
    if (index % 1_000 === 999) await new Promise((resolve) => setImmediate(resolve));
  }
}
