// The ways out: one pool of connections per mail server, a bounded number of them.
// A server that hangs or is away is left alone for a moment, so that it never keeps the others' mail waiting.
import { createTransport, type Transporter } from 'nodemailer';

/** Why a mail did not go out. `code` holds no address: it is logged, and kept with the job. */
export class MailFault extends Error {
  readonly code: string;

  constructor(code: string) {
    super(`the mail was not taken (${code})`);
    this.code = code;
  }
}

export interface Posted {
  /** `refused`: the server knows no such recipient, or wants no mail for them (RFC 5321 4.2.1: 5yz is for good). */
  outcome: 'sent' | 'refused';
  code?: string;
}

export type OutgoingMail = Parameters<Transporter['sendMail']>[0];

export type Transports = ReturnType<typeof createTransports>;

interface Way {
  transport: Transporter;
  /** Milliseconds of the monotonic clock until which nothing is tried. */
  restsUntil: number;
  /** When each mail on its way began. */
  underway: Set<{ since: number }>;
  /** Told whenever one is through. */
  waiting: (() => void)[];
}

const REST_MS = 15_000;
// Inactivity ends a connection after SOCKET_MS; this ends one that drips.
const WHOLE_MS = 45_000;
const CONNECT_MS = 10_000;
const SOCKET_MS = 20_000;
// Of the mails that a process sends at a time one server holds two; the next waits for its turn, but not for a server that is slow.
const AT_A_TIME = 2;
const TURN_MS = 1_000;
const SLOW_MS = 3_000;
const BOUND = 200;

/** `production`: a password goes over TLS or not at all. */
export function createTransports({ production }: { production: boolean }) {
  const ways = new Map<string, Way>();
  const closing = new AbortController();

  function wayTo(url: string): Way {
    const known = ways.get(url);
    const way = known ?? { transport: createTransport(optionsOf(url, production)), restsUntil: 0, underway: new Set(), waiting: [] };
    // The least recently used stands first.
    ways.delete(url);
    ways.set(url, way);
    if (!known && ways.size > BOUND) closeOldest();
    return way;
  }

  function closeOldest(): void {
    const idle = [...ways].find(([, { underway }]) => underway.size === 0);
    if (!idle) return;
    ways.delete(idle[0]);
    idle[1].transport.close();
  }

  return {
    /** @throws MailFault when it should be tried again later. */
    async post(url: string, mail: OutgoingMail): Promise<Posted> {
      const way = wayTo(url);
      if (isResting(way, performance.now())) throw new MailFault('resting');
      if (way.underway.size >= AT_A_TIME && !(await turn(way))) throw new MailFault('busy');
      const mine = { since: performance.now() };
      way.underway.add(mine);
      try {
        const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(WHOLE_MS)]);
        await way.transport.sendMail({ ...mail, signal } as OutgoingMail);
        way.restsUntil = 0;
        return { outcome: 'sent' };
      } catch (error) {
        return settle(way, error as SmtpError);
      } finally {
        way.underway.delete(mine);
        way.waiting.shift()?.();
      }
    },

    /** Connects, greets and signs in. @throws what nodemailer says. */
    async verify(url: string): Promise<void> {
      const transport = createTransport(optionsOf(url, production));
      try {
        await transport.verify();
      } finally {
        transport.close();
      }
    },

    /** Mails on their way are given up; their jobs try again. */
    close(): void {
      closing.abort();
      for (const { transport } of ways.values()) transport.close();
      ways.clear();
    },
  };
}

/** After its rest one mail tries the server; the others wait until that one is through. */
function isResting({ restsUntil, underway }: Way, now: number): boolean {
  if (now < restsUntil) return true;
  if (restsUntil > 0) return underway.size > 0;
  return underway.size >= AT_A_TIME && [...underway].some(({ since }) => now - since > SLOW_MS);
}

/** @returns whether one was through in time, and the server is still worth trying. */
async function turn(way: Way): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const mine = () => resolve(true);
  way.waiting.push(mine);
  const timer = setTimeout(() => resolve(false), TURN_MS);
  const came = await promise;
  clearTimeout(timer);
  way.waiting = way.waiting.filter((other) => other !== mine);
  return came && !isResting(way, performance.now());
}

interface SmtpError {
  code?: string;
  responseCode?: number;
  command?: string;
}

function settle(way: Way, { code = 'unknown', responseCode, command }: SmtpError): Posted {
  const says = [code, responseCode].filter(Boolean).join(' ');
  if (command === 'RCPT TO' && responseCode && responseCode >= 500) return { outcome: 'refused', code: says };
  // It answered, so it lives: only this mail waits. A password it does not take is asked for again after a rest, too.
  if (code === 'EENVELOPE' || code === 'EMESSAGE') way.restsUntil = 0;
  else way.restsUntil = performance.now() + REST_MS;
  throw new MailFault(says);
}

/** Only what stands before the "?" counts: nothing in an address may switch the check of certificates off. */
function optionsOf(url: string, production: boolean) {
  const { protocol, hostname, port, username, password } = new URL(url);
  const secure = protocol === 'smtps:';
  const auth = username ? { user: decodeURIComponent(username), pass: decodeURIComponent(password) } : undefined;
  return {
    pool: true as const,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port ? Number(port) : secure ? 465 : 587,
    secure,
    ...(auth && { auth }),
    requireTLS: !secure && production && auth !== undefined,
    maxConnections: AT_A_TIME,
    maxMessages: 100,
    maxRequeues: 1,
    idleTimeout: 30_000,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    dnsTimeout: CONNECT_MS,
    socketTimeout: SOCKET_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
