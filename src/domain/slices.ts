// A slice (0..32767) says where a row will live when one brand outgrows one machine. It costs nothing before that day.
import { randomInt, randomUUID } from 'node:crypto';

export const SLICES = 32_768;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The slice of an account: the last 15 bits of its uuid, so that imported uuids work and `sub` never changes. */
export function sliceOfAccount(accountId: string): number {
  return Number.parseInt(accountId.slice(-4), 16) & 0x7fff;
}

/** The slice of an opaque id: its first three base64url characters, & 0x7fff. Ids that are not base64url land in slice 0. */
export function sliceOfId(id: string): number {
  let value = 0;
  for (let index = 0; index < 3; index += 1) value = (value << 6) | Math.max(0, ALPHABET.indexOf(id.charAt(index) || 'A'));
  return value & 0x7fff;
}

/** The slice of a digest: its first 15 bits. */
export function sliceOfDigest(digest: Buffer): number {
  return digest.readUInt16BE(0) >>> 1;
}

/** A new account's id in one of its brand's slices: small brands stay together, large ones spread. */
export function newAccountId(brand: { homeSlice: number; slices: number }): string {
  const slice = (brand.homeSlice + randomInt(brand.slices)) % SLICES;
  const id = randomUUID();
  const tail = (Number.parseInt(id.slice(-4), 16) & 0x8000) | slice;
  return id.slice(0, -4) + tail.toString(16).padStart(4, '0');
}

/** Rewrites the first three characters of a random id so that it carries `slice`; three random bits stay. */
export function carrySlice(id: string, slice: number): string {
  const high = Math.max(0, ALPHABET.indexOf(id.charAt(0))) & 0b111000;
  const value = (high << 12) | slice;
  return ALPHABET.charAt((value >>> 12) & 63) + ALPHABET.charAt((value >>> 6) & 63) + ALPHABET.charAt(value & 63) + id.slice(3);
}
