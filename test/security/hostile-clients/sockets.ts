// Connections of a hostile client: opened, fed, counted.
import net from 'node:net';
import type { Met } from './target.ts';

export interface Sockets {
  /** Connects and does `feed`; what it returns is called when the connection is over. A connection that ended is opened again after `renew` ms. */
  open(feed: (socket: net.Socket) => undefined | (() => void), options?: { renew?: number; unread?: boolean }): Promise<void>;
  /** Ends all that is left. */
  stop(): Met;
}

export function createSockets(port: number): Sockets {
  const met: Met = { answers: {}, ended: 0, held: 0, longest: 0 };
  const open = new Map<net.Socket, number>();
  let over = false;

  const connect: Sockets['open'] = (feed, options = {}) =>
    new Promise((resolve) => {
      const socket = net.connect(port, 'localhost');
      let after: undefined | (() => void);
      open.set(socket, performance.now());
      socket.on('connect', () => {
        after = feed(socket);
        resolve();
      });
      // Without a reader the answers pile up where the server can see it.
      if (options.unread) socket.pause();
      else socket.on('data', (chunk) => note(met, chunk.toString('latin1')));
      socket.on('error', () => {});
      socket.on('close', () => {
        after?.();
        resolve();
        if (over) return;
        age(met, open.get(socket));
        open.delete(socket);
        met.ended += 1;
        if (options.renew !== undefined) setTimeout(() => over || void connect(feed, options), options.renew);
      });
    });

  return {
    open: connect,
    stop: () => {
      over = true;
      met.held = open.size;
      for (const [socket, began] of open) {
        age(met, began);
        socket.destroy();
      }
      return met;
    },
  };
}

function age(met: Met, began = 0): void {
  met.longest = Math.max(met.longest, performance.now() - began);
}

function note(met: Met, text: string): void {
  for (const [, status = ''] of text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)) met.answers[status] = (met.answers[status] ?? 0) + 1;
}
