// One root secret, one key per purpose (HKDF, RFC 5869), so that what is sealed for one purpose never opens for another.
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

export type Purpose =
  | 'cookies'
  | 'csrf'
  | 'identifiers'
  | 'signing_keys'
  | 'token_payloads'
  | 'devices'
  | 'limits'
  | 'dpop_nonces'
  | 'refresh_successors'
  | 'codes'
  | 'mails'
  | 'smtp'
  | 'flows'
  | 'account_pages'
  | 'consents'
  | 'demo';

export type Keyring = ReturnType<typeof createKeyring>;

export function createKeyring(root: string) {
  const cache = new Map<string, Buffer>();

  /** 32 bytes for a purpose and, optionally, a context such as a brand's id. */
  function key(purpose: Purpose, context = ''): Buffer {
    const label = `portico/${purpose}/${context}`;
    const known = cache.get(label);
    if (known) return known;
    const derived = Buffer.from(hkdfSync('sha256', root, 'portico', label, 32));
    // A bound, since contexts are brands and an installation may serve thousands.
    if (cache.size > 10_000) cache.clear();
    cache.set(label, derived);
    return derived;
  }

  function mac(purpose: Purpose, context: string, data: string | Buffer): Buffer {
    return createHmac('sha256', key(purpose, context)).update(data).digest();
  }

  /** AES-256-GCM; `place` (table, column and row) is authenticated, so that a ciphertext moved to another row does not open. */
  function seal(purpose: Purpose, place: string, plain: Buffer | string): Buffer {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key(purpose), iv).setAAD(Buffer.from(place));
    return Buffer.concat([Buffer.from([1]), iv, cipher.update(plain as Buffer), cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws when the bytes were not sealed with this root secret for this purpose and place. */
  function open(purpose: Purpose, place: string, sealed: Buffer): Buffer {
    if (sealed[0] !== 1) throw new Error(`${place}: unknown seal version`);
    const decipher = createDecipheriv('aes-256-gcm', key(purpose), sealed.subarray(1, 13)).setAAD(Buffer.from(place));
    decipher.setAuthTag(sealed.subarray(-16));
    return Buffer.concat([decipher.update(sealed.subarray(13, -16)), decipher.final()]);
  }

  return { key, mac, seal, open };
}
