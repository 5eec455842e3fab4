// The relying parties of the journeys, one of each kind, all of them apps of a record shop.
import type { BrandOfTest } from './portico.ts';
import { createRelyingParty, type RelyingParty } from './relying-party.ts';

/** Nothing listens there: the browser of the tests stops when it is sent to one of these. */
export const callbacks = {
  shop: 'https://shop.example/callback',
  radio: 'https://radio.example/callback',
  partner: 'https://partner.example/callback',
  loopback: 'http://127.0.0.1/callback',
  claimed: 'https://phone.example/callback',
  scheme: 'com.example.nightfall:/callback',
} as const;

export const secrets: Record<string, string> = {
  shop: 'the secret of the shop',
  radio: 'the secret of the radio',
  partner: 'the secret of the partner',
};

export const clientsOfTest: NonNullable<BrandOfTest['clients']> = [
  web('shop', 'Nightfall Shop', callbacks.shop, { post_logout_redirect_uris: ['https://shop.example/'] }),
  web('radio', 'Nightfall Radio', callbacks.radio),
  web('partner', 'Tour Tickets', callbacks.partner, { first_party: false }),
  {
    kind: 'native',
    metadata: {
      client_id: 'phone',
      client_name: 'Nightfall on your phone',
      redirect_uris: [callbacks.loopback, callbacks.claimed, callbacks.scheme],
    },
  },
];

export function party(
  issuer: string,
  clientId: keyof typeof callbacks | 'phone',
  redirectUri?: string,
  scope?: string,
): Promise<RelyingParty> {
  const registered = clientId === 'phone' ? callbacks.loopback : callbacks[clientId];
  return createRelyingParty({
    issuer,
    clientId,
    clientSecret: secrets[clientId],
    redirectUri: redirectUri ?? registered,
    ...(scope && { scope }),
  });
}

function web(id: string, name: string, redirectUri: string, more: object = {}) {
  const secret = secrets[id] as string;
  const metadata = { client_id: id, client_name: name, client_uri: new URL('/', redirectUri).href, redirect_uris: [redirectUri], ...more };
  return { kind: 'web' as const, metadata, secret };
}
