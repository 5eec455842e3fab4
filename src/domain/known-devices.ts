// A browser that has signed in before keeps its own budget of attempts, so that an attack on an account does not lock its owner out.
// Nothing is stored: the cookie is a random device id and, for each account, a tag only we can make.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const ACCOUNTS = 4;
const shape = /^[\w-]{22}(?:\.[\w-]{22}){1,4}$/;

/**
 * The device's id when the cookie proves that this account has signed in with it, else undefined.
 * `key` is the keyring's for `devices`; `digest` is the identifier's digest, which already differs by brand.
 */
export function knowsDevice(key: Buffer, cookie: string | undefined, digest: Buffer): string | undefined {
  const { deviceId, tags } = parse(cookie);
  if (!deviceId) return undefined;
  const expected = Buffer.from(tagOf(key, deviceId, digest));
  return tags.some((tag) => timingSafeEqual(Buffer.from(tag), expected)) ? deviceId : undefined;
}

/** The cookie's next value: the same device, this account first, the four last accounts kept. */
export function rememberDevice(key: Buffer, cookie: string | undefined, digest: Buffer): string {
  const { deviceId = randomBytes(16).toString('base64url'), tags } = parse(cookie);
  const tag = tagOf(key, deviceId, digest);
  return [deviceId, tag, ...tags.filter((other) => other !== tag)].slice(0, 1 + ACCOUNTS).join('.');
}

function parse(cookie: string | undefined): { deviceId?: string; tags: string[] } {
  if (!cookie || cookie.length > 200 || !shape.test(cookie)) return { tags: [] };
  const [deviceId, ...tags] = cookie.split('.') as [string, ...string[]];
  return { deviceId, tags };
}

/** 128 bits of the HMAC, as 22 characters. */
function tagOf(key: Buffer, deviceId: string, digest: Buffer): string {
  return createHmac('sha256', key).update(`${deviceId}|`).update(digest).digest().subarray(0, 16).toString('base64url');
}
