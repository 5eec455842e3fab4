// A real mail server in the test's process. It remembers every envelope and message, and can be as unkind as the ones outside.
import type { AddressInfo, Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { domainToASCII } from 'node:url';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';

export interface SmtpBehaviour {
  /** Milliseconds before the message's 250. */
  delay?: number;
  /** Never says a word: at the greeting, or after the message was sent. */
  hang?: 'greeting' | 'data';
  /** Answers with this code, and this sentence. */
  refuse?: { at: 'mail' | 'rcpt' | 'data'; code: number; says?: string };
  /** Ends the connection in the middle of the message. */
  drop?: boolean;
  /** For so many messages (connections, for a hanging greeting), then it behaves. For ever by default. */
  times?: number;
}

export interface SmtpOptions {
  behaviour?: SmtpBehaviour;
  /** Takes mail from this user only. */
  auth?: { user: string; password: string };
  /** With a certificate nobody vouches for. */
  starttls?: boolean;
  port?: number;
}

export interface ReceivedMail {
  /** MAIL FROM and RCPT TO, as the server saw them. */
  from: string;
  to: string[];
  raw: string;
  subject: string;
  text: string;
  html: string;
  /** Without the angle brackets. */
  messageId: string;
  headers: Record<string, string>;
  message: Email;
  /** The six digits, or '' when it holds none. */
  digits: string;
  /** Every address in the text, in order. */
  links: string[];
}

export interface TestSmtp {
  /** For SMTP_URL. */
  url: string;
  port: number;
  mails: ReceivedMail[];
  /** What stood between the brackets of every RCPT TO, also of messages that never came; unencrypted connections only. */
  recipients: string[];
  /** Messages that it has whole and does not answer. */
  held: number;
  /** Connections so far. */
  connections: number;
  /** Changes how it behaves from now on; {} is kind. */
  behave(behaviour: SmtpBehaviour): void;
  /** The oldest mail to this address that was not handed out before; waits for it (10 s by default). */
  next(to: string, withinMs?: number): Promise<ReceivedMail>;
  stop(): Promise<void>;
}

export async function startSmtp({ behaviour = {}, auth, starttls, port = 0 }: SmtpOptions = {}): Promise<TestSmtp> {
  const sockets = new Map<number, Socket>();
  const handedOut = new Set<ReceivedMail>();
  const smtp: TestSmtp = { url: '', port: 0, mails: [], recipients: [], held: 0, connections: 0, behave, next, stop };
  let now: SmtpBehaviour = { ...behaviour };

  const server = new SMTPServer({
    disabledCommands: [...(auth ? [] : ['AUTH']), ...(starttls ? [] : ['STARTTLS'])],
    authOptional: !auth,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    closeTimeout: 50,
    logger: false,
    onConnect: (_session, done) => {
      smtp.connections += 1;
      if (now.hang !== 'greeting') return done();
      spend();
    },
    onAuth: (given, _session, done) => {
      const known = given.username === auth?.user && given.password === auth?.password;
      done(known ? null : new Error('who are you'), known ? { user: given.username } : undefined);
    },
    onMailFrom: (_address, _session, done) => refusal('mail', done),
    onRcptTo: (_address, _session, done) => refusal('rcpt', done),
    onData: (stream, session, done) => {
      take(stream, session).then(() => done(), done);
    },
  });
  server.on('error', () => {});
  server.server.on('connection', (socket: Socket) => {
    const from = socket.remotePort as number;
    sockets.set(from, socket);
    socket.unref();
    // As it came over the wire: the server's own reading is the one thing not to rely on.
    socket.on('data', (chunk: Buffer) => {
      for (const [, address = ''] of chunk.toString('latin1').matchAll(/^RCPT TO:(.*?)\r?$/gim))
        smtp.recipients.push(address.replace(/^<(.*)>$/, '$1'));
    });
    socket.once('close', () => sockets.delete(from));
  });

  async function take(stream: Readable, session: SMTPServerSession): Promise<void> {
    const as = now;
    if (as.drop) {
      spend();
      await new Promise((resolve) => stream.once('data', resolve));
      sockets.get(session.remotePort)?.destroy();
      return;
    }
    const raw = await textOf(stream);
    if (as.hang === 'data') {
      spend();
      smtp.held += 1;
      await new Promise(() => {});
    }
    if (as.delay) await new Promise((resolve) => setTimeout(resolve, as.delay));
    if (as.refuse?.at === 'data') throw refused(as.refuse);
    smtp.mails.push(await read(raw, session));
  }

  function refusal(at: 'mail' | 'rcpt', done: (error?: Error) => void): void {
    done(now.refuse?.at === at ? refused(now.refuse) : undefined);
  }

  function refused({ code, says = 'no' }: NonNullable<SmtpBehaviour['refuse']>): Error {
    spend();
    return Object.assign(new Error(says), { responseCode: code });
  }

  function spend(): void {
    if (now.times === undefined) return;
    now.times -= 1;
    if (now.times <= 0) now = {};
  }

  function behave(next: SmtpBehaviour): void {
    now = { ...next };
  }

  async function next(to: string, withinMs = 10_000): Promise<ReceivedMail> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const found = smtp.mails.find((mail) => mail.to.includes(to) && !handedOut.has(mail));
      if (found) {
        handedOut.add(found);
        return found;
      }
      if (performance.now() > deadline)
        throw new Error(
          `no mail to ${to} came; there were: ${smtp.mails.map(({ to, subject }) => `${to} ${subject}`).join(', ') || 'none'}`,
        );
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async function stop(): Promise<void> {
    for (const socket of sockets.values()) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  // A test that failed before it stopped the server should fail, not hang.
  server.server.unref();
  smtp.port = (server.server.address() as AddressInfo).port;
  const user = auth ? `${encodeURIComponent(auth.user)}:${encodeURIComponent(auth.password)}@` : '';
  smtp.url = `smtp://${user}127.0.0.1:${smtp.port}`;
  return smtp;
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function read(raw: string, { envelope }: SMTPServerSession): Promise<ReceivedMail> {
  const message = await PostalMime.parse(raw);
  const text = message.text ?? '';
  return {
    from: envelope.mailFrom ? envelope.mailFrom.address : '',
    // The server shows domains as people write them.
    to: envelope.rcptTo.map(({ address }) => address.replace(/[^@]+$/, domainToASCII)),
    raw,
    subject: message.subject ?? '',
    text,
    html: message.html ?? '',
    messageId: (message.messageId ?? '').replace(/^<|>$/g, ''),
    headers: Object.fromEntries(message.headers.map(({ key, value }) => [key, value])),
    message,
    digits: /^\s*(\d{6})\s*$/m.exec(text)?.[1] ?? '',
    links: [...text.matchAll(/https?:\/\/[^\s<>]+/g)].map(([link]) => link),
  };
}
