import { hash as argon2 } from '@node-rs/argon2';
import { Refusal } from '../src/errors.ts';
import { createHasher } from '../src/hasher.ts';

const settle = async (promises: Promise<unknown>[]) => {
  const results = await Promise.allSettled(promises);
  return {
    done: results.filter((result) => result.status === 'fulfilled').length,
    overloaded: results.filter(
      (result) => result.status === 'rejected' && result.reason instanceof Refusal && result.reason.code === 'overloaded',
    ).length,
  };
};

test('a password is hashed with argon2id at 19 MiB and two passes, and verifies', async () => {
  const hasher = createHasher({ concurrency: 1 });
  await hasher.ready();
  const hash = await hasher.hash('correct horse');
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await hasher.verify(hash, 'correct horse')).toBe(true);
  expect(await hasher.verify(hash, 'correct house')).toBe(false);
  expect(hasher.needsRehash(hash)).toBe(false);
});

test('two passwords that differ after 72 bytes are two passwords', async () => {
  const hasher = createHasher({ concurrency: 1 });
  const hash = await hasher.hash(`${'x'.repeat(72)}a`);
  expect(await hasher.verify(hash, 'x'.repeat(72))).toBe(false);
  expect(await hasher.verify(hash, `${'x'.repeat(72)}b`)).toBe(false);
});

test('an unknown account costs the same work and never matches', async () => {
  const hasher = createHasher({ concurrency: 1 });
  expect(await hasher.verify(undefined, 'anything')).toBe(false);
  expect(hasher.count).toBe(1);
});

test('a hash made with weaker parameters is to be renewed', async () => {
  const hasher = createHasher({ concurrency: 1 });
  const weak = await argon2('correct horse', { memoryCost: 12_288, timeCost: 1 });
  expect(hasher.needsRehash(weak)).toBe(true);
  expect(await hasher.verify(weak, 'correct horse')).toBe(true);
  expect(hasher.needsRehash('$2b$10$abcdefghijklmnopqrstuv')).toBe(true);
});

test('a full queue refuses at once and everyone admitted is served', async () => {
  const hasher = createHasher({ concurrency: 2, queue: 5 });
  const { done, overloaded } = await settle(Array.from({ length: 50 }, () => hasher.verify(undefined, 'x')));
  expect({ done, overloaded, computed: hasher.count }).toEqual({ done: 7, overloaded: 43, computed: 7 });
  expect(await hasher.verify(undefined, 'x')).toBe(false);
});

test('the queue is as long as about a second and a half of work', async () => {
  const hasher = createHasher({ concurrency: 1 });
  await hasher.ready();
  const { done, overloaded } = await settle(Array.from({ length: 2_000 }, () => hasher.verify(undefined, 'x')));
  expect(done).toBeGreaterThan(5);
  expect(overloaded).toBeGreaterThan(1_000);
  expect(hasher.count).toBe(done);
});

test('a refusal says when to come back', async () => {
  const hasher = createHasher({ concurrency: 1, queue: 0 });
  const first = hasher.hash('x');
  await expect(hasher.hash('y')).rejects.toMatchObject({ code: 'overloaded', status: 503, retryAfter: expect.any(Number) });
  await first;
});

test('whoever waits two seconds is refused instead of served too late', async () => {
  const hasher = createHasher({ concurrency: 1, queue: 1_000 });
  const started = performance.now();
  const { done, overloaded } = await settle(Array.from({ length: 600 }, () => hasher.verify(undefined, 'x')));
  expect(performance.now() - started).toBeLessThan(3_500);
  expect(done + overloaded).toBe(600);
  expect(hasher.count).toBe(done);
});

test('whoever hangs up while waiting costs nothing', async () => {
  const hasher = createHasher({ concurrency: 1 });
  const gone = new AbortController();
  const running = hasher.hash('first');
  const waiting = Array.from({ length: 20 }, () => hasher.hash('second', gone.signal));
  gone.abort();
  const results = await Promise.allSettled(waiting);
  expect(results.every((result) => result.status === 'rejected')).toBe(true);
  await running;
  expect(hasher.count).toBe(1);
  await expect(hasher.hash('third', gone.signal)).rejects.toThrow();
});

test('closing refuses those who still wait', async () => {
  const hasher = createHasher({ concurrency: 1 });
  const running = hasher.hash('first');
  const waiting = expect(hasher.hash('second')).rejects.toMatchObject({ code: 'overloaded' });
  hasher.close();
  await waiting;
  await running;
});
