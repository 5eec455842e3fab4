// What both servers are told alike: the client, the API, the person.
export const api = 'https://api.bench.example';
export const callback = 'https://shop.bench.example/callback';
export const person = { email: 'ada@bench.example', password: 'tremolo cassette 47' };

/** Of the relying party that signs people in, and of the back end that asks for itself. */
export const secrets = { shop: 'the secret of the shop, long enough', backend: 'the secret of the back end, long enough' };

export const scope = 'openid email';
export const apiScope = 'orders';

export function basic(clientId: keyof typeof secrets): { authorization: string } {
  const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(secrets[clientId])}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}
