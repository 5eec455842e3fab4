// What is repeated in a small and in a large installation, by many people of many brands.
import type { World } from './growth-data.ts';
import type { Measurable } from './measure.ts';
import type { Peer, Target } from './peer.ts';
import { personOf } from './setting.ts';
import { signIn, token, unexpected } from './sign-in.ts';

export interface Place {
  peer: Peer;
  world: World;
  /** `even`: all brands in turn. `uneven`: a few of them most of the time, as it is outside. */
  spread: 'even' | 'uneven';
}

/** More than the providers a process keeps, so that an even spread over many brands finds none of them built. */
const FAMILIES = { oneBrand: 200, manyBrands: 1_200 };

interface Family extends Target {
  access: string;
  refresh: string;
}

/** `places` by the name of their server. */
export function growthOperations(places: ReadonlyMap<string, Place>): Measurable[] {
  const families = new Map<string, Promise<Family[]>>();
  const familiesOf = (peer: Peer) => {
    const place = placeOf(places, peer);
    const known = families.get(peer.name) ?? begin(place);
    families.set(peer.name, known);
    return known;
  };
  return [
    { name: 'sign-in', share: 0.4, prepare: async (peer) => signingIn(placeOf(places, peer)) },
    { name: 'refresh', share: 1, prepare: async (peer) => refreshing(await familiesOf(peer)) },
    { name: 'userinfo', share: 2, prepare: async (peer) => asking(await familiesOf(peer)) },
    { name: 'register', share: 0.4, prepare: async (peer) => registering(placeOf(places, peer)) },
  ];
}

function placeOf(places: ReadonlyMap<string, Place>, { name }: Peer): Place {
  const place = places.get(name);
  if (!place) throw new Error(`there is no place called ${name}`);
  return place;
}

let turn = 0;

/** Whose turn it is; each belongs to the brand of the same number, modulo the brands. */
function nextNumber({ world: { brands, people }, spread }: Place): number {
  if (spread === 'even' || brands === 1) return turn++ % people;
  return Math.min(brands - 1, Math.floor(brands ** Math.random()) - 1);
}

function brandOf({ peer, world: { issuers } }: Place, number: number): Target {
  return { name: peer.name, connection: peer.connection, issuer: issuers[number % issuers.length] as string };
}

function signingIn(place: Place) {
  return () => {
    const number = nextNumber(place);
    return signIn(brandOf(place, number), { person: personOf(number) });
  };
}

let newcomers = 0;

function registering(place: Place) {
  return () => {
    const brand = brandOf(place, nextNumber(place));
    const person = { email: `newcomer-${newcomers++}@bench.example`, password: personOf(0).password };
    return signIn(brand, { person, action: 'register' });
  };
}

/** Four at a time, so that neither side waits long for its tokens. */
async function begin(place: Place): Promise<Family[]> {
  const families: Family[] = [];
  const wanted = place.world.brands > 1 ? FAMILIES.manyBrands : FAMILIES.oneBrand;
  const worker = async () => {
    while (families.length < wanted) {
      const number = nextNumber(place);
      const brand = brandOf(place, number);
      const { access_token, refresh_token } = await signIn(brand, { person: personOf(number) });
      families.push({ ...brand, access: access_token, refresh: refresh_token });
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return families;
}

/** One family after the other, each in one pair of hands. */
function refreshing(families: Family[]) {
  return async () => {
    const family = families.shift() as Family;
    const tokens = await token(family, { grant_type: 'refresh_token', refresh_token: family.refresh });
    families.push({ ...family, access: tokens.access_token, refresh: tokens.refresh_token });
  };
}

function asking(families: Family[]) {
  return async () => {
    const family = families.shift() as Family;
    families.push(family);
    const answer = await family.connection.send(`${family.issuer}/userinfo`, { headers: { authorization: `Bearer ${family.access}` } });
    if (answer.status !== 200) throw unexpected('no userinfo', answer);
  };
}
