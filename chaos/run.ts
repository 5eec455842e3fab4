// One fault, from a fresh database to the verdict: load, strikes in the middle of it, and then the question what is left of what was told.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Brand } from '../src/domain/brands.ts';
import { register } from '../src/flows/register.ts';
import type { Cleanup } from './cleanup.ts';
import { openDevice } from './device.ts';
import type { Fault } from './faults.ts';
import { createLedger, type Kind, kinds, type Ledger, type Person, totalOf } from './ledger.ts';
import { awaitedMails, isConfirmation } from './mails.ts';
import { newcomers, people } from './people.ts';
import { openScene, type Scene } from './scene.ts';
import { confirm } from './steps.ts';
import { lostOf } from './verify.ts';

export interface Effort {
  /** How long the load goes on, at least; a strike that has begun is waited for. */
  seconds: number;
  /** People at the same time. */
  workers: number;
}

export interface Outcome {
  fault: string;
  strikes: number;
  sent: number;
  acknowledged: number;
  /** A sentence for each. */
  lost: string[];
  /** Not acknowledged, by kind: `503` is a clear "not now", `ECONN…` a connection that broke. */
  errors: Record<string, number>;
  /** A sentence for each answer that is neither. */
  unexpected: string[];
  /** The longest from the end of a cause to the next acknowledged write; 0 where nobody noticed. */
  secondsToRecover: number;
  acknowledgedByKind: Partial<Record<Kind, number>>;
  good: boolean;
}

export async function runFault(fault: Fault, effort: Effort, cleanup: Cleanup): Promise<Outcome> {
  const scene = await openScene({ nodes: 1, env: {}, verification: 'off', wired: false, ...fault.scene }, cleanup);
  const ledger = createLedger();
  const strikes = await underLoad(fault, scene, ledger, effort);
  const { services, brand, close } = await scene.open();
  try {
    const recovery = isByMail(fault) ? await mailsArrive(scene, brand, ledger) : Math.max(0, ...ledger.recoveries);
    const lost = await lostOf(ledger, { issuer: scene.issuer, services, brand, smtp: scene.smtp });
    ledger.unexpected.push(...scene.deaths);
    return outcomeOf(fault, ledger, { strikes, lost, secondsToRecover: Number((recovery / 1_000).toFixed(1)) });
  } finally {
    await close();
  }
}

/** @returns how often it struck. */
async function underLoad(fault: Fault, scene: Scene, ledger: Ledger, { seconds, workers }: Effort): Promise<number> {
  let over = false;
  const load = { issuer: scene.issuer, ledger, isOver: () => over };
  const names = Array.from({ length: workers }, (_, index) => `p${index}`);
  const forgetful = isByMail(fault) ? await forgetfulPeople(scene, ledger, names) : [];
  const crowd = names.map((name, index) => {
    const customer = forgetful[index];
    return customer ? newcomers(load, name, customer) : people(load, name);
  });
  try {
    return await strikeFor(seconds * 1_000, fault, scene, ledger);
  } finally {
    over = true;
    await Promise.all(crowd);
  }
}

async function strikeFor(milliseconds: number, fault: Fault, scene: Scene, ledger: Ledger): Promise<number> {
  const until = performance.now() + milliseconds;
  let strikes = 0;
  do {
    // Somewhere in the middle of somebody's request; never the same place.
    await sleep(1_000 + Math.random() * 500);
    await fault.strike(scene, ledger);
    strikes += 1;
    await recovered(scene, ledger);
  } while (performance.now() < until && scene.deaths.length === 0);
  return strikes;
}

const RECOVERS_WITHIN_MS = 60_000;

/** A node that is gone for good is not waited for. */
async function recovered({ deaths }: Scene, { isRecovered, unexpected }: Ledger): Promise<void> {
  const deadline = performance.now() + RECOVERS_WITHIN_MS;
  while (!isRecovered() && deaths.length === 0 && performance.now() < deadline) await sleep(10);
  if (!isRecovered() && deaths.length === 0) unexpected.push(`nothing was acknowledged within ${RECOVERS_WITHIN_MS / 1_000} s of its end`);
}

function isByMail({ scene }: Fault): boolean {
  return scene?.verification === 'before';
}

/** Accounts that an operator made: where addresses are proved first, nobody else is there yet. */
async function forgetfulPeople(scene: Scene, ledger: Ledger, names: readonly string[]): Promise<Person[]> {
  const { services, brand, close } = await scene.open();
  try {
    const people = names.map((name) => ledger.newPerson(`forgetful.${name}@chaos.example`, 'tremolo cassette 47', false));
    for (const { email } of people) await register(services, brand, { email, password: 'tremolo cassette 47', byOperator: true });
    return people;
  } finally {
    await close();
  }
}

const MAILS_WITHIN_MS = 180_000;

/** Waits for every mail that was promised, and presses the links of those who joined. @returns milliseconds from the end of the cause. */
async function mailsArrive({ issuer, smtp }: Scene, brand: Brand, ledger: Ledger): Promise<number> {
  const deadline = performance.now() + MAILS_WITHIN_MS;
  while (awaitedMails(ledger, { brand, smtp }) > 0 && performance.now() < deadline) await sleep(50);
  const milliseconds = performance.now() - ledger.causeGoneAt;
  const late = awaitedMails(ledger, { brand, smtp });
  if (late > 0) ledger.unexpected.push(`${late} mails did not come within ${MAILS_WITHIN_MS / 1_000} s`);
  const device = openDevice(issuer);
  for (const person of ledger.people.filter(({ counts }) => counts.register.acknowledged > 0)) {
    const link = smtp.mails.findLast(({ to }) => to[0] === person.email)?.links.find(isConfirmation);
    if (!link) continue;
    await confirm(device, link).catch((error: Error) => ledger.unexpected.push(`the link of ${person.email}: ${error.message}`));
    person.registered = true;
  }
  device.close();
  return milliseconds;
}

function outcomeOf(fault: Fault, ledger: Ledger, found: Pick<Outcome, 'strikes' | 'lost' | 'secondsToRecover'>): Outcome {
  const { errors, unexpected } = ledger;
  const noticed = fault.unnoticed ? Object.entries(errors).map(([kind, count]) => `${kind}, ${count} times`) : [];
  const total = totalOf(ledger);
  const byKind = kinds.map((kind) => [kind, totalOf(ledger, [kind]).acknowledged] as const).filter(([, count]) => count > 0);
  return {
    fault: fault.name,
    ...found,
    ...total,
    errors,
    unexpected: [...unexpected, ...noticed],
    acknowledgedByKind: Object.fromEntries(byKind),
    good: total.acknowledged > 0 && found.lost.length + unexpected.length + noticed.length === 0,
  };
}
