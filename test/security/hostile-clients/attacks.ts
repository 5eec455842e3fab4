// What hostile clients do. Each resolves when it is under way and goes on until its sockets are stopped.
import type { Socket } from 'node:net';
import type { Sockets } from './sockets.ts';
import type { Target } from './target.ts';

type Attack = (target: Target, sockets: Sockets) => Promise<void>;

const SLOW = 500;
/** Milliseconds until the next connection takes the place of one that ended. */
const PAUSE = 100;
const form = 'Content-Type: application/x-www-form-urlencoded';
const many = Array.from({ length: 10_000 }, (_, index) => index.toString(36)).join('&');

export const attacks: Readonly<Record<string, Attack>> = {
  'headers at a byte a second': slowly((target) => `${head(target, 'GET', '/')}X-Slow: `),
  'a body of /token at a byte a second': slowly((target) => `${head(target, 'POST', '/token')}${form}\r\nContent-Length: 5000\r\n\r\n`),
  'a login form at a byte a second': slowly((target) => `${posting(target)}Content-Length: 5000\r\n\r\ncsrf=`),
  '10,000 parameters in a query': again((target) => [
    `${head(target, 'GET', `/auth?${many}`)}\r\n`,
    // As many as fit into a request's headers.
    `${head(target, 'GET', `/auth?client_id=shop&${'a&'.repeat(7_500)}`)}\r\n`,
    `${head(target, 'GET', `/session/end?${'a=&'.repeat(5_000)}`)}\r\n`,
  ]),
  '10,000 parameters in a body': again((target) => [
    withBody(`${head(target, 'POST', '/token')}${form}\r\n`, many),
    withBody(`${head(target, 'POST', '/token')}${form}\r\n`, 'a&'.repeat(10_000)),
    withBody(`${head(target, 'POST', '/auth')}${form}\r\n`, many),
    withBody(posting(target), `csrf=${target.csrf}&action=login&${many}`),
  ]),
  'garbage instead of chunks': again((target) => {
    const chunked = `${head(target, 'POST', '/token')}${form}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    return [
      `${chunked}zz\r\nabc\r\n0\r\n\r\n`,
      `${chunked}-5\r\nabcde\r\n0\r\n\r\n`,
      `${chunked}ffffffffffffffffff\r\nabc`,
      `${chunked}5\r\nabcdefgh\r\n0\r\n\r\n`,
      `${chunked}5;${'x'.repeat(200_000)}`,
      `${chunked}${'1;a=b\r\nx\r\n'.repeat(500)}0\r\n\r\n`,
      chunked.replace('chunked\r\n', 'chunked\r\nContent-Length: 5\r\n'),
    ];
  }),
  'chunks without an end': hold(
    (target) => `${head(target, 'POST', '/token')}${form}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde`,
    SLOW,
  ),
  '200 headers': again((target) => {
    const headers = Array.from({ length: 200 }, (_, index) => `X-Many-${index}: ${'y'.repeat(40)}\r\n`).join('');
    return [`${head(target, 'GET', '/userinfo')}${headers}\r\n`, `${head(target, 'GET', '/auth')}${headers}\r\n`];
  }),
  'idle connections by the thousand': hold((target) => plain(target)),
  'connections that say nothing': hold(() => ''),
  'requests in a row whose answers nobody reads': unread((target) => plain(target)),
};

function head({ port }: Target, method: string, path: string): string {
  return `${method} ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n`;
}

/** It stays open, and is refused for want of a token. */
function plain({ port }: Target): string {
  return `GET /userinfo HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`;
}

function posting(target: Target): string {
  const { page, cookie, port } = target;
  const origin = `Origin: http://localhost:${port}\r\nSec-Fetch-Site: same-origin\r\n`;
  return `${head(target, 'POST', page)}${origin}Cookie: ${cookie}\r\n${form}\r\n`;
}

function withBody(headers: string, body: string): string {
  return `${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** A beginning, and then a byte a second. */
function slowly(beginning: (target: Target) => string): Attack {
  return async (target, sockets) => {
    const feed = (socket: Socket) => {
      socket.write(beginning(target));
      const timer = setInterval(() => socket.write('a'), 1_000);
      return () => clearInterval(timer);
    };
    await inTurn(SLOW, () => sockets.open(feed, { renew: PAUSE }));
  };
}

/** One request, and silence. */
function hold(request: (target: Target) => string, count?: number): Attack {
  return (target, sockets) => {
    const feed = (socket: Socket) => {
      socket.write(request(target));
      return undefined;
    };
    return inTurn(count ?? target.crowd, () => sockets.open(feed, { renew: PAUSE }));
  };
}

/** The same few requests again and again, each on a connection of its own. */
function again(requests: (target: Target) => string[]): Attack {
  return async (target, sockets) => {
    for (const request of requests(target)) {
      const feed = (socket: Socket) => {
        socket.write(request);
        return undefined;
      };
      await sockets.open(feed, { renew: PAUSE });
    }
  };
}

function unread(request: (target: Target) => string): Attack {
  return async (target, sockets) => {
    const row = request(target).repeat(1_000);
    const feed = (socket: Socket) => {
      socket.write(row);
      // As long as the server takes them.
      socket.on('drain', () => socket.write(row));
      return undefined;
    };
    await inTurn(20, () => sockets.open(feed, { unread: true, renew: PAUSE }));
  };
}

/** Some at a time: what is attacked is the server, not the queue of connections that wait to be accepted. */
async function inTurn(count: number, open: () => Promise<void>): Promise<void> {
  for (let opened = 0; opened < count; opened += 50) await Promise.all(Array.from({ length: Math.min(50, count - opened) }, open));
}
