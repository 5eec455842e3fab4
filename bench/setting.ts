// What both servers are told alike: the client, the API, the people.
export const api = 'https://api.bench.example';
export const callback = 'https://shop.bench.example/callback';

export interface Person {
  email: string;
  password: string;
}

const password = 'tremolo cassette 47';
export const person: Person = { email: 'ada@bench.example', password };

/** One of those who were brought in by number; they share a password, and its hash. */
export function personOf(number: number): Person {
  return { email: `person-${number}@bench.example`, password };
}

/** Of the relying party that signs people in, and of the back end that asks for itself. */
export const secrets = { shop: 'the secret of the shop, long enough', backend: 'the secret of the back end, long enough' };

export const scope = 'openid email';
export const apiScope = 'orders';

export function basic(clientId: keyof typeof secrets): { authorization: string } {
  const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(secrets[clientId])}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}
