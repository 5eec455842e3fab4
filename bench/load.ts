// The load generator, a process of its own, so that what it computes does not delay what it times. It is asked over the channel.
import { randomInt } from 'node:crypto';
import { type Answer, createConnection } from './connection.ts';
import { closedLoop, type Failure, openLoop, type Phase, type Sample } from './open-loop.ts';
import type { Target } from './peer.ts';
import { personOf } from './setting.ts';
import { signIn, token, unexpected } from './sign-in.ts';

export interface Mix {
  signIns?: readonly Phase[] | { workers: number; seconds?: number; times?: number };
  refreshes?: readonly Phase[];
  discoveries?: readonly Phase[];
}

export interface MixResult {
  signIns: Sample[];
  refreshes: Sample[];
  discoveries: Sample[];
  /** Of one core, by this process alone. */
  busy: number;
}

/** Open at the same time, at most. */
const SOCKETS = { signIns: 512, refreshes: 64, discoveries: 32 };
/** Families of refresh tokens; each is used by one request at a time, as an app does. */
const FAMILIES = 64;

const issuer = process.env['ISSUER'] as string;
const people = Number(process.env['PEOPLE']);
const target = (kind: keyof typeof SOCKETS): Target => ({ name: 'portico', issuer, connection: createConnection(issuer, SOCKETS[kind]) });
const targets = { signIns: target('signIns'), refreshes: target('refreshes'), discoveries: target('discoveries') };

let arrivals = 0;
const oneSignIn = () =>
  counted(() => signIn(targets.signIns, { person: personOf(arrivals++ % people), headers: { 'x-forwarded-for': somewhere() } }));
const free: string[] = [];
const waiting: ((family: string) => void)[] = [];

process.on('message', (mix: Mix) => {
  run(mix).then(
    (result) => process.send?.(result),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));

async function run({ signIns = [], refreshes = [], discoveries = [] }: Mix): Promise<MixResult> {
  if (refreshes.length > 0) await begin();
  const began = performance.now();
  const before = process.cpuUsage();
  const [entered, refreshed, discovered] = await Promise.all([
    'workers' in signIns ? closedLoop(signIns.workers, signIns, oneSignIn) : openLoop(signIns, oneSignIn),
    openLoop(refreshes, () => counted(refresh)),
    openLoop(discoveries, () => counted(discover)),
  ]);
  const { user, system } = process.cpuUsage(before);
  const busy = (user + system) / 1_000 / (performance.now() - began);
  return { signIns: entered, refreshes: refreshed, discoveries: discovered, busy };
}

/** Before the first refresh the families are made, a few at a time; it is not what is measured. */
async function begin(): Promise<void> {
  while (free.length < FAMILIES) {
    const made = await Promise.all(
      [0, 1, 2, 3].map((next) => signIn(targets.refreshes, { person: personOf((free.length + next) % people) })),
    );
    for (const { refresh_token } of made) free.push(refresh_token);
  }
}

async function refresh(): Promise<void> {
  const mine = free.shift() ?? (await new Promise<string>((resolve) => waiting.push(resolve)));
  try {
    giveBack((await token(targets.refreshes, { grant_type: 'refresh_token', refresh_token: mine })).refresh_token);
  } catch (error) {
    // What was refused is unspent; of anything else nobody knows, and a second use would end the family.
    if (isShed(error)) giveBack(mine);
    throw error;
  }
}

function giveBack(refreshToken: string): void {
  const next = waiting.shift();
  if (next) next(refreshToken);
  else free.push(refreshToken);
}

async function discover(): Promise<void> {
  const answer = await targets.discoveries.connection.send(`${issuer}/.well-known/openid-configuration`);
  if (answer.status !== 200) throw unexpected('no configuration', answer);
}

async function counted(work: () => Promise<unknown>): Promise<Sample['end'] | Failure> {
  try {
    await work();
    return 'done';
  } catch (error) {
    return isShed(error) ? 'shed' : { says: (error as Error).message.slice(0, 200) };
  }
}

function isShed(error: unknown): boolean {
  const { cause } = error as { cause?: Partial<Answer> };
  return cause?.status === 503 && cause.headers?.['retry-after'] !== undefined;
}

/** People come from everywhere; one address for all would make them wait for one row of the limits. */
function somewhere(): string {
  return `198.${18 + randomInt(2)}.${randomInt(256)}.${1 + randomInt(254)}`;
}
