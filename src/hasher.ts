// Passwords are hashed here and nowhere else: argon2id at OWASP's minimum, a few at a time, with a short queue in front.
// Hashing shares libuv's threads with WebCrypto: unbounded, every token signature would wait behind the sign-ins.
import { randomBytes } from 'node:crypto';
import { hash, parseOptions, verify } from '@node-rs/argon2';
import { Refusal } from './errors.ts';
import { isKnownHash, verifyImported } from './hashers/imported.ts';

// OWASP Password Storage and ASVS 11.4.2: 19 MiB, two passes, one lane. About 10 ms a core; @node-rs/argon2's default is argon2id.
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 };
const WORK_MS = 1_500;
const DEADLINE_MS = 2_000;

export interface Hasher {
  /** @returns a PHC string. @throws Refusal overloaded. */
  hash(password: string, signal?: AbortSignal): Promise<string>;
  /** Constant work whether or not there is a hash to compare with. @throws Refusal overloaded. */
  verify(hash: string | undefined, password: string, signal?: AbortSignal): Promise<boolean>;
  /** True when `hash` was made with weaker parameters than today's, or elsewhere (hashers/imported.ts). */
  needsRehash(hash: string): boolean;
  /** True when a password can be compared with it, wherever it was made. */
  accepts(hash: string): boolean;
  /** Hashes once, so that a broken build of argon2 fails at start, and measures how long it takes. */
  ready(): Promise<void>;
  /** How many hashes and verifications were computed. */
  readonly count: number;
  /** How many are computed at this moment, how many stand in the queue, and how many may. */
  readonly load: { running: number; waiting: number; capacity: number };
  close(): void;
}

export interface HasherOptions {
  /** Hashes computed at the same time; one core should stay free for signing. */
  concurrency: number;
  /** How many may wait; by default about 1.5 s of work as measured. */
  queue?: number;
  /** How long one may wait, in milliseconds; two seconds by default. */
  deadline?: number;
}

export function createHasher({ concurrency, queue, deadline = DEADLINE_MS }: HasherOptions): Hasher {
  let hashMs = 20;
  let count = 0;
  const bound = () => queue ?? Math.max(concurrency, Math.floor((WORK_MS / hashMs) * concurrency));
  const slots = createSlots(concurrency, { bound, deadline });
  // Nobody's password: 32 random bytes in place of a digest. Verifying against it costs what a real hash costs.
  const dummy = `$argon2id$v=19$m=${cost.memoryCost},t=${cost.timeCost},p=${cost.parallelism}$${base64(16)}$${base64(32)}`;

  async function compute<Result>(work: () => Promise<Result>): Promise<Result> {
    count += 1;
    const started = performance.now();
    const result = await work();
    // A moving average: one slow hash does not shrink the queue, a slow machine does.
    hashMs += (performance.now() - started - hashMs) / 8;
    return result;
  }

  return {
    hash: (password, signal) => slots.run(() => compute(() => hash(password, cost)), signal),
    verify: (known, password, signal) => slots.run(() => compute(() => compare(known, password, dummy)), signal),
    needsRehash,
    accepts: isKnownHash,
    ready: async () => {
      const started = performance.now();
      const made = await hash('smoke', cost);
      if (!made.startsWith('$argon2id$v=19$') || !(await verify(made, 'smoke')) || needsRehash(made))
        throw new Error('argon2 does not work here');
      hashMs = Math.max(1, (performance.now() - started) / 2);
    },
    get count() {
      return count;
    },
    get load() {
      return slots.load();
    },
    close: () => slots.close(),
  };
}

/** Nobody's hash costs one of ours; so does a wrong password for a hash that came from elsewhere, which may cost next to nothing itself. */
async function compare(known: string | undefined, password: string, dummy: string): Promise<boolean> {
  if (known?.startsWith('$argon2id$')) return verify(known, password);
  if (known !== undefined && (await verifyImported(known, password))) return true;
  await verify(dummy, password);
  return false;
}

function needsRehash(known: string): boolean {
  if (!known.startsWith('$argon2id$')) return true;
  const { memoryCost, timeCost } = parseOptions(known);
  return memoryCost < cost.memoryCost || timeCost < cost.timeCost;
}

function base64(bytes: number): string {
  return randomBytes(bytes).toString('base64').replace(/=+$/, '');
}

interface Waiting {
  start(): void;
  refuse(reason: unknown): void;
}

/** First come, first served; whoever finds the queue full, waits too long or has hung up costs nothing. */
function createSlots(concurrency: number, { bound, deadline }: { bound: () => number; deadline: number }) {
  let free = concurrency;
  const waiting = new Set<Waiting>();

  function enter(signal: AbortSignal | undefined): Promise<void> | undefined {
    signal?.throwIfAborted();
    if (free > 0) {
      free -= 1;
      return undefined;
    }
    if (waiting.size >= bound()) throw overloaded();
    return wait(signal);
  }

  function wait(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      waiting.delete(entry);
      clearTimeout(timer);
      signal?.removeEventListener('abort', hangUp);
    };
    const entry: Waiting = {
      start: () => {
        leave();
        resolve();
      },
      refuse: (reason) => {
        leave();
        reject(reason);
      },
    };
    const timer = setTimeout(() => entry.refuse(overloaded()), deadline);
    const hangUp = () => entry.refuse(signal?.reason);
    signal?.addEventListener('abort', hangUp);
    waiting.add(entry);
    return promise;
  }

  function leaveSlot(): void {
    const [next] = waiting;
    // The slot is handed over, not freed, so that nobody overtakes.
    if (next) next.start();
    else free += 1;
  }

  return {
    run: async <Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> => {
      await enter(signal);
      try {
        return await work();
      } finally {
        leaveSlot();
      }
    },
    load: () => ({ running: concurrency - free, waiting: waiting.size, capacity: bound() }),
    close: () => {
      for (const entry of waiting) entry.refuse(overloaded());
    },
  };
}

/** One to five seconds, so that the refused do not all return at once. */
function overloaded(): Refusal {
  return new Refusal('overloaded', undefined, { retryAfter: 1 + Math.floor(Math.random() * 5) });
}
