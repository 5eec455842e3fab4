// argon2i, argon2d and argon2id (RFC 9106) with any parameters: $argon2i$v=19$m=65536,t=3,p=4$<salt>$<digest>
import { verify } from '@node-rs/argon2';
import type { HashFormat } from './format.ts';

// 1 GiB and 64 passes: nobody's sign-in costs more.
const MOST = { memory: 1_048_576, passes: 64 };
const form = /^\$argon2(?:id|i|d)\$(?:v=\d+\$)?m=(\d+),t=(\d+),p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$/;

export const argon2Hashes: HashFormat = {
  parse(hash) {
    const [, memory, passes] = form.exec(hash) ?? [];
    if (!memory || Number(memory) > MOST.memory || Number(passes) > MOST.passes) return undefined;
    return (password) => verify(hash, password).catch(() => false);
  },
};
