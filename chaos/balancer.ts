// A plain TCP balancer in front of several nodes: a new connection goes to the next node that is ready and takes it. Of what passes it
// understands nothing; it only asks each node's /readyz, as the ones outside do.
import http from 'node:http';
import net from 'node:net';

export interface Balancer {
  port: number;
  close(): Promise<void>;
}

const ASKS_EVERY_MS = 100;

interface Node {
  port: number;
  ready: boolean;
}

/** `ports` are of nodes on 127.0.0.1. */
export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const nodes: Node[] = ports.map((port) => ({ port, ready: true }));
  const sockets = new Set<net.Socket>();
  let turn = 0;
  const server = net.createServer({ pauseOnConnect: true }, (near) => {
    near.on('error', () => {});
    turn += 1;
    const inTurn = nodes.map((_, index) => nodes[(turn + index) % nodes.length] as Node);
    // One that is not ready is still better than nobody.
    pass(near, [...inTurn.filter(({ ready }) => ready), ...inTurn.filter(({ ready }) => !ready)], sockets);
  });
  const timer = setInterval(() => {
    for (const node of nodes) void isReady(node.port).then((ready) => Object.assign(node, { ready }));
  }, ASKS_EVERY_MS);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    async close() {
      clearInterval(timer);
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** To the first node that takes the connection. */
function pass(near: net.Socket, [node, ...others]: readonly Node[], sockets: Set<net.Socket>): void {
  if (!node || near.destroyed) return void near.destroy();
  const far = net.connect(node.port, '127.0.0.1');
  const next = () => pass(near, others, sockets);
  far.once('error', next);
  far.once('connect', () => {
    far.off('error', next);
    join(far, near, sockets);
    join(near, far, sockets);
  });
}

function join(from: net.Socket, to: net.Socket, sockets: Set<net.Socket>): void {
  sockets.add(from);
  from.on('error', () => {});
  // What was sent before a polite end is on its way still.
  from.once('close', (broke) => {
    sockets.delete(from);
    if (broke) to.destroy();
    else to.end();
  });
  from.setNoDelay(true).pipe(to);
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port, path: '/readyz', agent: false, timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}
