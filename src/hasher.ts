export interface Hasher {
  /** @returns a PHC string. @throws Refusal overloaded. */
  hash(password: string): Promise<string>;
  /** Constant work whether or not there is a hash to compare with. @throws Refusal overloaded. */
  verify(hash: string | undefined, password: string): Promise<boolean>;
  /** True when `hash` was made with weaker parameters than today's. */
  needsRehash(hash: string): boolean;
  close(): void;
}
