// crypt(3)'s own base 64: another alphabet than the internet's, the lowest six bits first.
const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** As phpass writes a digest: its bytes three by three, the first one lowest. */
export function encodeCrypt(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const group = bytes.subarray(at, at + 3);
    text += encodeNumber((group[0] ?? 0) | ((group[1] ?? 0) << 8) | ((group[2] ?? 0) << 16), group.length + 1);
  }
  return text;
}

/** `length` characters, the lowest six bits first. */
export function encodeNumber(value: number, length: number): string {
  let text = '';
  for (let place = 0; place < length; place += 1) text += alphabet[(value >>> (6 * place)) & 63];
  return text;
}

/** What one character stands for; -1 for one that is not of the alphabet. */
export function placeOf(character: string | undefined): number {
  return character ? alphabet.indexOf(character) : -1;
}
