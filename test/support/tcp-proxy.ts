// A wire between the product and its database that can be cut: what a restart, a failover or a pulled cable looks like from here.
import net from 'node:net';

export interface Wire {
  /** The address through the wire. */
  url: string;
  /** Ends every connection; new ones are refused. */
  cut(): Promise<void>;
  /** New connections are accepted and never answered; those there are stay silent. */
  freeze(): void;
  /** What is sent from now on comes so many milliseconds later, in either direction. */
  delay(milliseconds: number): void;
  /** As if nothing had been. */
  mend(): Promise<void>;
  close(): Promise<void>;
}

/** `url` is a database's address with host and port. */
export async function openWire(url: string): Promise<Wire> {
  const target = new URL(url);
  const sockets = new Set<net.Socket>();
  let frozen = false;
  let lag = 0;
  let server: net.Server | undefined;
  let port = 0;

  const keep = (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };
  const pass = (from: net.Socket, to: net.Socket) => {
    const underway: (() => void)[] = [];
    const later = (deliver: () => void) => {
      if (lag === 0 && underway.length === 0) return deliver();
      // Each time the oldest: whatever the delay becomes meanwhile, nothing overtakes what was sent before it.
      underway.push(deliver);
      setTimeout(() => underway.shift()?.(), lag);
    };
    from.on('data', (chunk) => void (frozen || later(() => void (to.destroyed || to.write(chunk)))));
    from.on('close', () => later(() => to.destroy()));
  };
  const listen = () =>
    new Promise<void>((resolve) => {
      const listening = net.createServer((near) => {
        keep(near);
        const far = keep(net.connect(Number(target.port), target.hostname));
        pass(near, far);
        pass(far, near);
      });
      server = listening;
      listening.listen(port, '127.0.0.1', () => {
        port = (listening.address() as net.AddressInfo).port;
        resolve();
      });
    });
  const cut = async () => {
    const closed = new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
    server = undefined;
    for (const socket of sockets) socket.destroy();
    await closed;
  };

  await listen();
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String(port);
  return {
    url: through.href,
    cut,
    freeze: () => {
      frozen = true;
    },
    delay: (milliseconds) => {
      lag = milliseconds;
    },
    mend: async () => {
      frozen = false;
      lag = 0;
      if (!server) await listen();
    },
    close: cut,
  };
}
