// The load: one person after the other joins and does what people do in their first days. Who was told "not now", or nothing, tries again.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Device, openDevice } from './device.ts';
import type { Family, Ledger, Person } from './ledger.ts';
import { askForMail, changeName, changeNews, changePassword, join, joinByMail, signIn, signInLive } from './steps.ts';

export interface Load {
  issuer: string;
  ledger: Ledger;
  /** True once nothing new is to be begun. */
  isOver(): boolean;
}

// Sooner than Retry-After asks for: what is to be found is the moment from which it works again.
const PAUSE_MS = 50;
/** An app without a secret may repeat a refresh for ten seconds; the last try has to arrive within them. */
const REPEAT_MS = 7_000;

/** Until the load is over. `name` tells workers apart. */
export async function people(load: Load, name: string): Promise<void> {
  for (let count = 0; !load.isOver(); count += 1) {
    const person = load.ledger.newPerson(`${name}.${count}@chaos.example`, `tremolo cassette ${count}`, count % 2 === 0);
    const home = openDevice(load.issuer);
    await live(load, person, home).finally(home.close);
  }
}

/** Where addresses are proved first: newcomers who wait for their mail, and somebody who keeps forgetting the password. */
export async function newcomers(load: Load, name: string, forgetful: Person): Promise<void> {
  const { issuer, ledger } = load;
  for (let count = 0; !load.isOver(); count += 1) {
    const person = ledger.newPerson(`${name}.${count}@chaos.example`, `tremolo cassette ${count}`, count % 2 === 0);
    const home = openDevice(issuer);
    await insist(load, () => ledger.write(person, 'register', () => joinByMail(home, newcomer(person)))).finally(home.close);
    await insist(load, () => ledger.write(forgetful, 'forgot', () => askForMail(issuer, forgetful.email)));
  }
}

async function live(load: Load, person: Person, home: Device): Promise<void> {
  const { issuer, ledger } = load;
  if (!(await insist(load, () => ledger.write(person, 'register', () => join(home, newcomer(person)))))) return;
  person.registered = true;
  const app = await enter(load, person, 'live sign-in', () => signInLive(home));
  let office: Family = { token: '' };
  const [name, news] = [`Ada ${person.email.split('@')[0]}`, !person.news[0]];
  const days: (() => Promise<unknown>)[] = [
    () => refresh(load, person, home, app),
    () => refresh(load, person, home, app),
    () => settle(load, person.names, name, () => ledger.write(person, 'profile', () => changeName(home, issuer, name))),
    () => refresh(load, person, home, app),
    () => settle(load, person.news, news, () => ledger.write(person, 'consent', () => changeNews(home, issuer, news))),
    async () => {
      office = await enter(load, person, 'sign-in', () => signIn(issuer, newcomer(person)));
    },
    () => refresh(load, person, home, office),
    () => passwordOf(load, person, home, office),
    () => refresh(load, person, home, app),
    () => insist(load, () => ledger.write(person, 'forgot', () => askForMail(issuer, person.email))),
  ];
  for (const day of days) if (!load.isOver()) await day();
}

function newcomer({ email, passwords: [password = ''], news: [news = false] }: Person) {
  return { email, password, news };
}

/** Again and again until it is acknowledged, or the load is over. */
async function insist<Result>({ isOver }: Load, attempt: () => Promise<Result | undefined>): Promise<Result | undefined> {
  for (;;) {
    const result = await attempt();
    if (result !== undefined || isOver()) return result;
    await sleep(PAUSE_MS);
  }
}

/** @returns the family of tokens it began; one that nobody has to vouch for where it was not acknowledged. */
async function enter(
  load: Load,
  person: Person,
  kind: 'sign-in' | 'live sign-in',
  way: () => Promise<{ refresh_token: string }>,
): Promise<Family> {
  const tokens = await insist(load, () => load.ledger.write(person, kind, way));
  const family = { token: tokens?.refresh_token ?? '' };
  if (tokens) person.families.push(family);
  return family;
}

/** Within the window of its client a refresh may be repeated; after it nobody knows whether the token was spent. */
async function refresh({ ledger }: Load, person: Person, device: Device, family: Family): Promise<void> {
  if (family.token === '') return;
  const since = performance.now();
  while (performance.now() - since < REPEAT_MS) {
    const tokens = await ledger.write(person, 'refresh', () => device.refresh(family.token));
    if (tokens) {
      family.token = tokens.refresh_token;
      return;
    }
    await sleep(PAUSE_MS);
  }
  forget(person, family);
}

function forget(person: Person, family: Family): void {
  person.families = person.families.filter((other) => other !== family);
  family.token = '';
}

/** Once it was sent, what was before and what was sent may both be so, until the latter is acknowledged. */
async function settle<Value>(load: Load, values: Value[], value: Value, attempt: () => Promise<true | undefined>): Promise<void> {
  values.push(value);
  if (await insist(load, attempt)) values.splice(0, values.length, value);
}

/** Everything but this browser is signed out, at the latest when it is acknowledged. It is tried once: which of the two counts, they find out. */
async function passwordOf({ issuer, ledger }: Load, person: Person, home: Device, office: Family): Promise<void> {
  forget(person, office);
  const [from = ''] = person.passwords;
  const to = `${from} on a roof`;
  person.passwords = [from, to];
  if (await ledger.write(person, 'password', () => changePassword(home, issuer, { from, to }))) person.passwords = [to];
}
